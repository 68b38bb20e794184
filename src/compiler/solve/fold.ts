/**
 * @file Repeated blocks solved once. Variables whose surroundings are alike, as far as a number of steps, form a class;
 * picking alike within classes is a problem of one variable a class, each table counted as often as it occurs. In a model
 * of equal blocks only those near its ends have classes of their own. The small problem's pick is a pick of the whole, and
 * its messages, shared out, are a good start for the whole's bound.
 */
import type { Factor, Factors } from "./factors.ts";
import type { Messages } from "./messages.ts";
import { surroundings } from "./surroundings.ts";

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
  const ids = Float64Array.from(rest, ({ table }) => table.id);
  const classOf = numbered(sizes, surroundings(Float64Array.from(sizes), rest, ids, reach));
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

/** Numbers in the order of appearance for variables of the same size and surroundings. */
function numbered(sizes: readonly number[], colours: Float64Array): Int32Array {
  const ids = new Map<number, number>();
  return Int32Array.from(colours, (colour, v) => {
    const key = sizes[v]! * 2 ** 32 + colour;
    const known = ids.get(key) ?? ids.size;
    ids.set(key, known);
    return known;
  });
}

const diagonal = (cost: Float64Array, size: number) =>
  Float64Array.from({ length: size }, (_, i) => cost[i * size + i]!);
