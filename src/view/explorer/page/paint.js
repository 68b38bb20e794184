/** @file What all views draw with: the page's colours, and text that fits. */

/** @type {Map<string, string>} */
const colours = new Map();

/** A colour of the style sheet by its name. @param {string} name */
export function colour(name) {
  let value = colours.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    colours.set(name, value);
  }
  return value;
}

/** To be called when light turns to dark. */
export const forgetColours = () => colours.clear();

/** The tint of a layout; what has none is plain. @param {import("../../tone.ts").Tone | null} tone */
export const tintOf = (tone) => tone ?? "page";
/** The same for lines. @param {import("../../tone.ts").Tone | null} tone */
export const lineOf = (tone) => (tone ? `${tone}-line` : "host-line");

/** @type {Map<string, string>} */
const cut = new Map();

/**
 * The text, cut at its end where it is wider than that.
 * @param {CanvasRenderingContext2D} ctx
 * @param {string} text
 * @param {number} width in the units of its font
 */
export function fitting(ctx, text, width) {
  const key = `${ctx.font}|${Math.round(width)}|${text}`;
  const known = cut.get(key);
  if (known !== undefined) return known;
  let fits = text;
  if (ctx.measureText(text).width > width) {
    let [low, high] = [0, text.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (ctx.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
      else high = middle - 1;
    }
    fits = low > 0 ? `${text.slice(0, low)}…` : "";
  }
  if (cut.size > 20_000) cut.clear();
  cut.set(key, fits);
  return fits;
}

/** @param {number} size @param {boolean} [bold] */
export const fontOf = (size, bold = false) => `${bold ? "600 " : ""}${size}px ${colour("font")}`;
