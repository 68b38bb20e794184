/**
 * @file Sequential tree-reweighted message passing (TRW-S; Kolmogorov, IEEE TPAMI 28, 2006): a lower bound on Σ tables of
 * one and two variables that grows from pass to pass, good picks on the way, and for each option how much dearer than the
 * bound any pick with it must be. A pass takes time in proportion to the tables. For what is too wide to eliminate.
 */
import { type Factor, forbidden } from "./factors.ts";

/** What the two ends of a table of two variables say to each other, by option of the one that hears it. */
export interface Messages {
  readonly ahead: Float64Array;
  readonly back: Float64Array;
}

export interface Bounds {
  /** No pick costs less. */
  readonly bound: number;
  /** By variable and option: what any pick with it costs at least. Absent for variables that no table is about. */
  readonly floor: readonly (Float64Array | undefined)[];
  /** The best pick seen, before any improvement. */
  readonly pick: readonly number[];
  readonly cost: number;
  /** By factor; undefined for those of one variable. */
  readonly messages: readonly (Messages | undefined)[];
}

interface Edge extends Messages {
  readonly from: number;
  readonly to: number;
  /** Row by row of `from`. */
  readonly cost: Float64Array;
}

export function passMessages(
  sizes: readonly number[],
  factors: readonly Factor[],
  passes: number,
  start: readonly (Messages | undefined)[] = [],
): Bounds {
  // Forbidden entries would drown the others: they count as more than any pick without them costs.
  const dear = new Map<Float64Array, number>();
  let most = 1;
  for (const { table } of factors) {
    const known = dear.get(table.cost) ?? dearest(table.cost);
    dear.set(table.cost, known);
    most += known;
  }
  const own: (Float64Array | undefined)[] = sizes.map(() => undefined);
  const [before, after] = [sizes.map(() => [] as Edge[]), sizes.map(() => [] as Edge[])];
  const clamped = new Map<Float64Array, Float64Array>();
  const clamp = (cost: Float64Array) => {
    const known = clamped.get(cost) ?? cost.map((c) => Math.min(c, most));
    clamped.set(cost, known);
    return known;
  };
  const messages = factors.map(({ variables, table }, k): Messages | undefined => {
    const cost = clamp(table.cost);
    for (const v of variables) own[v] ??= new Float64Array(sizes[v]!);
    const [from, to] = variables;
    if (to === undefined) {
      const mine = own[from!]!;
      for (let i = 0; i < cost.length; i++) mine[i]! += cost[i]!;
      return undefined;
    }
    const { ahead, back } = start[k] ?? { ahead: new Float64Array(sizes[to]!), back: new Float64Array(sizes[from!]!) };
    const edge: Edge = { from: from!, to, cost, ahead, back };
    after[from!]!.push(edge);
    before[to]!.push(edge);
    return edge;
  });
  const order = [...sizes.keys()].filter((v) => own[v]);
  const floor: (Float64Array | undefined)[] = sizes.map((_, v) => own[v]?.map(() => Number.NEGATIVE_INFINITY));
  let bound = Number.NEGATIVE_INFINITY;
  let pick: readonly number[] = sizes.map(() => 0);
  let cost = Number.POSITIVE_INFINITY;
  const scratch = order.map((v) => new Float64Array(sizes[v]!));
  const real = order.map((v) => new Float64Array(sizes[v]!));
  const gather = (v: number, sum: Float64Array) => {
    sum.set(own[v]!);
    for (const { ahead } of before[v]!) for (let i = 0; i < sum.length; i++) sum[i]! += ahead[i]!;
    for (const { back } of after[v]!) for (let i = 0; i < sum.length; i++) sum[i]! += back[i]!;
  };
  const share = (v: number) => 1 / Math.max(1, before[v]!.length, after[v]!.length);
  for (let pass = 0; pass < passes; pass++) {
    const found = sizes.map(() => 0);
    let price = 0;
    for (let k = 0; k < order.length; k++) {
      const [v, sum] = [order[k]!, scratch[k]!];
      price += place(v, own[v]!, before[v]!, after[v]!, found, real[k]!);
      gather(v, sum);
      const part = share(v);
      for (const edge of after[v]!) send(edge.ahead, edge.back, sum, part, edge.cost, true);
    }
    if (price < cost) [pick, cost] = [found, price];
    let now = 0;
    for (let k = order.length - 1; k >= 0; k--) {
      const [v, sum] = [order[k]!, scratch[k]!];
      gather(v, sum);
      const part = share(v);
      const low = floor[v]!;
      let least = Number.POSITIVE_INFINITY;
      for (let i = 0; i < sum.length; i++) if (sum[i]! < least) least = sum[i]!;
      now += least;
      for (let i = 0; i < sum.length; i++) {
        sum[i]! -= least;
        if (bound + sum[i]! > low[i]!) low[i] = bound + sum[i]!;
      }
      for (const edge of before[v]!) now += send(edge.back, edge.ahead, sum, part, edge.cost, false);
    }
    const gain = now - bound;
    bound = Math.max(bound, now);
    if (cost - bound <= 1 || gain <= 1e-4 * (cost - bound)) break;
  }
  return { bound, floor, pick, cost, messages };
}

const dearest = (cost: Float64Array): number => {
  let most = 0;
  for (let i = 0; i < cost.length; i++) if (cost[i]! > most && cost[i]! < forbidden) most = cost[i]!;
  return most;
};

/** Picks for one variable by what is picked before it and what the messages say of what follows; gives what that adds. */
function place(
  v: number,
  own: Float64Array,
  before: readonly Edge[],
  after: readonly Edge[],
  pick: number[],
  real: Float64Array,
): number {
  real.set(own);
  for (const { from, cost } of before) {
    const row = pick[from]! * real.length;
    for (let i = 0; i < real.length; i++) real[i]! += cost[row + i]!;
  }
  let [arg, best] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < real.length; i++) {
    let seen = real[i]!;
    for (const { back } of after) seen += back[i]!;
    if (seen < best) [arg, best] = [i, seen];
  }
  pick[v] = arg;
  return real[arg]!;
}

/** Replaces a message by what its sender now says, its least entry 0; gives what was taken off. */
function send(
  message: Float64Array,
  reply: Float64Array,
  sum: Float64Array,
  part: number,
  cost: Float64Array,
  ahead: boolean,
): number {
  const [n, m] = [reply.length, message.length];
  message.fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < n; i++) {
    const said = part * sum[i]! - reply[i]!;
    let at = ahead ? i * m : i;
    const stride = ahead ? 1 : n;
    for (let j = 0; j < m; j++, at += stride) {
      const total = said + cost[at]!;
      if (total < message[j]!) message[j] = total;
    }
  }
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < m; j++) if (message[j]! < least) least = message[j]!;
  for (let j = 0; j < m; j++) message[j]! -= least;
  return least;
}
