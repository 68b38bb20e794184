/** @file A picture as a flowchart of Mermaid, which many pages draw. Colours are those of the other pictures. */
import type { EdgeKind, NodeKind, Picture, PictureEdge, PictureNode } from "./picture.ts";
import { clusterStyle, ink, tintOf, tints } from "./style.ts";

/** What stands before and behind a node's text. */
const shapes: { readonly [K in NodeKind]: readonly [open: string, close: string] } = {
  input: ["[\\", "/]"],
  output: ["[/", "\\]"],
  state: ["[(", ")]"],
  compute: ["(", ")"],
  boxing: ["{{", "}}"],
  module: ["[[", "]]"],
  task: ["(", ")"],
  transfer: ["(", ")"],
  collective: ["{{", "}}"],
  source: ["[\\", "/]"],
  sink: ["[/", "\\]"],
};

const arrows: { readonly [K in EdgeKind]: string } = {
  tensor: "-->",
  next: "-.->",
  write: "-.->",
  register: "-->",
  carried: "-.->",
  host: "-->",
  group: "===",
  "other group": "===",
};

/** The same picture gives the same bytes. */
export function pictureMermaid(picture: Picture): string {
  const { color, bgcolor, fontcolor } = clusterStyle("", 0);
  const inside = (frame: string | null, indent: string): string[] => [
    ...picture.clusters
      .filter((cluster) => cluster.inside === frame)
      .flatMap(({ id, text }) => [
        `${indent}subgraph ${id}[${quoted(text)}]`,
        ...inside(id, `${indent}  `),
        `${indent}end`,
      ]),
    ...picture.nodes.filter((node) => node.inside === frame).map((node) => indent + nodeText(node)),
  ];
  const used = new Set(picture.nodes.map(({ kind }) => tintOf[kind]));
  const classes = Object.entries(tints).flatMap(([name, { fill, line }]) =>
    used.has(name as keyof typeof tints) ? [`classDef ${name} fill:${fill},stroke:${line},color:${ink}`] : [],
  );
  const frames = picture.clusters.map(({ id }) => `style ${id} fill:${bgcolor},stroke:${color},color:${fontcolor}`);
  const body = [...inside(null, ""), ...picture.edges.map(edgeText), ...classes, ...frames];
  return [
    "---",
    `title: ${JSON.stringify(picture.text[0])}`,
    "---",
    "flowchart TB",
    ...body.map((line) => `  ${line}`),
    "",
  ].join("\n");
}

function nodeText({ id, kind, text }: PictureNode): string {
  const [open, close] = shapes[kind];
  return `${id}${open}${quoted(text.flat())}${close}:::${tintOf[kind]}`;
}

const edgeText = ({ from, to, kind, text }: PictureEdge): string =>
  `${from} ${arrows[kind]}${text.length ? `|${quoted(text)}|` : ""} ${to}`;

/** What means something to Mermaid, Markdown or HTML stands as a number. */
const quoted = (lines: readonly string[]): string =>
  `"${lines.map((line) => line.replace(/["#&<>`\\]/g, (c) => `#${c.charCodeAt(0)};`)).join("<br/>")}"`;
