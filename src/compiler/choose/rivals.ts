/**
 * @file What would have come next: for every tensor the cheapest choice in which it lies otherwise. The ops within two
 * steps of it are chosen anew, by elimination; what is farther stays as it is, so the figure is of a choice that exists,
 * and the best of all such choices costs no more. Tensors in equal surroundings share the answer, so repeated blocks are
 * asked once.
 */
import type { Rival } from "../../ir/plan.ts";
import { Cache } from "../../sbp/cache.ts";
import type { Draft } from "../draft.ts";
import { decode, eliminate } from "../solve/eliminate.ts";
import { addTo, forbidden } from "../solve/factors.ts";
import { evaluate, indexOf, type Problem, type Table } from "../solve/problem.ts";
import { surroundings } from "../solve/surroundings.ts";
import type { Column, Menu } from "./menu.ts";

const steps = 2;
/** Ops with more neighbours, a step counter say, stay as they are. */
const crowd = 16;
/** Ops that are chosen anew at most, the nearest first. */
const most = 16;
const cap = 1 << 10;

/** By op, by output; undefined for ops with nothing to choose. */
export function rivalsOf(
  draft: Draft,
  menus: readonly Menu[],
  problem: Problem,
  pick: readonly number[],
): readonly (readonly (Rival | null)[] | undefined)[] {
  const { graph } = draft;
  const touching = problem.sizes.map(() => [] as number[]);
  problem.tables.forEach(({ variables }, k) => {
    for (const v of variables) touching[v]!.push(k);
  });
  const ids = new Map<Float64Array, Map<number, number>>();
  let told = 0;
  /** By table a number that says which it is and what is picked there. */
  const about = Float64Array.from(problem.tables, (table) => {
    const picked = ids.get(table.cost) ?? new Map<number, number>();
    ids.set(table.cost, picked);
    const at = indexOf(problem.sizes, table, pick);
    const known = picked.get(at) ?? told++;
    picked.set(at, known);
    return known;
  });
  const still = Uint8Array.from(touching, (all) => Number(all.length > crowd));
  const start = Float64Array.from(problem.sizes);
  // That two surroundings which differ agree in both numbers is not to be expected.
  const [one, two] = [0, 16].map((salt) => surroundings(start, problem.tables, about, steps + 1, { still, salt }));
  const known = new Cache<readonly (Rival | null)[], number>();
  return graph.ops.map((op, v) => {
    if (draft.settled.has(op.name) || problem.sizes[v]! < 2) return undefined;
    return known.get(still[v] ? -1 - v : one![v]! * 2 ** 21 + (two![v]! >>> 11), () => {
      const near = nearTo(problem, touching, still, v);
      const within = [...new Set(near.flatMap((u) => touching[u]!))];
      return op.outputs.map((_, j) => rivalOf(problem, within, near, v, menus[v]!.outs[j]!, pick));
    });
  });
}

/** The variables within some steps, ascending. */
function nearTo(
  { tables }: Problem,
  touching: readonly (readonly number[])[],
  still: Uint8Array,
  v: number,
): readonly number[] {
  const near = new Set([v]);
  let edge: readonly number[] = [v];
  for (let step = 0; step < steps; step++) {
    const next: number[] = [];
    for (const u of edge)
      for (const k of touching[u]!)
        for (const w of tables[k]!.variables)
          if (!near.has(w) && near.size < most && !still[w]) {
            near.add(w);
            next.push(w);
          }
    edge = next;
  }
  return [...near].sort((a, b) => a - b);
}

/**
 * The cheapest of the choices in which `v` gives another layout; null when there is none that may be. Layouts are looked at
 * in the order of what they cost at least.
 */
function rivalOf(
  { sizes, tables }: Problem,
  within: readonly number[],
  near: readonly number[],
  v: number,
  { layouts, of }: Column,
  pick: readonly number[],
): Rival | null {
  const place = new Map(near.map((u, i) => [u, i]));
  const size = near.map((u) => sizes[u]!);
  const local = within.map((k) => conditioned(sizes, tables[k]!, place, pick));
  const own = local.filter((_, i) => tables[within[i]!]!.variables.length === 1);
  const costOf = (at: readonly number[]) => ({
    ...evaluate({ sizes: size, tables: local }, at),
    own: evaluate({ sizes: size, tables: own }, at).cost,
  });
  const x = place.get(v)!;
  const around = eliminate(size, local, cap, Number.POSITIVE_INFINITY, x);
  const given = size.map(() => 0);
  const least = new Float64Array(of.length).fill(around.bound);
  for (const { variables, table } of around.rest) addTo(least, size, variables, table.cost, given, x);
  // By layout the option that promises most.
  const options: number[] = [];
  for (const [option, layout] of of.entries()) {
    const known = options[layout];
    if (known === undefined || least[option]! < least[known]!) options[layout] = option;
  }
  let best: (ReturnType<typeof costOf> & { readonly layout: number }) | undefined;
  for (const option of options.toSorted((a, b) => least[a]! - least[b]!)) {
    const layout = of[option]!;
    if (layout === of[pick[v]!]) continue;
    if (best && least[option]! > best.cost) break;
    const then = costOf(decode(size, around, given.with(x, option)));
    if (!best || then.cost < best.cost || (then.cost === best.cost && layout < best.layout)) best = { ...then, layout };
  }
  const now = costOf(near.map((u) => pick[u]!));
  const [cost, compute] = best ? [best.cost - now.cost, best.own - now.own] : [forbidden, 0];
  if (!best || cost >= forbidden / 2) return null;
  return {
    layout: layouts[best.layout]!,
    compute: compute * 1e-12,
    boxing: (cost - compute) * 1e-12,
    memory: best.memory - now.memory,
  };
}

/** A table with the variables outside as they are picked. */
function conditioned(
  sizes: readonly number[],
  { variables, cost, memory }: Table,
  place: ReadonlyMap<number, number>,
  pick: readonly number[],
): Table {
  const inside = variables.flatMap((v) => place.get(v) ?? []);
  const whole = inside.length === variables.length;
  if (whole) return { variables: inside, cost, ...(memory && { memory }) };
  let rows = Int32Array.of(0);
  for (const v of variables) {
    const [from, size] = place.has(v) ? [0, sizes[v]!] : [pick[v]!, 1];
    const next = new Int32Array(rows.length * size);
    for (let i = 0; i < next.length; i++) next[i] = rows[Math.floor(i / size)]! * sizes[v]! + from + (i % size);
    rows = next;
  }
  const cut = (all: Float64Array) => {
    const part = new Float64Array(rows.length);
    for (let i = 0; i < part.length; i++) part[i] = all[rows[i]!]!;
    return part;
  };
  return { variables: inside, cost: cut(cost), ...(memory && { memory: cut(memory) }) };
}
