/**
 * @file Variable elimination (Bertelè & Brioschi 1972; bucket elimination, Dechter 1999): variables go one by one,
 * fewest combinations first, each leaving a table of the least cost over its neighbours. Exact on chains, trees and all
 * that stays narrow. A table past `cap` entries is split (mini-buckets, Dechter & Rish 2003), which keeps a lower bound.
 */
import { addTo, type Factor, Factors, unionOf } from "./factors.ts";

/** A variable when it went: what it was eliminated from, in groups that became one table each. */
export interface Bucket {
  readonly variable: number;
  readonly groups: readonly Group[];
}

export interface Group {
  readonly from: readonly Factor[];
  /** Absent when nothing is left of the group but a number. */
  readonly to?: Factor;
}

export interface Elimination {
  readonly factors: Factors;
  /** In the order of elimination. */
  readonly buckets: readonly Bucket[];
  /** No pick costs less. */
  readonly bound: number;
  /** Nothing was split: with nothing left the bound is the least cost. */
  readonly exact: boolean;
  /** What is left between the variables that stay. */
  readonly rest: readonly Factor[];
}

/** Of so many tables that are arrays of their own few are equal. */
const novel = 0.7;

export function eliminate(
  sizes: readonly number[],
  tables: readonly { readonly variables: readonly number[]; readonly cost: Float64Array }[],
  cap: number,
  /** Variables with more neighbours stay. */
  most = Number.POSITIVE_INFINITY,
  /** This one stays in any case. */
  stays = -1,
): Elimination {
  const factors = new Factors(sizes, new Set(tables.map(({ cost }) => cost)).size < novel * tables.length);
  const touching = sizes.map((): Factor[] => []);
  const put = (factor: Factor) => {
    for (const v of factor.variables) touching[v]!.push(factor);
  };
  for (const t of tables) put(factors.from(t.variables, t.cost));

  const queue = widths(sizes, touching);
  const buckets: Bucket[] = [];
  let bound = 0;
  let exact = true;
  for (let x = queue.next(); x !== undefined; x = queue.next()) {
    if (x === stays || queue.crowded(x, most)) continue;
    const from = touching[x]!;
    const near = unionOf(from);
    queue.leave(x);
    touching[x] = [];
    for (const factor of from)
      for (const v of factor.variables) if (v !== x) touching[v]!.splice(touching[v]!.indexOf(factor), 1);
    const split = groupsOf(factors, from, near, x, cap);
    if (split.length > 1) exact = false;
    const groups = split.map((group): Group => {
      const { factor, least } = factors.reduce(group, split.length === 1 ? near : unionOf(group), x);
      bound += least;
      if (!factor.variables.length) return { from: group };
      put(factor);
      return { from: group, to: factor };
    });
    buckets.push({ variable: x, groups });
    for (const v of near) queue.changed(v);
  }
  return {
    factors,
    buckets,
    bound,
    exact,
    rest: touching.flatMap((all, v) => all.filter(({ variables }) => variables[0] === v)),
  };
}

/** Past so many bits all are alike: an op that half of the graph uses would be counted again with each of its users. */
const widest = 64;

/** Variables by the combinations of their neighbours, in powers of two: the next is one of the fewest. */
function widths(sizes: readonly number[], touching: readonly (readonly Factor[])[]) {
  const bins: number[][] = [];
  const bin = new Int32Array(sizes.length).fill(-1);
  const gone = new Uint8Array(sizes.length);
  let lowest = 0;
  const bits = sizes.map((size) => Math.log2(size));
  const seen = new Int32Array(sizes.length);
  let round = 0;
  const widthOf = (v: number): number => {
    round++;
    let width = 0;
    for (const { variables } of touching[v]!)
      for (const u of variables) {
        if (seen[u] === round) continue;
        seen[u] = round;
        width += bits[u]!;
        if (width > widest) return widest;
      }
    return Math.ceil(width - 1e-9);
  };
  /** Whether it has more neighbours. */
  const crowded = (v: number, most: number): boolean => {
    round++;
    let near = -1; // itself is counted too
    for (const { variables } of touching[v]!)
      for (const u of variables) {
        if (seen[u] === round) continue;
        seen[u] = round;
        if (++near > most) return true;
      }
    return false;
  };
  const changed = (v: number) => {
    if (gone[v]) return;
    const at = widthOf(v);
    if (at === bin[v]) return;
    bin[v] = at;
    bins[at] ??= [];
    bins[at].push(v);
    lowest = Math.min(lowest, at);
  };
  for (let v = sizes.length - 1; v >= 0; v--) changed(v);
  const next = (): number | undefined => {
    for (; lowest < bins.length; lowest++)
      for (let v = bins[lowest]?.pop(); v !== undefined; v = bins[lowest]!.pop())
        if (bin[v] === lowest) {
          bin[v] = -1;
          return v;
        }
    return undefined;
  };
  const leave = (v: number) => {
    gone[v] = 1;
  };
  return { changed, next, leave, crowded };
}

/** Groups factors so that what each group leaves has no more than `cap` entries. */
function groupsOf(
  factors: Factors,
  from: readonly Factor[],
  near: readonly number[],
  x: number,
  cap: number,
): readonly (readonly Factor[])[] {
  const left = (all: readonly number[]) => factors.span(all) / factors.span([x]);
  if (left(near) <= cap) return [from];
  const spanOf = (group: readonly Factor[]) => left(unionOf(group));
  const groups: Factor[][] = [];
  for (const factor of [...from].sort((a, b) => b.table.cost.length - a.table.cost.length)) {
    const fits = groups.find((group) => spanOf([...group, factor]) <= cap);
    if (fits) fits.push(factor);
    else groups.push([factor]);
  }
  return groups;
}

/** The pick that the buckets lead to, last eliminated first; of equal options the lower. What stayed is as picked. */
export function decode(
  sizes: readonly number[],
  { buckets }: Elimination,
  given: readonly number[] = sizes.map(() => 0),
): number[] {
  const pick = [...given];
  const sums = new Float64Array(sizes.reduce((a, b) => Math.max(a, b), 0));
  for (let i = buckets.length - 1; i >= 0; i--) {
    const { variable: x, groups } = buckets[i]!;
    sums.fill(0);
    for (const { from } of groups)
      for (const { variables, table } of from) addTo(sums, sizes, variables, table.cost, pick, x);
    pick[x] = cheapest(sums, sizes[x]!);
  }
  return pick;
}

function cheapest(sums: Float64Array, size: number): number {
  let arg = 0;
  for (let option = 1; option < size; option++) if (sums[option]! < sums[arg]!) arg = option;
  return arg;
}
