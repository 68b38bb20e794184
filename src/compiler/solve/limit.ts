/**
 * @file The cheapest pick whose memory stays within a limit. Memory gets a price (Lagrange; Everett 1963), and the price is
 * sought at which the pick just fits: each price gives a bound on all picks that do. The gap that is left is closed by
 * branching where the picks below and above the limit differ, as far as a count of problems allows, which is small for
 * large problems.
 */
import { forbidden } from "./factors.ts";
import { type Effort, solveAt } from "./free.ts";
import { mixture } from "./mix.ts";
import { evaluate, improve, type Problem, type Solution } from "./problem.ts";

/** Prices are multiples of this, so that price × memory is exact. */
const grain = 2 ** -10;
const steps = 12;
/** All memory together costs less than one forbidden entry, and more than any plan. */
const dearest = forbidden / 2 ** 10;
/** Variables times problems that branching may take. */
const trials = 4000;
/** Variables of a problem that is worth branching. */
const few = 100;
/** A pick is good enough when it is this close to the bound. */
const tolerance = 1e-3;

interface Found {
  /** The pick of least memory that does not fit, and the cheapest that does. */
  readonly over: Solution;
  readonly best?: Solution;
  readonly bound: number;
}

/** Of picks that fit the cheapest found; when none was found the one of least memory found. `free` does not fit. */
export function withinLimit(problem: Problem, free: Solution, limit: number, effort: Effort): Solution {
  const root = searchPrice(problem, free, limit, effort);
  if (!root.best) return { ...root.over, bound: root.bound };
  let { best } = root;
  const open = [{ problem, found: root }];
  const closed = ({ bound }: Found) => Math.ceil(bound - 1e-6) >= best.cost;
  for (let left = problem.sizes.length > few ? 0 : Math.floor(trials / problem.sizes.length); left > 0; ) {
    open.sort((a, b) => b.found.bound - a.found.bound);
    const next = open.pop();
    if (!next) break;
    if (closed(next.found)) continue;
    // `over` does not fit and `best` does, so they differ.
    const v = next.found.over.pick.findIndex((option, u) => option !== next.found.best!.pick[u]);
    for (const only of [true, false]) {
      left--;
      const half = restricted(next.problem, v, next.found.best!.pick[v]!, only);
      const start = solveAt(half, 0, effort);
      if (start.cost >= forbidden) continue;
      const found =
        start.memory <= limit
          ? { over: start, best: start, bound: start.bound }
          : searchPrice(half, start, limit, effort);
      if (found.best && found.best.cost < best.cost) best = found.best;
      if (found.best && start.memory > limit && !closed(found)) open.push({ problem: half, found });
    }
  }
  return { ...best, bound: Math.min(best.cost, ...open.map(({ found }) => found.bound)) };
}

/** The pick of least memory, whatever the limit: so what is said of it holds at every limit. */
export function leastMemory(problem: Problem, effort: Effort): readonly number[] {
  let all = 1;
  for (const { cost, memory } of problem.tables) {
    let most = 0;
    memory?.forEach((bytes, i) => {
      if (cost[i]! < forbidden && bytes > most) most = bytes;
    });
    all += most;
  }
  return solveAt(problem, 2 ** Math.floor(Math.log2(dearest / all)), effort).pick;
}

/** The problem with one option of a variable, or with all but it. */
function restricted({ sizes, tables }: Problem, v: number, option: number, only: boolean): Problem {
  const cost = Float64Array.from({ length: sizes[v]! }, (_, o) => ((o === option) === only ? 0 : forbidden));
  return { sizes, tables: [...tables, { variables: [v], cost }] };
}

/**
 * Between a price at which the pick does not fit and one at which it does, the next is that at which the two cost the
 * same; it ends where no pick lies between them, or where a mixture of the two is good enough.
 */
function searchPrice(problem: Problem, free: Solution, limit: number, effort: Effort): Found {
  let over = free;
  let under: Solution | undefined;
  let best: Solution | undefined;
  let { bound } = free;
  const visit = (price: number): Solution => {
    const found = solveAt(problem, price, effort);
    bound = Math.max(bound, found.bound - price * limit);
    if (found.memory > limit) over = found;
    else {
      under = found;
      if (!best || found.cost < best.cost) best = found;
    }
    return found;
  };
  const round = (price: number) => Math.max(grain, Math.round(price / grain) * grain);
  for (let price = round(free.cost / limit); !under && price * free.memory < dearest; price *= 4) visit(price);
  if (!under) return { over, bound };
  const seen = new Set<number>();
  for (let k = 0; k < steps; k++) {
    const [above, below] = [over, under];
    const price = round((below.cost - above.cost) / (above.memory - below.memory));
    if (seen.has(price)) break;
    seen.add(price);
    const found = visit(price);
    const mixed = mixture(problem, over.pick, under.pick, limit);
    if (mixed) {
      const { cost, memory } = evaluate(problem, mixed);
      if (cost < best!.cost) best = { pick: mixed, cost, memory, bound: Number.NEGATIVE_INFINITY };
    }
    if (found.memory === above.memory || found.memory === below.memory) break;
    if (problem.sizes.length <= few) continue;
    // No pick at a price between the two would cost less than the one that does not fit.
    const low = bound > Number.NEGATIVE_INFINITY ? bound : over.cost;
    if (best!.cost - low <= tolerance * best!.cost) break;
  }
  const pick = [...best!.pick];
  improve(problem, pick, limit);
  return { over, best: { pick, ...evaluate(problem, pick), bound }, bound };
}
