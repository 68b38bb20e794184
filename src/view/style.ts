/**
 * @file How all pictures look: a light page, few quiet colours with one meaning each, shapes that tell the same in black
 * and white, and fonts that every machine has.
 */
import type { NodeKind } from "./picture.ts";

export interface Tint {
  readonly fill: string;
  readonly line: string;
}

/** One colour for each kind of thing, in every picture. */
export const tints = {
  compute: { fill: "#e9f0fa", line: "#3f6ea8" },
  boxing: { fill: "#fdf0db", line: "#b86e0b" },
  host: { fill: "#f1f1f1", line: "#6e6e6e" },
  state: { fill: "#e6f3e8", line: "#3a8350" },
  port: { fill: "#f1eaf8", line: "#7650a0" },
} as const satisfies Record<string, Tint>;

/** The same on a dark page. */
export const darkTints = {
  compute: { fill: "#15263c", line: "#6a9fe0" },
  boxing: { fill: "#33240f", line: "#dc9b45" },
  host: { fill: "#22272d", line: "#8f98a2" },
  state: { fill: "#122d1b", line: "#5bb076" },
  port: { fill: "#271c39", line: "#a98ad8" },
} as const satisfies Record<keyof typeof tints, Tint>;

/** What nodes of pictures are coloured as. */
export const tintOf: { readonly [K in NodeKind]: keyof typeof tints } = {
  input: "port",
  output: "port",
  state: "state",
  compute: "compute",
  boxing: "boxing",
  module: "compute",
  task: "compute",
  transfer: "boxing",
  collective: "boxing",
  source: "host",
  sink: "host",
};

/** The node attributes of a kind of thing. */
export const paint = (kind: keyof typeof tints) => ({ fillcolor: tints[kind].fill, color: tints[kind].line });

export const ink = "#222222";
export const faint = "#767676";
export const grid = "#e4e4e4";
export const page = "#ffffff";

export const darkInk = "#e6edf3";
export const darkFaint = "#9198a1";
export const darkGrid = "#2a313a";
export const darkPage = "#0d1117";

/** Work in time: strong enough to be seen where it is narrow. Light, then dark pages. */
export const bars = {
  compute: ["#7ba6d9", "#3f74b5"],
  communication: ["#e9a05a", "#b8681f"],
} as const;

/** Series of a chart, in order; they differ in lightness too. */
export const series = ["#2f62a3", "#c2670a"] as const;

export const font = "Helvetica";
export const fontStack = "Helvetica, Arial, sans-serif";

/** A quiet frame around what belongs together, its name at the upper left. */
export const clusterStyle = (label: string, fontsize: number) => ({
  label,
  fontname: font,
  fontsize,
  fontcolor: faint,
  labeljust: "l",
  color: "#c9ced6",
  bgcolor: "#fafbfc",
  style: "rounded",
  margin: 12,
});
