/**
 * @file A chain of element-wise ops as arguments of the kernel `chain`, or of one that a chain follows (c/chain.c has them):
 * what goes in and out with its strides, what stays inside as places in the workspace, the ops as calls on these.
 */
import type { LocalTensor } from "../../graph/op.ts";
import { addressOf, broadcastStrides, call, stridesOf, walks } from "../../graph/ops/lowering.ts";
import { opDef } from "../../graph/registry.ts";
import { itemSize } from "../../ir/dtype.ts";
import type { LogicalGraph, Op } from "../../ir/graph.ts";
import { kernels } from "../../ir/kernel-table.ts";
import type { Call, Operand } from "../../ir/program.ts";

/** How a rank holds a value; of values that are not stored only the shape counts. */
export type Local = (value: number) => LocalTensor;

/** Elements of a block: few enough for the first cache, enough that calling the kernels costs little. A multiple of 64. */
const mostOfBlock = 2048;

/** Bytes of scratch that a chain has which follows a kernel. */
export const thenRoom = kernels.pool2d_grad_then.workspace;

/** Four extents; of what goes in or out the strides along them and the address; bytes of scratch. */
interface ChainSite {
  readonly extents: readonly number[];
  readonly room: number;
  strides(value: number): readonly number[];
  address(value: number): Operand;
}

/** A chain alone: over as few extents as serve all operands. */
export function lowerChain(
  members: readonly Op[],
  inner: readonly number[],
  graph: LogicalGraph,
  local: Local,
): Call[] {
  const outer = operandsOf(members).filter((id) => !inner.includes(id));
  const { shape } = local(members[0]!.outputs[0]!);
  const reducing = members.filter(({ kind }) => opDef(kind).lines);
  const spread = (id: number): readonly number[] => {
    const dims = reducing.find(({ outputs: [y] }) => y === id)?.attrs.dims as readonly number[] | undefined;
    return dims ? shape.map((n, dim) => (dims.includes(dim) ? 1 : n)) : local(id).shape;
  };
  const all = [...outer.map((id) => broadcastStrides(spread(id), shape)), stridesOf(shape)];
  return walks(shape, all).map(({ extents, strides, starts }) => {
    const at = (id: number) => outer.indexOf(id);
    const address = (id: number) => addressOf(local(id), starts[at(id)]!);
    const site = { extents, room: kernels.chain.workspace, strides: (id: number) => strides[at(id)]!, address };
    return call("chain", ...chainArgs(members, inner, graph, local, site));
  });
}

export function chainArgs(
  members: readonly Op[],
  inner: readonly number[],
  graph: LogicalGraph,
  local: Local,
  { extents, strides, address, room }: ChainSite,
): Operand[] {
  const values = operandsOf(members);
  const item = (id: number) => itemSize[graph.values[id]!.dtype];
  const { places, bytes } = scratch(members, inner, item);
  const line = members.some(({ kind }) => opDef(kind).lines) ? extents[3]! : 0;
  const block = Math.max(line, Math.min(mostOfBlock, Math.floor(room / Math.max(1, bytes) / 64) * 64));
  const operands = values.flatMap((id): Operand[] =>
    inner.includes(id) ? [item(id), places.get(id)! * block, 0, 0, 0, null] : [item(id), ...strides(id), address(id)],
  );
  const stridesIn = (id: number) => (inner.includes(id) ? [0, 0, extents[3]!, 1] : strides(id));
  const steps = members.flatMap((op) => stepOf(op, local, stridesIn, (id) => values.indexOf(id)));
  return [...extents, block, values.length, members.length, ...operands, ...steps];
}

const operandsOf = (members: readonly Op[]): number[] => [
  ...new Set(members.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])),
];

function stepOf(
  { kind, inputs, outputs, attrs }: Op,
  local: Local,
  strides: (value: number) => readonly number[],
  operand: (value: number) => number,
): Operand[] {
  const site = { ins: inputs.map(local), outs: outputs.map(local), attrs };
  const operands = [...inputs, ...outputs].map(operand);
  const def = opDef(kind);
  if (def.lines) {
    const { kernel, before, after } = def.lines(site);
    const args = [...before, 0, 0, ...after, ...operands]; // the kernel puts in lines and their length
    return [{ kernel }, args.length, before.length, 2, ...args];
  }
  const { kernel, before, extents, after } = def.elementwise!(site);
  const filled = extents === "walk" ? [0, 0, 0, 0] : [0]; // the kernel puts in those of the block
  const walked = extents === "walk" ? inputs.flatMap(strides) : [];
  const args = [...before, ...filled, ...walked, ...after, ...operands];
  return [{ kernel }, args.length, before.length, filled.length, ...args];
}

/**
 * Where what stays inside lies, in bytes for each element of a block: a place is free again once the last op that takes its
 * value is done.
 */
export function scratch(members: readonly Op[], inner: readonly number[], item: (value: number) => number) {
  const places = new Map<number, number>();
  const free = new Map<number, number[]>();
  let bytes = 0;
  for (const [at, { inputs, outputs }] of members.entries()) {
    for (const id of outputs.filter((value) => inner.includes(value))) {
      const place = free.get(item(id))?.pop();
      places.set(id, place ?? bytes);
      if (place === undefined) bytes += item(id);
    }
    const over = (id: number) => inner.includes(id) && !members.slice(at + 1).some((op) => op.inputs.includes(id));
    for (const id of new Set(inputs.filter(over))) free.set(item(id), [...(free.get(item(id)) ?? []), places.get(id)!]);
  }
  return { places, bytes };
}
