/** @file The compiler: passes from the logical graph to the plan, in order. */

import { expandMinimize } from "../graph/autodiff.ts";
import { bindDims } from "../graph/bind.ts";
import { dropCustomGradients } from "../graph/custom-gradient.ts";
import type { LogicalGraph } from "../ir/graph.ts";
import type { PlanData } from "../ir/plan.ts";
import { box } from "./box.ts";
import { limitOf, mostOf, outOfMemory } from "./budget.ts";
import { choose } from "./choose/choose.ts";
import { constrain } from "./constrain.ts";
import { type CompileOptions, type Draft, type Pass, start } from "./draft.ts";
import { expand } from "./expand.ts";
import { fuse } from "./fuse.ts";
import { join } from "./join/join.ts";
import { lower } from "./lower/lower.ts";
import { buffers } from "./memory/buffers.ts";
import { memory } from "./memory/memory.ts";
import { microBatches } from "./micro/micro-batches.ts";
import { rowsOf } from "./micro/rows.ts";
import { narrow } from "./precision/narrow.ts";
import { settle } from "./precision/settle.ts";
import { print } from "./print.ts";
import { prune } from "./prune.ts";
import { registers } from "./registers.ts";
import { reorder } from "./reorder.ts";
import { repeat } from "./repeat.ts";
import { seal } from "./seal.ts";
import { simplify } from "./simplify.ts";
import { cutStages } from "./stages/cut.ts";
import { verify } from "./verify.ts";
import { widen } from "./widen.ts";

const bind: Pass = (draft) => {
  const graph = bindDims(draft.graph, draft.options.dims ?? {});
  const rows = rowsOf(draft.graph, draft.options);
  return { ...draft, graph, ...(rows && { rows }) };
};
const autodiff: Pass = (draft) => ({
  ...draft,
  graph: dropCustomGradients(expandMinimize(draft.graph, draft.options.precision?.gradients)),
});

const passes: readonly (readonly [name: string, pass: Pass])[] = [
  ["bind", bind], //             names of dims become numbers, every op is checked again
  ["cut", cutStages], //         stages along an axis of the mesh
  ["narrow", narrow], //         mixed precision: products in 16 bits
  ["reorder", reorder], //       attention takes its operands as they lie
  ["autodiff", autodiff], //     minimize becomes a backward pass and optimizer updates
  ["repeat", repeat], //         element-wise ops repeat by themselves what they take
  ["simplify", simplify], //     what the backward pass need not do goes
  ["settle", settle], //         mixed precision: casts stand where the result is used
  ["widen", widen], //           16-bit floats are computed in float32
  ["prune", prune], //           what nothing depends on goes
  ["constrain", constrain], //   what the user said about layouts
  ["choose", choose], //         a signature for every op, by cost
  ["expand", expand], //         ops that box inside become what they are made of
  ["box", box], //               collectives where layouts differ
  ["micro", microBatches], //    ops once a micro-batch, and sums over them
  ["fuse", fuse], //             tasks, in the order of their schedule
  ["join", join], //             ops that one kernel call does
  ["buffers", buffers], //       memory for every value
  ["registers", registers], //   what tasks give each other, and how many copies
  ["lower", lower], //           kernel calls on every rank
  ["memory", memory], //         offsets
];

/**
 * Compiles a logical graph to a plan. Pure: the same graph and options give the same bytes.
 *
 * Throws ShapeError, LayoutError, PlacementError for what the user wrote, PlanError when the plan would be unsafe.
 */
export function compileGraph(graph: LogicalGraph, options: CompileOptions = {}): PlanData {
  let draft: Draft = start(graph, options);
  let constrained = draft;
  const run = (name: string, pass: Pass) => {
    const before = draft;
    const after = pass(draft);
    options.onPass?.(
      name,
      () => print(before),
      () => print(after),
    );
    draft = after;
  };
  for (const [name, pass] of passes) {
    if (name === "choose") constrained = draft;
    run(name, pass);
  }
  // Choosing foresees memory before there are tasks and buffers. Where a plan takes too much, the layouts are chosen anew
  // for as much less than was foreseen, down to those that take least.
  const limit = limitOf(constrained);
  const free = draft;
  const unlimited = new Map(draft.choices.map(({ op, outs }) => [op, outs]));
  for (let most = mostOf(draft); most > limit; most = mostOf(draft)) {
    if (draft.foreseen! > (draft.budget ?? Number.POSITIVE_INFINITY))
      throw outOfMemory(most < mostOf(free) ? draft : free); // what suits either is found at any limit
    draft = { ...constrained, unlimited, budget: draft.foreseen! - (most - limit) };
    for (const [name, pass] of passes.slice(passes.findIndex(([name]) => name === "choose"))) run(name, pass);
  }
  const plan = seal(draft);
  if (!options.dry) verify(plan);
  return plan;
}
