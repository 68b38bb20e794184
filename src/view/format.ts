/** @file Numbers and tables as people read them. The same in every locale, so that views are the same bytes everywhere. */

/** `60,000` */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

const byteUnits = ["B", "KB", "MB", "GB", "TB"];

/** Three digits, in powers of 1,000: `512 B`, `10.2 KB`, `1.61 MB`. */
export const bytes = (n: number): string => scaled(n, byteUnits);

/** Three digits: `850 ns`, `12.5 µs`, `3.20 ms`, `1.40 s`. */
export const seconds = (t: number): string =>
  t >= 1 ? `${t.toPrecision(3)} s` : scaled(t * 1e9, ["ns", "µs", "ms", "s"]);

function scaled(n: number, units: readonly string[]): string {
  let [value, unit] = [n, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  const whole = unit === 0 && Number.isInteger(value);
  return `${whole ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** Cuts a text that is too long at its end: `fc1.matmul … lo…`. */
export const shorten = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`;

/** `ranks 0–3,8` */
export function ranges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && n === run[1] + 1) run[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}${b === a + 1 ? "," : "–"}${b}`)).join(",");
}

/** Fills lines with words, separated by commas. */
export function fill(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 2 + word.length <= width) lines[lines.length - 1] = `${line}, ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** How often each text occurs, in the order of first occurrence. */
export function tally(texts: readonly string[]): [text: string, times: number][] {
  const times = new Map<string, number>();
  for (const text of texts) times.set(text, (times.get(text) ?? 0) + 1);
  return [...times];
}

export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly right?: boolean;
  /** The widest that it may be; longer texts are cut. */
  readonly max?: number;
}

/** Rows under their titles, two spaces between columns, each line indented by two. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cut = rows.map((row) => row.map((cell, i) => shorten(cell, columns[i]!.max ?? Number.POSITIVE_INFINITY)));
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...cut.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (columns[i]!.right ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join("  ")}`.trimEnd();
  return [line(columns.map(({ title }) => title)), ...cut.map(line)];
}
