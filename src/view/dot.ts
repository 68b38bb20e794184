/** @file Writes DOT, Graphviz's language. Statements come out in the order in which they are given: same input, same bytes. */
import { font, ink, page } from "./style.ts";

export type DotAttrs = Readonly<Record<string, string | number | undefined>>;

/** Backslashes stay as they are: in labels they begin Graphviz's escapes. */
const quote = (text: string): string => `"${text.replace(/"/g, '\\"')}"`;

/** A label of plain text, one line each. */
export const label = (...lines: readonly string[]): string => lines.map(escapeText).join("\\n");
/** The same, lines beginning at the left. */
export const leftLabel = (...lines: readonly string[]): string =>
  lines.map((line) => `${escapeText(line)}\\l`).join("");
const escapeText = (line: string): string => line.replace(/\\/g, "\\\\");

/** A record's label: fields under each other, each with lines that begin at its left. */
export const record = (...fields: readonly (readonly string[])[]): string =>
  `{${fields.map((lines) => lines.map((line) => `${line.replace(/[\\{}|<> ]/g, (c) => `\\${c}`)}\\l`).join("")).join("|")}}`;

const given = (attrs: DotAttrs): [key: string, value: string][] =>
  Object.entries(attrs).flatMap(([key, v]): [string, string][] => (v === undefined ? [] : [[key, String(v)]]));

function attributes(attrs: DotAttrs): string {
  const list = given(attrs).map(([key, v]) => `${key}=${quote(v)}`);
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
    ...given(attrs).map(([key, v]) => `  ${key}=${quote(v)};`),
    ...indent(statements),
    "}",
  ].join("\n");

/** A whole graph in the house style, title on top. */
export const digraph = (title: string, attrs: DotAttrs, statements: readonly string[]): string => {
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
