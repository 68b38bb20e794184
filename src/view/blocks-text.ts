/**
 * @file The blocks of a tensor on a mesh as text: a grid of boxes, each with the ranks that hold it. Splits of a dim cut
 * it in the same places everywhere, so the blocks of a tensor are a grid, and two dims of it a table.
 */
import { range } from "../graph/dims.ts";
import type { Layout } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { type Interval, type Region, regions } from "../sbp/boxes.ts";
import { ranges } from "./format.ts";

export interface Laid {
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly placement: PlacementData;
}

/** Blocks along one dim of a table beyond which its middle is left out, and how many are shown before the gap then. */
const most = 12;
const ahead = 6;
/** ANSI colours that are legible on dark and on light. */
const colours = [36, 33, 35, 32, 34, 31];

/** Lines. With colours blocks of the same ranks have the same one. */
export function drawBlocks({ shape, layout, placement }: Laid, color: boolean): string[] {
  const held = regions(layout, shape, placement);
  const blocks = shape.map((extent, dim) => blocksOf(extent, held, dim));
  if (shape.some((extent) => extent === 0)) return ["  no elements"];
  const split = blocks.flatMap((list, dim) => (list.length > 1 ? [dim] : []));
  const [rows, columns] = tableOf(split, shape.length);
  const paint = painter(color);
  /** Ranks that hold what lies at these blocks, all other dims being whole. */
  const holders = (at: ReadonlyMap<number, Interval>): string => {
    const has = (region: Region) =>
      [...at].every(([dim, [first]]) => region[dim]!.some(([lo, hi]) => lo <= first && first < hi));
    return ranges(placement.ranks.filter((_, member) => has(held[member]!)));
  };
  const slices = split.filter((dim) => dim !== rows && dim !== columns);
  const outer = combinations(slices.map((dim) => shown(blocks[dim]!).map((place) => ({ dim, place }))));
  const tables = outer.map((fixed): string[] => {
    if (fixed.some(({ place }) => place === gap)) return [`  ${gap}`];
    const others = fixed.flatMap(({ dim, place }) => at(dim, place));
    const lines = grid(
      rows === undefined ? [undefined] : shown(blocks[rows]!),
      columns === undefined ? [undefined] : shown(blocks[columns]!),
      (row, column) => holders(new Map([...others, ...at(rows, row), ...at(columns, column)])),
      paint,
    );
    if (fixed.length === 0) return lines;
    const name = range(shape.length).map((dim) => text(fixed.find((other) => other.dim === dim)?.place) || ":");
    return [`  [${name.join(", ")}]`, ...lines];
  });
  // Of gaps in several dims one is enough.
  const kept = tables.filter((table, i) => table.length > 1 || tables[i - 1]?.length !== 1);
  return kept.flatMap((table, i) => (i > 0 ? ["", ...table] : table));
}

const at = (dim: number | undefined, place: Place): (readonly [number, Interval])[] =>
  dim === undefined || place === undefined || place === gap ? [] : [[dim, place]];

/** Dims that are rows and columns: of those that are split the last two, a last dim being columns. */
function tableOf(split: readonly number[], dims: number): [rows: number | undefined, columns: number | undefined] {
  if (split.length > 1) return [split.at(-2), split.at(-1)];
  const [only] = split;
  return only === dims - 1 ? [undefined, only] : [only, undefined];
}

/** The finest pieces of a dim that ranks hold whole. */
function blocksOf(extent: number, held: readonly Region[], dim: number): Interval[] {
  const cuts = new Set([0, extent, ...held.flatMap((region) => region[dim]!.flat())]);
  const sorted = [...cuts].sort((a, b) => a - b);
  return sorted.slice(1).map((end, i) => [sorted[i]!, end]);
}

const combinations = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((head) => list.map((item) => [...head, item])), [[]]);

const show = ([lo, hi]: Interval): string => `${lo}:${hi}`;

/** What is left out. */
const gap = "…";
type Place = Interval | typeof gap | undefined;

const shown = (blocks: readonly Interval[]): Place[] =>
  blocks.length <= most ? [...blocks] : [...blocks.slice(0, ahead), gap, ...blocks.slice(ahead + 1 - most)];

const text = (place: Place): string => (place === undefined ? "" : place === gap ? gap : show(place));

/** A table with its rows' and columns' places beside and above it. */
function grid(
  rows: readonly Place[],
  columns: readonly Place[],
  cell: (row: Place, column: Place) => string,
  paint: (cell: string, padded: string) => string,
): string[] {
  const cells = rows.map((row) => columns.map((column) => (row === gap || column === gap ? gap : cell(row, column))));
  const width = Math.max(3, ...columns.map((place) => text(place).length), ...cells.flat().map(({ length }) => length));
  const left = Math.max(0, ...rows.map((place) => text(place).length));
  const centre = (word: string) => word.padStart((width + word.length) >> 1).padEnd(width);
  const edge = " ".repeat(left + 3);
  const rule = ([a, b, c]: readonly [string, string, string]) =>
    `${edge}${a}${columns.map(() => "─".repeat(width + 2)).join(b)}${c}`;
  const heads = columns.map((place) => ` ${centre(text(place))} `).join(" ");
  return [
    ...(heads.trim() === "" ? [] : [`${edge} ${heads}`.trimEnd()]),
    rule(["┌", "┬", "┐"]),
    ...cells.flatMap((line, i) => [
      ...(i > 0 ? [rule(["├", "┼", "┤"])] : []),
      `  ${text(rows[i]).padStart(left)} │${line.map((word) => ` ${paint(word, centre(word))} `).join("│")}│`,
    ]),
    rule(["└", "┴", "┘"]),
  ];
}

/** Colours by what stands in a cell, in the order in which it is met. */
function painter(color: boolean): (cell: string, padded: string) => string {
  const known = new Map<string, number>();
  return (cell, padded) => {
    if (!color || cell === gap) return padded;
    const number = known.get(cell) ?? known.size;
    known.set(cell, number);
    return `\u001b[${colours[number % colours.length]}m${padded}\u001b[0m`;
  };
}
