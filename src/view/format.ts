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

/** Where a line may break, the best first: behind what is listed, between words, behind the parts of a name. */
const breaks = [/^.*[,·→;] /s, /^.* /s, /^.*[._,-]/s];

/** Lines of at most a width; what has no place to break at is broken anywhere. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    // A space at the very end of a line is none.
    const fits = rest.slice(0, width + 1);
    const heads = breaks.map((head) => head.exec(fits.endsWith(" ") ? fits : fits.slice(0, width))?.[0] ?? "");
    const end = (heads.find((head) => head !== "") ?? rest.slice(0, width)).length;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

export interface Column {
  readonly title: string;
  /** Numbers stand to the right, and in one line. */
  readonly right?: boolean;
}

const widest = 120;
const narrowest = 12;
const [indent, gap] = [2, 2];

/**
 * Rows under their titles, two spaces between columns, each line indented by two. Where a line would be longer than 120
 * characters the widest columns give way, and their cells go on in the lines below.
 */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const room = widest - indent - gap * (columns.length - 1);
  for (let excess = widths.reduce((a, b) => a + b, 0) - room; excess > 0; excess--) {
    const most = Math.max(...widths.map((width, i) => (columns[i]!.right ? 0 : width)));
    if (most <= narrowest) break;
    widths[widths.findIndex((width, i) => width === most && !columns[i]!.right)]!--;
  }
  const lines = (cells: readonly string[]): string[] => {
    const wrapped = cells.map((cell, i) => (columns[i]!.right ? [cell] : wrap(cell, widths[i]!)));
    const height = Math.max(...wrapped.map(({ length }) => length));
    return Array.from({ length: height }, (_, k) => {
      const line = wrapped.map((parts, i) => {
        const text = parts[k] ?? "";
        return columns[i]!.right ? text.padStart(widths[i]!) : text.padEnd(widths[i]!);
      });
      return `${" ".repeat(indent)}${line.join(" ".repeat(gap))}`.trimEnd();
    });
  };
  return [columns.map(({ title }) => title), ...rows].flatMap(lines);
}
