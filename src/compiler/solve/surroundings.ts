/**
 * @file Which variables have equal surroundings (colour refinement; Weisfeiler & Lehman 1968). Step by step a variable's
 * number comes to say what its tables are and what the variables behind them were a step before, so equal surroundings
 * get equal numbers. Others differ but for chance.
 */

interface About {
  /** One or two. */
  readonly variables: readonly number[];
}

/**
 * By variable a number below 2³² that says its surroundings, so many steps along tables. `start` says what a variable is
 * by itself, `ids` which table is which. Variables that are `still` are seen as they started. `salt` makes other numbers.
 */
export function surroundings(
  start: Float64Array,
  tables: readonly About[],
  ids: Float64Array,
  steps: number,
  { still, salt = 0 }: { readonly still?: Uint8Array; readonly salt?: number } = {},
): Float64Array {
  const table = ids.map((id) => mix(id, salt + 1));
  let colour = start;
  for (let step = 0; step < steps; step++) {
    const sum = colour.map((c) => mix(c, salt + 2));
    for (let i = 0; i < tables.length; i++) {
      const { variables } = tables[i]!;
      const [a, b] = [variables[0]!, variables[1]];
      if (b === undefined) sum[a]! += mix(table[i]!, salt + 3);
      else {
        sum[a]! += mix(table[i]! + 5 * colour[b]!, salt + 4);
        sum[b]! += mix(table[i]! + 5 * colour[a]!, salt + 6);
      }
    }
    // A sum does not depend on the order of what is summed.
    colour = sum.map((s, v) => (still?.[v] ? start[v]! : s >>> 0));
  }
  return colour;
}

/** A number below 2³² that looks like chance (MurmurHash3's finish). */
function mix(value: number, salt: number): number {
  let h = Math.imul(value ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
