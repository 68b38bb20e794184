/**
 * @file The span of an edge: the ranks whose slots a producer writes, and from whose slots a consumer reads. Within a
 * placement these are groups along axes; what a transfer reads, and what passes from one placement to another, is said
 * rank by rank.
 */
import type { Op } from "../ir/graph.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Span } from "../ir/plan.ts";
import type { AxisStep, BoxingStep } from "../sbp/boxing.ts";
import { groupAlong, type Pair, pairsOf } from "../sbp/span.ts";
import type { Draft, TaskDraft } from "./draft.ts";
import { isLocal } from "./fuse.ts";

/** `by` is the op that makes the value, absent for a state; `ops` are those of the consumer that read it. */
export function spanOf(
  { graph, boxing }: Draft,
  maker: TaskDraft,
  by: Op | undefined,
  user: TaskDraft,
  ops: readonly Op[],
): Span {
  if (maker.stream === "host" || user.stream === "host") return "all";
  const pushes = [by && boxing.get(by.id)].filter((step) => step?.kind === "all-reduce").filter(isAxisStep);
  const pulls = ops.map((op) => boxing.get(op.id)).map((step) => (step && !isLocal(step) ? step : undefined));
  const along = [...pushes, ...pulls.filter((step) => step !== undefined)];
  const [here, there] = [graph.placements[maker.placement]!, graph.placements[user.placement]!];
  if (here === there && along.every(isAxisStep)) {
    const axes = new Set(along.map(({ axis }) => axis));
    return axes.size ? { axes: [...axes].sort() } : "same";
  }
  const written = pushes.map(({ axis }) => axis);
  const read = new Map<number, readonly number[]>();
  const readersOf = (rank: number) => {
    const known = read.get(rank) ?? [...new Set(pulls.flatMap((step) => readBy(step, rank, there)))];
    read.set(rank, known);
    return known;
  };
  const pairs = here.ranks.flatMap((rank) =>
    [...new Set(groupAlong(here, rank, written).flatMap(readersOf))].map((reader): Pair => [rank, reader]),
  );
  return { pairs: sorted([...pairs, ...unfed(pairs, here, there)]) };
}

const isAxisStep = (step: BoxingStep | undefined): step is AxisStep => step?.axis !== undefined;

/** The ranks that read the rank's slot in this step; an op that is no boxing between ranks reads its own. */
function readBy(step: BoxingStep | undefined, rank: number, there: PlacementData): readonly number[] {
  if (!step) return there.ranks.filter((own) => own === rank);
  if (isAxisStep(step)) return groupAlong(step.placement, rank, [step.axis]);
  const { to, pieces } = step.transfer;
  return to.ranks.filter((_, member) => pieces[member]!.some(({ sources }) => sources.includes(rank)));
}

/** Ranks that get nothing from another one hear of the step all the same: from themselves, or from the first. */
function unfed(pairs: readonly Pair[], here: PlacementData, there: PlacementData): Pair[] {
  const fed = new Set(pairs.map(([, to]) => to));
  const from = (rank: number) => (here.ranks.includes(rank) ? rank : here.ranks[0]!);
  return there.ranks.filter((rank) => !fed.has(rank)).map((rank) => [from(rank), rank]);
}

/** The span of two values that one edge brings. */
export function union(a: Span, b: Span, here: PlacementData, there: PlacementData): Span {
  if (a === "all" || b === "all") return "all";
  if ((a !== "same" && "pairs" in a) || (b !== "same" && "pairs" in b))
    return { pairs: sorted([a, b].flatMap((span) => pairsOf(span, here, there.ranks))) };
  const axes = [...new Set([a, b].flatMap((span) => (span === "same" ? [] : span.axes)))].sort();
  return axes.length ? { axes } : "same";
}

/** Each pair once, by ranks. */
const sorted = (pairs: readonly Pair[]): readonly Pair[] =>
  [...new Map(pairs.map((pair) => [pair.join(), pair])).values()].sort((p, q) => p[0] - q[0] || p[1] - q[1]);
