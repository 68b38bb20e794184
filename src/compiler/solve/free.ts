/**
 * @file The cheapest pick with memory at a fixed price. What is narrow is eliminated; what is not is bounded by messages,
 * which leave few options open, and these are eliminated in turn. Of repeated blocks one is solved.
 */
import { decode, eliminate } from "./eliminate.ts";
import { type Factor, Factors } from "./factors.ts";
import { fold } from "./fold.ts";
import { type Bounds, passMessages } from "./messages.ts";
import { evaluate, improve, type Problem, type Solution, type Table } from "./problem.ts";

export interface Effort {
  /** Entries of a table made by elimination, past which it is split. */
  readonly cap: number;
  /** Whether a bound is wanted for large problems too: the pick of classes that repeat has none. */
  readonly prove: boolean;
}

/** The problem with memory charged at a price; each sum is computed once. */
function priced(problem: Problem, price: number): Problem {
  if (price === 0) return problem;
  const { sizes, tables } = problem;
  const known = new Map<Float64Array, Map<Float64Array, Float64Array>>();
  const charged = tables.map(({ variables, cost, memory }) => {
    if (!memory) return { variables, cost };
    const by = known.get(cost) ?? new Map<Float64Array, Float64Array>();
    known.set(cost, by);
    const sum = by.get(memory) ?? cost.map((c, i) => c + price * memory[i]!);
    by.set(memory, sum);
    return { variables, cost: sum };
  });
  return { sizes, tables: charged };
}

/**
 * The cheapest pick found when a unit of memory costs `price`; its bound is on cost and price together. Variables with
 * two neighbours at most are eliminated, as far as all that lies between the others is tables of two.
 */
export function solveAt(problem: Problem, price: number, { cap, prove }: Effort): Solution {
  const charged = priced(problem, price);
  const { sizes } = charged;
  const outer = eliminate(sizes, charged.tables, Number.POSITIVE_INFINITY, 2);
  if (!outer.rest.length) {
    const pick = decode(sizes, outer);
    return { pick, bound: outer.bound, ...evaluate(problem, pick) };
  }
  const core = solveCore(sizes, outer.rest, outer.factors, { cap, prove });
  const pick = decode(sizes, outer, core.pick);
  return { pick, bound: outer.bound + core.bound, ...evaluate(problem, pick) };
}

interface Core {
  readonly pick: readonly number[];
  readonly cost: number;
  readonly bound: number;
  readonly messages: Bounds["messages"];
}

/** What could not be eliminated: where classes of variables repeat, they are solved once, and the whole starts there. */
function solveCore(sizes: readonly number[], rest: readonly Factor[], factors: Factors, { cap, prove }: Effort): Core {
  const core = tablesOf(sizes, rest);
  const folded = fold(sizes, rest, factors);
  if (!folded) return search(core, rest, cap);
  const ordered = new Factors(folded.sizes);
  const tables = folded.tables.map((t) => ordered.from(t.variables, t.cost));
  const once = search(tablesOf(folded.sizes, tables), tables, cap);
  const best = settle(
    core,
    sizes.map((_, v) => once.pick[folded.classOf[v]!]!),
  );
  if (!prove && sizes.length >= many) return { ...best, bound: Number.NEGATIVE_INFINITY, messages: [] };
  const bounds = passMessages(sizes, rest, 2, folded.unfold(turned(folded.tables, tables, once.messages)));
  if (best.cost - bounds.bound <= tolerance * best.cost)
    return { ...best, bound: Math.min(best.cost, bounds.bound), messages: bounds.messages };
  const whole = search(core, rest, cap);
  return whole.cost < best.cost
    ? whole
    : { ...best, bound: Math.min(best.cost, Math.max(whole.bound, bounds.bound)), messages: whole.messages };
}

/** Messages as along the tables that were given, where bringing their variables into order has turned them round. */
const turned = (given: readonly Table[], tables: readonly Factor[], messages: Bounds["messages"]) =>
  given.map(({ variables }, i) => {
    const sent = messages[i];
    return sent && variables[0] !== tables[i]!.variables[0] ? { ahead: sent.back, back: sent.ahead } : sent;
  });

const tablesOf = (sizes: readonly number[], factors: readonly Factor[]): Problem => ({
  sizes,
  tables: factors.map(({ variables, table }) => ({ variables, cost: table.cost })),
});

/**
 * Messages bound what each option costs at least. Options that cost hardly more than the bound are few and hold a good
 * pick; then those that cost no more than it do. Both problems are eliminated, which proves the pick best if nothing was
 * too wide.
 */
function search(core: Problem, rest: readonly Factor[], cap: number): Core {
  const { bound, floor, pick, messages } = passMessages(core.sizes, rest, passes);
  let best = settle(core, [...pick]);
  let exact = false;
  for (const room of [bound / 2 ** 14, best.cost - bound]) {
    const small = narrow(core, floor, Math.min(best.cost, bound + room));
    const inner = eliminate(small.problem.sizes, small.problem.tables, cap);
    const found = decode(small.problem.sizes, inner);
    const last = settle(
      core,
      found.map((option, v) => small.kept[v]![option]!),
    );
    if (last.cost < best.cost) best = last;
    exact = inner.exact;
    // What costs more than the best pick was left out already.
    if (!exact || best.cost <= bound + room) break;
  }
  return { ...best, bound: exact ? best.cost : Math.min(best.cost, bound), messages };
}

/** A pick made better as long as a change of one variable pays, with its cost. */
function settle(problem: Problem, pick: number[]) {
  improve(problem, pick, Number.POSITIVE_INFINITY);
  return { pick: pick as readonly number[], ...evaluate(problem, pick) };
}

/** Variables from which a problem is large: without need no bound is sought. */
const many = 1000;
/** A pick is good enough when it is this close to its bound. */
const tolerance = 5e-3;
const passes = 30;

/** The problem without the options that cost more than `cost`, and which are left. */
function narrow({ sizes, tables }: Problem, floor: readonly (Float64Array | undefined)[], cost: number) {
  const room = cost * (1 + 1e-9) + 1;
  const kept = sizes.map((size, v) => {
    const all = Array.from({ length: size }, (_, option) => option);
    if (!floor[v]) return [0];
    const least = floor[v]!.reduce((a, b) => Math.min(a, b));
    return all.filter((option) => floor[v]![option]! <= Math.max(least, room));
  });
  const known = new Map<string, Float64Array>();
  const ids = new Map<Float64Array, number>();
  const idOf = (cost: Float64Array) => {
    const id = ids.get(cost) ?? ids.size;
    ids.set(cost, id);
    return id;
  };
  const less = tables.map(({ variables, cost }): Table => {
    const key = `${idOf(cost)} ${variables.map((v) => kept[v]!.join()).join(";")}`;
    let cut = known.get(key);
    if (!cut) {
      let rows = [0];
      for (const v of variables) rows = rows.flatMap((at) => kept[v]!.map((option) => at * sizes[v]! + option));
      cut = Float64Array.from(rows, (at) => cost[at]!);
      known.set(key, cut);
    }
    return { variables, cost: cut };
  });
  return { kept, problem: { sizes: kept.map((k) => k.length), tables: less } };
}
