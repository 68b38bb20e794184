/**
 * @file Equal blocks of a graph, found by the names of its ops: `block0.up.matmul` and `block1.up.matmul` stand for each
 * other where all forward ops of both blocks do, in name, kind and type. What differs from block to block, such as boxing
 * and most of the backward pass, is no part of the comparison: a picture counts it. From the outermost module inwards, so
 * that blocks within equal blocks are found too.
 */
import { showType } from "../ir/dtype.ts";
import type { LogicalGraph, Op } from "../ir/graph.ts";
import { groupBy } from "../ir/group.ts";
import { ranges } from "./format.ts";

/** A frame around ops: one block drawn by itself, or several that are drawn once. */
export interface Frame {
  /** Unique among frames: `block0–11`. */
  readonly name: string;
  /** The part of an op's name where it ends. */
  readonly end: number;
}

/** Where an op stands. */
export interface Spot {
  readonly op: Op;
  /** Parts of its name, those of equal blocks alike: `block0–11`, `up`, `matmul`. */
  readonly parts: readonly string[];
  /** Around it, the outermost first. */
  readonly frames: readonly Frame[];
  /** In each frame the name of the block that it belongs to: `block3`. */
  readonly copies: readonly string[];
  /** Asked for by name: nothing inside is put together any more. */
  readonly whole: boolean;
  /** The micro-batch that it works on, where a batch is cut into such: they are drawn once too. */
  readonly micro?: number;
}

/** Fewer alike are worth it only where each is this share of all ops. */
const least = 3;
const share = 0.1;

export const startOf = (op: Op): Spot => ({ op, parts: op.name.split("."), frames: [], copies: [], whole: false });

/** Ops of micro-batches have their numbers at the end, `add[3]`; so have the sums over them, `loss.total.4`. */
function microBatches(ops: readonly Op[]): (op: Op) => Spot {
  const numbered = /\[(\d+)\]$/;
  if (!ops.some(({ name }) => numbered.test(name))) return startOf;
  return (op) => {
    const [end, number] = numbered.exec(op.name) ?? /(?<=\.total)\.(\d+)$/.exec(op.name) ?? [];
    if (end === undefined) return startOf(op);
    const name = op.name.slice(0, -end.length);
    return { ...startOf(op), parts: name.split("."), micro: Number(number) };
  };
}

/** What an op is called inside its frame. */
export const localParts = ({ parts, frames }: Spot): readonly string[] => parts.slice(frames.at(-1)?.end ?? 0);

/** By op, in the order given. `forward` is what blocks are compared by; blocks that `expanded` names stay by themselves. */
export function spotsOf(
  graph: LogicalGraph,
  ops: readonly Op[],
  forward: (op: Op) => boolean,
  expanded: (module: string) => boolean,
): Spot[] {
  const spots = ops.map(microBatches(ops));
  const at = new Map(ops.map((op, i) => [op, i]));
  const deepest = Math.max(0, ...spots.map(({ parts }) => parts.length));
  const compared = (op: Op) => forward(op) && op.kind !== "boxing";
  const what = ({ op, parts }: Spot, level: number) =>
    `${parts.slice(level)} ${op.kind} ${op.outputs.map((value) => showType(graph.values[value]!))}`;
  for (let level = 0; level < deepest - 1; level++) {
    for (const family of families(spots, level)) {
      const key = (copy: readonly Spot[]) =>
        JSON.stringify(copy.flatMap((s) => (compared(s.op) ? [what(s, level + 1)] : [])).sort());
      for (const [structure, copies] of groupBy(family, key)) {
        const size = Math.min(...copies.map(({ length }) => length));
        if (structure === "[]" || copies.length < 2) continue;
        if (copies.length < least && size < share * spots.length) continue;
        for (const spot of fold(copies, level, expanded)) spots[at.get(spot.op)!] = spot;
      }
    }
  }
  return spots;
}

/** Blocks whose names differ in nothing but a number at the end. */
function families(spots: readonly Spot[], level: number): Spot[][][] {
  const inBlocks = spots.filter(({ parts, whole }) => !whole && parts.length > level + 1 && /\d$/.test(parts[level]!));
  const prefix = ({ parts }: Spot) => [...parts.slice(0, level), numbered(parts[level]!).stem].join(".");
  return [...groupBy(inBlocks, prefix).values()].map((family) => [
    ...groupBy(family, ({ parts }) => parts[level]!).values(),
  ]);
}

function numbered(part: string): { readonly stem: string; readonly number: number } {
  const stem = part.replace(/\d+$/, "");
  return { stem, number: Number(part.slice(stem.length)) };
}

function fold(copies: readonly (readonly Spot[])[], level: number, expanded: (module: string) => boolean): Spot[] {
  const isExpanded = ({ op }: Spot) => expanded(op.name.split(".", level + 1).join("."));
  const all = copies.flat();
  const rest = all.filter((spot) => !isExpanded(spot));
  const stem = numbered(all[0]!.parts[level]!).stem;
  const together = stem + ranges([...new Set(rest.map((spot) => numbered(spot.parts[level]!).number))]);
  const framed = (spot: Spot, part: string, whole: boolean): Spot => {
    const parts = spot.parts.with(level, part);
    const copy = spot.parts.slice(spot.frames.at(-1)?.end ?? 0, level + 1).join(".");
    const frame = { name: parts.slice(0, level + 1).join("."), end: level + 1 };
    return { ...spot, parts, whole, frames: [...spot.frames, frame], copies: [...spot.copies, copy] };
  };
  return [
    ...all.filter(isExpanded).map((spot) => framed(spot, spot.parts[level]!, true)),
    ...rest.map((spot) => framed(spot, together, false)),
  ];
}

/** `block0 … block11 · 12 alike`; `block0,2,4 · 3 alike` where some between them are missing. */
export function titleOf(copies: readonly string[]): string {
  if (copies.length === 1) return copies[0]!;
  const { stem } = numbered(copies[0]!);
  const numbers = copies.map((copy) => numbered(copy).number).sort((a, b) => a - b);
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  const dense = last - first + 1 === numbers.length;
  const names = dense ? `${stem}${first} … ${stem}${last}` : stem + ranges(numbers);
  return `${names} · ${copies.length} alike`;
}
