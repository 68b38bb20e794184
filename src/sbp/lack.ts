/**
 * @file How many elements must reach the members of a layout at least, coming from another: what the search may count on
 * before it looks closer. For a whole target that is what each misses. In a partial target any one contribution may take
 * an element, so it counts as held where one of the members that are alike holds it.
 */
import type { Common } from "./cuts.ts";
import type { Placed } from "./placed.ts";

export interface Lack {
  /** Elements, of all members. */
  readonly sum: number;
  /** By member; undefined where it is not known who lacks what. */
  readonly by: readonly number[] | undefined;
  /** Every member holds as many elements as before, and lacks none. */
  readonly same: boolean;
}

/**
 * `own`: by member of the target, the member of the source on its rank, −1 for none. `apart`: contributions of a partial
 * source travel one by one, as in a transfer; otherwise they may be reduced on the way.
 */
export function lacking(from: Placed, to: Placed, own: readonly number[], common: Common, apart: boolean): Lack {
  const tables = to.cuts.map((cut, dim) => common(from.cuts[dim]!, cut));
  const { count: contributions, of } = from.parts;
  const members = to.sizes.length;
  const held = to.sizes.map((_, member) => {
    let n = 1;
    for (const table of tables) n *= table[member]!;
    return own[member]! < 0 ? 0 : n;
  });
  let same = true;
  for (let member = 0; member < members && same; member++)
    same = held[member] === to.sizes[member] && from.sizes[own[member]!] === to.sizes[member];

  if (to.parts.count === 1) {
    const by = to.sizes.map((count, member) => {
      if (contributions === 1) return count - held[member]!;
      // Of a partial value every member lacks something, wherever it is.
      return apart ? contributions * count - held[member]! : count;
    });
    return { sum: by.reduce((a, b) => a + b, 0), by, same: same && contributions === 1 };
  }
  let sum = 0;
  for (let part = 0; part < contributions; part++) {
    let lacks = 0;
    for (const alike of to.parts.alike) {
      const holders = alike.filter((member) => own[member]! >= 0 && of[own[member]!] === part);
      const different = holders.filter((a, i) => !holders.slice(0, i).some((b) => sharesAll(from, own[a]!, own[b]!)));
      const count = to.sizes[alike[0]!]!;
      lacks +=
        count -
        Math.min(
          count,
          different.reduce((n, member) => n + held[member]!, 0),
        );
    }
    sum = apart ? sum + lacks : Math.max(sum, lacks);
  }
  return { sum, by: undefined, same };
}

/** Whether two members hold the same elements; those that do share their lists. */
const sharesAll = ({ cuts }: Placed, a: number, b: number): boolean => cuts.every(({ lists }) => lists[a] === lists[b]);
