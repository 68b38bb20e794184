/**
 * @file Where casts to float32 stand, once the backward pass is there. Two things would go wrong if they stayed where they
 * were written. What a cast gives for the forward pass would be kept for the backward pass: so each user gets a cast of its
 * own, and the 16 bits are what is kept. And the gradient of a weight, which products sum up in float32, would be rounded
 * only to be widened: so a cast of what nobody else takes goes into the op that makes it.
 */
import { isHalf } from "../../ir/dtype.ts";
import type { LogicalGraph, Op } from "../../ir/graph.ts";
import { type Draft, producers } from "../draft.ts";
import { Edit } from "./edit.ts";

/** Ops that compute in float32 anyway; and those whose result has the dtype of what they take. */
const sums: ReadonlySet<string> = new Set(["matmul", "sum", "add", "conv2dGradFilter"]);
const moves: ReadonlySet<string> = new Set(["reshape", "transpose"]);
/** What a kernel may add something to as it stores it, and how many ops later. */
const added: ReadonlySet<string> = new Set(["matmul", "add"]);
const soon = 16;

export function settle(draft: Draft): Draft {
  const { graph } = draft;
  if (!draft.options.precision) return draft;
  const users = countUsers(graph);
  const produced = producers(graph);
  const half = (id: number) => isHalf(graph.values[id]!.dtype);
  const widens = ({ kind, inputs, outputs }: Op) =>
    kind === "cast" && half(inputs[0]!) && graph.values[outputs[0]!]!.dtype === "float32";

  const single = new Set<number>();
  const canBe = (id: number): boolean => {
    const { kind, inputs } = produced[id]!;
    return users[id] === 1 && half(id) && (sums.has(kind) || (moves.has(kind) && canBe(inputs[0]!)));
  };
  const become = (id: number): void => {
    single.add(id);
    const { kind, inputs } = produced[id]!;
    if (moves.has(kind) || kind === "sum" || kind === "add")
      for (const input of inputs) if (canBe(input)) become(input);
  };
  for (const op of graph.ops) {
    if (widens(op) && users[op.outputs[0]!] === 1 && canBe(op.inputs[0]!)) become(op.inputs[0]!);
    // What is added to a product at once is added before it is rounded.
    if (op.kind !== "add") continue;
    for (const id of op.inputs) {
      const { id: maker, kind } = produced[id]!;
      if (users[id] === 1 && half(id) && added.has(kind) && op.id - maker <= soon) single.add(id);
    }
  }

  const edit = new Edit(graph);
  for (const id of single) edit.retype(id, "float32");
  const outputs = new Set(Object.values(graph.outputs));
  /** What a cast widened, by what it gave. */
  const source = new Map<number, number>();
  for (const op of graph.ops) {
    if (widens(op) && !outputs.has(op.outputs[0]!)) {
      source.set(op.outputs[0]!, op.inputs[0]!);
      continue;
    }
    const inputs = op.inputs.map((id) => {
      const narrow = source.get(id);
      return narrow === undefined ? id : edit.as(narrow, "float32", op.at);
    });
    edit.put({ ...op, inputs });
  }
  return { ...draft, graph: edit.finish() };
}

/** How many times each value is taken; the host takes the outputs. */
function countUsers({ values, ops, outputs }: LogicalGraph): readonly number[] {
  const users = values.map(() => 0);
  for (const id of [...ops.flatMap((op) => op.inputs), ...Object.values(outputs)]) users[id]!++;
  return users;
}
