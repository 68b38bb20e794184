/**
 * @file Repeated blocks solved once. Variables whose surroundings are alike, as far as a number of steps, form a class
 * (colour refinement; Weisfeiler & Lehman 1968); picking alike within classes is a problem of one variable a class, each
 * table counted as often as it occurs. In a model of equal blocks only those near its ends have classes of their own. The
 * small problem's pick is a pick of the whole, and its messages, shared out, are a good start for the whole's bound.
 */
import type { Factor, Factors } from "./factors.ts";
import type { Messages } from "./messages.ts";

export interface Folded {
  readonly sizes: readonly number[];
  readonly tables: readonly { readonly variables: readonly number[]; readonly cost: Float64Array }[];
  /** Class by variable. */
  readonly classOf: Int32Array;
  /** For each of the whole's factors, the messages along it by those of the small problem, by table. */
  unfold(messages: readonly (Messages | undefined)[]): (Messages | undefined)[];
}

/** Steps along tables that surroundings reach. */
const reach = 2;

/** Undefined when there is little to gain. */
export function fold(sizes: readonly number[], rest: readonly Factor[], factors: Factors): Folded | undefined {
  if (!factors.remembers) return undefined;
  const classOf = classes(sizes, rest);
  const left = new Set<number>();
  for (const { variables } of rest) for (const v of variables) left.add(v);
  const found = new Set<number>();
  for (const v of left) found.add(classOf[v]!);
  if (found.size > 0.7 * left.size) return undefined;
  const small: number[] = [];
  for (const [v, c] of classOf.entries()) small[c] = sizes[v]!;
  // Tables by what they are about and what they hold, with their number.
  const tables: { variables: number[]; cost: Float64Array; times: number }[] = [];
  const known = new Map<number, number>();
  const place = rest.map(({ variables, table }) => {
    const at = variables.map((v) => classOf[v]!);
    let key = table.id;
    for (const c of at) key = key * small.length + c;
    const index = known.get(key) ?? tables.push({ variables: at, cost: table.cost, times: 0 }) - 1;
    known.set(key, index);
    tables[index]!.times++;
    return index;
  });
  const weighed = tables.map(({ variables, cost, times }) => {
    const [a, b] = variables;
    const each = a === b ? diagonal(cost, small[a!]!) : cost;
    return { variables: a === b ? [a!] : variables, cost: each.map((c) => c * times) };
  });
  return {
    sizes: small,
    tables: weighed.map(({ variables, cost }) => ({ variables, cost: factors.intern(cost).cost })),
    classOf,
    unfold: (messages) =>
      rest.map((_, i) => {
        const index = place[i]!;
        const sent = messages[index];
        const { times } = tables[index]!;
        return sent && { ahead: sent.ahead.map((m) => m / times), back: sent.back.map((m) => m / times) };
      }),
  };
}

const diagonal = (cost: Float64Array, size: number) =>
  Float64Array.from({ length: size }, (_, i) => cost[i * size + i]!);

/** Colour refinement: a variable's class says its own tables, and those that lead from it to which classes. */
function classes(sizes: readonly number[], rest: readonly Factor[]): Int32Array {
  const tables = rest.map(({ table }) => mix(table.id, 1));
  let colour = Float64Array.from(sizes, (size) => size);
  for (let step = 0; step < reach; step++) {
    const sum = colour.map((c) => mix(c, 2));
    for (let i = 0; i < rest.length; i++) {
      const { variables } = rest[i]!;
      const [a, b] = [variables[0]!, variables[1]];
      if (b === undefined) sum[a]! += mix(tables[i]!, 3);
      else {
        sum[a]! += mix(tables[i]! + 5 * colour[b]!, 4);
        sum[b]! += mix(tables[i]! + 5 * colour[a]!, 6);
      }
    }
    // A sum does not depend on the order of what is summed.
    colour = sum.map((s) => s >>> 0);
  }
  const ids = new Map<number, number>();
  return Int32Array.from(colour, (c, v) => {
    const key = sizes[v]! * 2 ** 32 + c;
    const known = ids.get(key) ?? ids.size;
    ids.set(key, known);
    return known;
  });
}

/** A number below 2³² that looks like chance (MurmurHash3's finish). */
function mix(value: number, salt: number): number {
  let h = Math.imul(value ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
