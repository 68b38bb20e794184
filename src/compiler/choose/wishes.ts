/**
 * @file Who wants a copy of a value, in which layout: what the price of a copy is shared by. Before anything is picked all
 * who could want it count; after a pick those who do.
 */
import { Cache } from "../../sbp/cache.ts";
import { nothing } from "./moves.ts";
import { type Taken, waiting } from "./takings.ts";

/** By key of a copy how many of a value's users count. Equal wishes are one object. */
export interface Wishes {
  readonly id: number;
  readonly users: ReadonlyMap<string, number>;
}

/** One user, or users that share nothing. */
export const alone: Wishes = { id: 0, users: new Map() };

/** By value: those who could want it, and those who do by a pick. */
export function wishesOf(values: number, taken: readonly (readonly Taken[])[]) {
  const takers = Array.from({ length: values }, () => [] as Taken[]);
  for (const all of taken) for (const one of all) takers[one.value]!.push(one);
  const known = new Cache<Wishes>();
  let made = 0;
  /** `wanted`: for each user the keys that it may want, or wants. */
  const count = (wanted: readonly (readonly string[])[]): Wishes => {
    const users = new Map<string, number>();
    for (const keys of wanted) for (const key of keys) users.set(key, (users.get(key) ?? 0) + 1);
    if (users.size === wanted.reduce((n, keys) => n + keys.length, 0)) return alone;
    const more = [...users].filter(([, n]) => n > 1).sort(([a], [b]) => (a < b ? -1 : 1));
    return known.get(more.join(";"), () => ({ id: ++made, users }));
  };
  const whole = new Cache<readonly string[], number>();
  const keysOf = ({ taking: { id, after } }: Taken) => whole.get(id, () => [...new Set(after.keys.flat())]);
  const alike = new Cache<Wishes>();
  return {
    /** `settled`: by op an option that is settled, −1 where none is. */
    could: (settled?: readonly number[]): readonly Wishes[] =>
      takers.map((all): Wishes => {
        if (all.length < 2) return alone;
        if (!settled) {
          const text = all.map(({ taking }) => taking.id).sort((a, b) => a - b);
          return alike.get(text.join(), () => count(all.map(keysOf)));
        }
        return count(
          all.map((one) => {
            const [option, given] = [settled[one.by]!, settled[one.from]!];
            if (option < 0) return keysOf(one);
            const { before, after, moves } = one.taking;
            const set = after.of[option]!;
            const keys = after.keys[set]!;
            const waits = given < 0 || moves[before.of[given]!]![set]!.at(-1) !== nothing;
            return waits ? keys : keys.filter((key) => key !== waiting);
          }),
        );
      }),
  };
}
