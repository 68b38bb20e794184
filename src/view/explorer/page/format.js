/** @file Numbers as people read them, as `src/view/format.ts` writes them. */

/** @param {number} n */
export const count = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

/**
 * @param {number} n
 * @param {readonly string[]} units
 */
const scaled = (n, units) => {
  let [value, unit] = [n, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 && Number.isInteger(value) ? value : value.toPrecision(3)} ${units[unit]}`;
};

/** @param {number} n */
export const bytes = (n) => scaled(n, ["B", "KB", "MB", "GB", "TB"]);

/** @param {number} t seconds */
export const seconds = (t) =>
  t >= 1 ? `${t.toPrecision(3)} s` : t === 0 ? "0" : scaled(t * 1e9, ["ns", "µs", "ms", "s"]);

/**
 * @param {number} n
 * @param {(n: number) => string} text
 */
export const signed = (n, text) => (n === 0 ? "–" : `${n > 0 ? "+" : "−"}${text(Math.abs(n))}`);

/**
 * `0–3,8`
 * @param {readonly number[]} numbers in order
 */
export const ranges = (numbers) => {
  /** @type {[number, number][]} */
  const runs = [];
  for (const n of numbers) {
    const run = runs.at(-1);
    if (run && n === run[1] + 1) run[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}${b === a + 1 ? "," : "–"}${b}`)).join(",");
};

/**
 * Round steps of an axis: at most `most` of them up to `end`.
 * @param {number} span
 * @param {number} most
 */
export const tickStep = (span, most) => {
  const least = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least) ?? 10 * power;
};

/**
 * A time on an axis, with the digits that tell it from its neighbour: `13.84 ms`.
 * @param {number} t seconds
 * @param {number} step seconds from one tick to the next
 */
export const tickText = (t, step) => {
  if (t === 0) return "0";
  const units = /** @type {const} */ ([
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "µs"],
    [1e-9, "ns"],
  ]);
  const [unit, name] = units.find(([size]) => t >= size * (1 - 1e-9)) ?? [1e-9, "ns"];
  const digits = Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9));
  return `${(t / unit).toFixed(digits)} ${name}`;
};
