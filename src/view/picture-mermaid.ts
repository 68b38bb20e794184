/** @file A picture as a flowchart of Mermaid, which many pages draw. Colours are those of the other pictures; the legend is a frame. */
import type { EdgeKind, NodeKind, Picture, PictureEdge, PictureNode } from "./picture.ts";
import { clusterStyle, ink, layoutTints, unlaid } from "./style.ts";
import { type Tone, tones } from "./tone.ts";

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
  const { legend, nodes, edges } = picture;
  const used = [...tones, null].filter((tone) => [...nodes, ...legend].some((each) => each.tone === tone));
  const classes = used.map((tone) => {
    const { fill, line } = tintOf(tone);
    return `classDef ${classOf(tone)} fill:${fill},stroke:${line},color:${ink}`;
  });
  const links = used.flatMap((tone) => {
    const own = edges.flatMap((edge, i) => (edge.tone === tone && !edge.kind.endsWith("group") ? [i] : []));
    return own.length ? [`linkStyle ${own.join()} stroke:${tintOf(tone).line}`] : [];
  });
  const key = legend.length
    ? [
        `subgraph key["layouts"]`,
        ...legend.map(({ tone, text }) => `  key_${tone}[${quoted([text])}]`),
        "end",
        ...legend.map(({ tone }) => `class key_${tone} ${tone}`),
      ]
    : [];
  const frames = [...picture.clusters.map(({ id }) => id), ...(legend.length ? ["key"] : [])].map(
    (id) => `style ${id} fill:${bgcolor},stroke:${color},color:${fontcolor}`,
  );
  const body = [...key, ...inside(null, ""), ...edges.map(edgeText), ...classes, ...links, ...frames];
  return [
    "---",
    `title: ${JSON.stringify(picture.text[0])}`,
    "---",
    "flowchart TB",
    ...body.map((line) => `  ${line}`),
    "",
  ].join("\n");
}

const tintOf = (tone: Tone | null) => (tone ? layoutTints[tone] : unlaid);
const classOf = (tone: Tone | null): string => tone ?? "host";

function nodeText({ id, kind, tone, text }: PictureNode): string {
  const [open, close] = shapes[kind];
  return `${id}${open}${quoted(text.flat())}${close}:::${classOf(tone)}`;
}

const edgeText = ({ from, to, kind, text }: PictureEdge): string =>
  `${from} ${arrows[kind]}${text.length ? `|${quoted(text)}|` : ""} ${to}`;

/** What means something to Mermaid, Markdown or HTML stands as a number. */
const quoted = (lines: readonly string[]): string =>
  `"${lines.map((line) => line.replace(/["#&<>`\\]/g, (c) => `#${c.charCodeAt(0)};`)).join("<br/>")}"`;
