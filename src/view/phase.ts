/**
 * @file Which part of a training step an op belongs to, for pictures: forward, backward or optimizer. Updates write
 * states; autodiff names what it adds `<op>.grad…`; what serves only updates (a learning rate) goes with them.
 */
import type { LogicalGraph, Op } from "../ir/graph.ts";

export type Phase = "forward" | "backward" | "optimizer";
export const phases: readonly Phase[] = ["forward", "backward", "optimizer"];

/** By op id. States and inputs are where they are first used. */
export function phasesOf(graph: LogicalGraph): Phase[] {
  const users = usersOf(graph);
  const phase: Phase[] = [];
  for (const op of graph.ops.toReversed()) {
    const later = op.outputs.flatMap((id) => users[id]!).map((user) => phase[user.id]!);
    const source = op.kind === "state" || op.kind === "input";
    if (op.writes?.some((state) => state !== null)) phase[op.id] = "optimizer";
    else if (!source && /\.grad(?=[._[]|$)/.test(op.name)) phase[op.id] = "backward";
    else if (later.length && later.every((p) => p === "optimizer")) phase[op.id] = "optimizer";
    else phase[op.id] = later.length && later.every((p) => p !== "forward") && source ? "backward" : "forward";
  }
  return phase;
}

/** The ops that take each value, by value id. */
export function usersOf(graph: LogicalGraph): readonly (readonly Op[])[] {
  const users: Op[][] = graph.values.map(() => []);
  for (const op of graph.ops) for (const id of new Set(op.inputs)) users[id]!.push(op);
  return users;
}
