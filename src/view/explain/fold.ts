/**
 * @file Rows of repeated blocks as one: those that differ in nothing but one number of their names become
 * `blocks.0–11.mlp.up.weight ×12`. Number after number, so that blocks within blocks fold too, and the numbers named are
 * just those that were there.
 */
import { ranges } from "../format.ts";

/** Fewer are as easily read one by one. */
const least = 3;

interface Row {
  /** The name: text and numbers in turn. */
  readonly name: readonly string[];
  readonly rest: readonly string[];
  readonly times: number;
}

/** Of each row the first cell is a name. The others keep their order, by the first of those that became one. */
export function fold(rows: readonly (readonly string[])[]): string[][] {
  let folded = rows.map(([name = "", ...rest]): Row => ({ name: name.split(/(\d+)/), rest, times: 1 }));
  const numbers = Math.max(0, ...folded.map(({ name }) => name.length >> 1));
  for (let i = 0; i < numbers; i++) folded = along(folded, 2 * i + 1);
  return folded.map(({ name, rest, times }) => [name.join("") + (times > 1 ? ` ×${times}` : ""), ...rest]);
}

function along(rows: readonly Row[], at: number): Row[] {
  const alike = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.name.toSpliced(at, 1), row.rest, row.times]);
    const known = alike.get(key);
    if (known) known.push(row);
    else alike.set(key, [row]);
  }
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (same.length < least || first!.name[at] === undefined) return same;
    const text = ranges(same.map(({ name }) => Number(name[at])));
    return [{ name: first!.name.with(at, text), rest: first!.rest, times: first!.times * same.length }];
  });
}
