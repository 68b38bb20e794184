/** @file Elements of hand-written SVG, as text. Numbers have two decimals, so the bytes are the same everywhere. */
type Attributes = Readonly<Record<string, string | number | undefined>>;

const escapeXml = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

const attributes = (given: Attributes): string =>
  Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${typeof value === "number" ? round(value) : escapeXml(value!)}"`)
    .join("");

const round = (n: number): number => Math.round(n * 100) / 100;

export const element = (name: string, given: Attributes, content?: string): string =>
  content === undefined
    ? `<${name}${attributes(given)}/>`
    : `<${name}${attributes(given)}>${escapeXml(content)}</${name}>`;

export const text = (x: number, y: number, content: string, given: Attributes = {}): string =>
  element("text", { x, y, ...given }, content);

export const line = (x1: number, y1: number, x2: number, y2: number, stroke: string): string =>
  element("line", { x1, y1, x2, y2, stroke, "stroke-width": 1 });

/** An outline; `d` as d3-shape gives it. */
export const path = (d: string, given: Attributes): string => element("path", { d, fill: "none", ...given });
