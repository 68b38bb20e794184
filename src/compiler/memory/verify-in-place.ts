/**
 * @file Proves from the plan alone that where tasks change in place what another has made, nobody meets it half changed.
 * Such a buffer is in the registers of several tasks: the first in launch order makes it, the others change it. It is safe if
 * - the maker feeds everybody who touches the buffer, so it begins anew only when all have let go;
 * - each changer feeds the next, and the last one everybody who only reads: nobody meets what was there between;
 * - members of a changer touch slices of their own.
 * That x feeds y means an edge between any two of their ranks that touch the buffer on one rank.
 */
import { PlanError } from "../../ir/errors.ts";
import type { Buffer, Edge, PlanData, Span, TaskTemplate } from "../../ir/plan.ts";
import type { Address, Call, Peer } from "../../ir/program.ts";
import { groupAlong, pairsOf } from "../../sbp/span.ts";

type Parts = Pick<PlanData, "buffers" | "edges" | "registers" | "placements">;

/** A task that touches a buffer, and which of its ranks do on which rank. */
interface Touch {
  readonly task: TaskTemplate;
  readonly span: Span;
}

/** Throws PlanError SL3024. `order` is the launch order. */
export function verifyInPlace(plan: Parts, order: readonly TaskTemplate[]): void {
  const owners = new Map<number, Set<number>>();
  for (const { owner, buffers } of plan.registers)
    for (const id of buffers) owners.set(id, (owners.get(id) ?? new Set()).add(owner));
  const shared = new Set([...owners].flatMap(([id, by]) => (by.size > 1 ? [id] : [])));
  if (shared.size === 0) return;
  const touches = findTouches(shared, order);
  for (const id of shared) verifyBuffer(plan, plan.buffers[id]!, owners.get(id)!, touches.get(id) ?? []);
}

function verifyBuffer(plan: Parts, buffer: Buffer, owners: ReadonlySet<number>, touches: readonly Touch[]): void {
  const refuse = (what: string) => {
    const subject = `buffer "${buffer.name}"`;
    throw new PlanError("SL3024", what, { subject, hint: "compile again" });
  };
  const holds = new Set(plan.registers.filter((r) => r.buffers.includes(buffer.id)).map(({ id }) => id));
  const feeds = (x: Touch, y: Touch) => {
    const edges = plan.edges.filter((e) => e.from === x.task.id && e.to === y.task.id && e.delay === 0);
    return edges.some((edge) => holds.has(edge.register) && joins(plan, edge, x, y));
  };
  const [maker, ...rest] = touches;
  if (!maker) return;
  if (!owners.has(maker.task.id)) refuse(`"${maker.task.name}" uses it before any task has made it`);
  for (const touch of rest)
    if (!feeds(maker, touch))
      refuse(`"${maker.task.name}" may fill it anew while "${touch.task.name}" still uses it: no edge holds it`);
  const changers = rest.filter(({ task }) => owners.has(task.id));
  const readers = rest.filter(({ task }) => !owners.has(task.id));
  for (const [i, changer] of changers.entries()) {
    const next = changers[i + 1];
    for (const touch of next ? [next] : readers)
      if (!feeds(changer, touch))
        refuse(`"${changer.task.name}" changes it in place, and "${touch.task.name}" does not wait for that`);
    if (!ownSlices(plan, changer, buffer.id))
      refuse(`ranks of "${changer.task.name}" change it in place and meet in it`);
  }
}

/** Whether the edge is between any ranks of x and y that touch the buffer on one rank. */
function joins({ placements }: Parts, edge: Edge, x: Touch, y: Touch): boolean {
  const [xs, ys, has] = [axesOf(x.span), axesOf(y.span), axesOf(edge.span)];
  if (xs && ys && has && x.task.placement === y.task.placement)
    return [...xs, ...ys].every((axis) => has.includes(axis));
  const pairs = (span: Span, from: TaskTemplate, to: TaskTemplate) =>
    pairsOf(span, placements[from.placement]!, placements[to.placement]!.ranks);
  const joined = new Set(pairs(edge.span, x.task, y.task).map(String));
  const readers = new Map<number, number[]>();
  for (const [reader, at] of pairs(y.span, y.task, y.task)) readers.set(at, [...(readers.get(at) ?? []), reader]);
  return pairs(x.span, x.task, x.task).every(([by, at]) =>
    (readers.get(at) ?? []).every((reader) => joined.has(String([by, reader]))),
  );
}

const axesOf = (span: Span): readonly string[] | undefined => {
  if (span === "same") return [];
  return span !== "all" && "axes" in span ? span.axes : undefined;
};

/** Who touches each buffer, in launch order. */
function findTouches(wanted: ReadonlySet<number>, order: readonly TaskTemplate[]): ReadonlyMap<number, Touch[]> {
  const found = new Map<number, Touch[]>([...wanted].map((id) => [id, []]));
  for (const task of order) {
    const peers = new Map<number, (readonly [ranks: readonly number[], peer: Peer | undefined])[]>();
    for (const { ranks, program } of task.classes)
      for (const { buffer, peer } of program.flatMap(addresses)) {
        if (!wanted.has(buffer)) continue;
        const of = peers.get(buffer) ?? [];
        of.push([ranks, peer]);
        peers.set(buffer, of);
      }
    for (const [buffer, of] of peers) found.get(buffer)!.push({ task, span: spanOf(of) });
  }
  return found;
}

const addresses = ({ args }: Call): Address[] =>
  args.filter((arg): arg is Address => typeof arg === "object" && arg !== null && "buffer" in arg);

/** Peers are named along axes, or by rank. */
function spanOf(peers: readonly (readonly [ranks: readonly number[], peer: Peer | undefined])[]): Span {
  if (peers.some(([, peer]) => peer && "rank" in peer)) {
    const pairs = peers.flatMap(([ranks, peer]) =>
      ranks.map((rank) => [rank, peer && "rank" in peer ? peer.rank : rank] as const),
    );
    return { pairs: [...new Map(pairs.map((pair) => [String(pair), pair])).values()] };
  }
  const axes = new Set(peers.flatMap(([, peer]) => (peer && "axis" in peer ? [peer.axis] : [])));
  return axes.size ? { axes: [...axes] } : "same";
}

/** Whether all that a changer's ranks do with the buffer is to reduce slices of it, and no two that meet share an element. */
function ownSlices({ placements }: Parts, { task, span }: Touch, buffer: number): boolean {
  const axes = axesOf(span);
  if (!axes) return false;
  const placement = placements[task.placement]!;
  /** By group of ranks that meet. */
  const slices = new Map<string, (readonly [lo: number, hi: number, rank: number])[]>();
  for (const { ranks, program } of task.classes)
    for (const call of program) {
      const all = addresses(call);
      if (!all.some((address) => address.buffer === buffer)) continue;
      const [, , lo, hi] = call.args;
      if (call.kernel !== "all_reduce" || all.some(({ offset }) => offset)) return false;
      for (const rank of ranks) {
        const group = String(groupAlong(placement, rank, axes));
        const of = slices.get(group) ?? [];
        of.push([lo as number, hi as number, rank]);
        slices.set(group, of);
      }
    }
  return [...slices.values()].every((of) => {
    const sorted = of.toSorted((a, b) => a[0] - b[0]);
    return sorted.every(([lo, , rank], i) => i === 0 || sorted[i - 1]![1] <= lo || sorted[i - 1]![2] === rank);
  });
}
