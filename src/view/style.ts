/**
 * @file How all pictures look: a light page, few quiet colours with one meaning each, shapes that tell the same in black
 * and white, and fonts that every machine has.
 */
import type { Tone } from "./tone.ts";

export interface Tint {
  readonly fill: string;
  readonly line: string;
}

/** What actors are at, and what the explorer's page marks. */
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

/** Layouts. They differ in lightness and along blue and yellow, which people see who do not tell red from green. */
export const layoutTints: { readonly [T in Tone]: Tint } = {
  whole: { fill: "#f4f4f4", line: "#6b6f74" },
  split0: { fill: "#cfe2fb", line: "#2463b4" },
  split1: { fill: "#b5ead3", line: "#08805c" },
  split2: { fill: "#f8efa2", line: "#7d6c00" },
  splits: { fill: "#8fbce9", line: "#123f6d" },
  partial: { fill: "#fdc98c", line: "#b05a00" },
  mixed: { fill: "#eab0cf", line: "#93388b" },
};

/** The same on a dark page. */
export const darkLayoutTints: { readonly [T in Tone]: Tint } = {
  whole: { fill: "#262b31", line: "#969da5" },
  split0: { fill: "#17345a", line: "#6ea8f2" },
  split1: { fill: "#0a4a36", line: "#3fc096" },
  split2: { fill: "#554f0d", line: "#d3c04a" },
  splits: { fill: "#1f5f92", line: "#a3d8f8" },
  partial: { fill: "#5a300a", line: "#f0a24c" },
  mixed: { fill: "#7a3566", line: "#dd92d4" },
};

/** What has no layout: ends on the host. */
export const unlaid: Tint = { fill: "#ffffff", line: "#8a8f96" };
const darkUnlaid: Tint = { fill: "#0d1117", line: "#7d8590" };

/** Lines between ranks that exchange data. */
export const links = { group: "#4b545e", other: "#a3abb4" } as const;

export const ink = "#222222";
export const faint = "#767676";
export const grid = "#e4e4e4";
export const page = "#ffffff";
/** What explains a name, on a tint too. */
export const said = "#484f57";
export const failed: Tint = { fill: "#fbe4e4", line: "#b3261e" };
const frame: Tint = { fill: "#fafbfc", line: "#c9ced6" };

export const darkInk = "#e6edf3";
export const darkSaid = "#b3bac2";
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
  color: frame.line,
  bgcolor: frame.fill,
  style: "rounded",
  margin: 12,
});

/** Colours of pictures on a light page, each with the one that stands for it on a dark page. */
export const darkened: ReadonlyMap<string, string> = new Map([
  [page, darkPage],
  [ink, darkInk],
  [said, darkSaid],
  [faint, darkFaint],
  [links.group, "#aab3bd"],
  [links.other, "#5f6873"],
  ...pairs(failed, { fill: "#3d1715", line: "#ff7b72" }),
  ...pairs(frame, { fill: "#11161d", line: "#3a434e" }),
  ...pairs(unlaid, darkUnlaid),
  ...(Object.keys(tints) as (keyof typeof tints)[]).flatMap((name) => pairs(tints[name], darkTints[name])),
  ...(Object.keys(layoutTints) as Tone[]).flatMap((tone) => pairs(layoutTints[tone], darkLayoutTints[tone])),
]);

function pairs(light: Tint, dark: Tint): [string, string][] {
  return [
    [light.fill, dark.fill],
    [light.line, dark.line],
  ];
}
