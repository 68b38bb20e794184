/** @file The page's colours as a style sheet: those of all pictures, for light and for dark pages. */
import {
  bars,
  darkFaint,
  darkGrid,
  darkInk,
  darkLayoutTints,
  darkPage,
  darkSaid,
  darkTints,
  faint,
  fontStack,
  grid,
  ink,
  layoutTints,
  page,
  said,
  type Tint,
  tints,
} from "../style.ts";

const light: Readonly<Record<string, string>> = {
  page,
  panel: "#f7f8fa",
  frame: "#fafbfc",
  "frame-line": "#c9ced6",
  ink,
  faint,
  said,
  grid,
  accent: "#0b57d0",
  wait: "#b3261e",
  "bar-compute": bars.compute[0],
  "bar-comm": bars.communication[0],
  "on-bar": "#1b1f24",
  ...named(tints),
  ...named(layoutTints),
};

const dark: Readonly<Record<string, string>> = {
  page: darkPage,
  panel: "#151b23",
  frame: "#11161d",
  "frame-line": "#3a434e",
  ink: darkInk,
  faint: darkFaint,
  said: darkSaid,
  grid: darkGrid,
  accent: "#79b0ff",
  wait: "#ff7b72",
  "bar-compute": bars.compute[1],
  "bar-comm": bars.communication[1],
  "on-bar": "#ffffff",
  ...named(darkTints),
  ...named(darkLayoutTints),
};

function named(of: Readonly<Record<string, Tint>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(of).flatMap(([name, { fill, line }]) => [
      [name, fill],
      [`${name}-line`, line],
    ]),
  );
}

const sheet = (colours: Readonly<Record<string, string>>): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(" ");

/** Custom properties of the root; `data-theme` overrides what the reader's system prefers. */
export const themeSheet = [
  `:root { --font: ${fontStack}; color-scheme: light; ${sheet(light)} }`,
  `@media (prefers-color-scheme: dark) { :root { color-scheme: dark; ${sheet(dark)} } }`,
  `:root[data-theme="light"] { color-scheme: light; ${sheet(light)} }`,
  `:root[data-theme="dark"] { color-scheme: dark; ${sheet(dark)} }`,
].join("\n");
