/** @file Writes DOT, Graphviz's language. Statements come out in the order in which they are given: same input, same bytes. */
import { font, ink, page } from "./style.ts";

/** A label of Graphviz's HTML, as `html` makes it. */
interface Html {
  readonly html: string;
}
export type DotAttrs = Readonly<Record<string, string | number | Html | undefined>>;

/** Backslashes stay as they are: in labels they begin Graphviz's escapes. */
const quote = (text: string): string => `"${text.replace(/"/g, '\\"')}"`;
const escapeHtml = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

/** A label of plain text, one line each. */
export const label = (...lines: readonly string[]): string => lines.map(escapeText).join("\\n");
/** The same, lines beginning at the left. */
export const leftLabel = (...lines: readonly string[]): string =>
  lines.map((line) => `${escapeText(line)}\\l`).join("");
const escapeText = (line: string): string => line.replace(/\\/g, "\\\\");

/** A record's label: fields under each other, each with lines that begin at its left. */
export const record = (...fields: readonly (readonly string[])[]): string =>
  `{${fields.map((lines) => lines.map((line) => `${line.replace(/[\\{}|<> ]/g, (c) => `\\${c}`)}\\l`).join("")).join("|")}}`;

/** A swatch of colour, and what it stands for. */
export interface Swatch {
  readonly fill: string;
  readonly line: string;
  readonly text: string;
}

/** Swatches beside each other. */
const swatchesInRow = 4;

/** Lines, and swatches in rows below, each with its text on it; a label of plain text where there is none. */
export function titled(lines: readonly string[], swatches: readonly Swatch[]): string | Html {
  if (swatches.length === 0) return label(...lines);
  const table = (rows: readonly string[], space: number) =>
    `<table border="0" cellborder="0" cellspacing="${space}" cellpadding="3">${rows.map((row) => `<tr>${row}</tr>`).join("")}</table>`;
  const swatch = ({ fill, line, text }: Swatch) =>
    `<td border="1" color="${line}" bgcolor="${fill}">${escapeHtml(text)}</td>`;
  const rows = Array.from({ length: Math.ceil(swatches.length / swatchesInRow) }, (_, i) =>
    table(
      [
        swatches
          .slice(i * swatchesInRow, (i + 1) * swatchesInRow)
          .map(swatch)
          .join(""),
      ],
      4,
    ),
  );
  return {
    html: table(
      [...lines.map(escapeHtml), ...rows].map((row) => `<td>${row}</td>`),
      0,
    ),
  };
}

const valueText = (value: string | number | Html): string =>
  typeof value === "object" ? `<${value.html}>` : quote(String(value));

const given = (attrs: DotAttrs): string[] =>
  Object.entries(attrs).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${valueText(value)}`]));

function attributes(attrs: DotAttrs): string {
  const list = given(attrs);
  return list.length ? ` [${list.join(", ")}]` : "";
}

export const node = (id: string, attrs: DotAttrs): string => `${quote(id)}${attributes(attrs)};`;
export const edge = (from: string, to: string, attrs: DotAttrs): string =>
  `${quote(from)} -> ${quote(to)}${attributes(attrs)};`;

/** Nodes side by side, in this order. */
export const row = (ids: readonly string[]): string =>
  `{ rank=same; ${ids.map(quote).join(" -> ")}${ids.length > 1 ? ' [style="invis"]' : ""}; }`;

/** Statements in a frame of their own. */
export const cluster = (id: string, attrs: DotAttrs, statements: readonly string[]): string =>
  [
    `subgraph ${quote(`cluster_${id}`)} {`,
    ...given(attrs).map((each) => `  ${each};`),
    ...indent(statements),
    "}",
  ].join("\n");

/** A whole graph in the house style, title on top. */
export const digraph = (title: string | Html, attrs: DotAttrs, statements: readonly string[]): string => {
  const whole = { label: title, labelloc: "t", fontname: font, fontsize: 17, fontcolor: ink, bgcolor: page, ...attrs };
  return `${[
    "digraph sluice {",
    `  graph${attributes(whole)};`,
    `  node${attributes({ fontname: font, fontsize: 12, fontcolor: ink, style: "filled", penwidth: 1.1 })};`,
    `  edge${attributes({ fontname: font, fontsize: 10.5, fontcolor: ink, arrowsize: 0.6, penwidth: 0.9 })};`,
    ...indent(statements),
    "}",
  ].join("\n")}\n`;
};

const indent = (statements: readonly string[]): string[] =>
  statements.flatMap((statement) => statement.split("\n").map((line) => `  ${line}`));
