/** @file A picture as DOT: which shape, colour and line each kind of thing has, and how the whole is laid out. */
import { cluster, type DotAttrs, digraph, edge, label, leftLabel, node, record, row, titled } from "./dot.ts";
import type { EdgeKind, NodeKind, Picture, PictureCluster, PictureEdge, PictureNode } from "./picture.ts";
import { clusterStyle, layoutTints, links, unlaid } from "./style.ts";

const nodeLooks: { readonly [K in NodeKind]: DotAttrs } = {
  input: { shape: "invhouse" },
  output: { shape: "house" },
  state: { shape: "cylinder" },
  compute: { shape: "box", style: "rounded,filled", margin: "0.14,0.05" },
  boxing: { shape: "hexagon", margin: "0.02,0.03" },
  module: { shape: "box3d", margin: "0.14,0.07" },
  task: { shape: "record", style: "rounded,filled" },
  transfer: { shape: "record", style: "filled" },
  collective: { shape: "hexagon", margin: "0,0.02" },
  source: { shape: "invhouse" },
  sink: { shape: "house" },
};

const group = { dir: "none", penwidth: 2.2, constraint: "false" };
const edgeLooks: { readonly [K in EdgeKind]: DotAttrs } = {
  tensor: {},
  next: { style: "dashed", constraint: "false" },
  write: { style: "dashed", constraint: "false" },
  register: {},
  carried: { style: "dashed", constraint: "false" },
  host: { penwidth: 0.7 },
  group: { ...group, color: links.group },
  // Lines of neighbouring groups cross: every other one is lighter.
  "other group": { ...group, color: links.other },
};

const layouts: { readonly [G in Picture["graph"]]: DotAttrs } = {
  logical: { rankdir: "TB", nodesep: 0.35, ranksep: 0.35 },
  physical: { rankdir: "TB", nodesep: 0.3, ranksep: 0.3, newrank: "true" },
};

const fontSizes: { readonly [K in PictureCluster["kind"]]: number } = {
  placement: 13,
  phase: 12,
  blocks: 12,
  block: 12,
  rank: 14,
};

/** The same picture gives the same bytes. With `marked` each edge has its place in the picture as id. */
export function pictureDot(picture: Picture, marked = false): string {
  const inside = (frame: string | null): string[] => [
    ...picture.clusters.filter((c) => c.inside === frame).map(clusterText),
    ...picture.nodes.filter((n) => n.inside === frame).map(nodeText),
  ];
  const clusterText = (frame: PictureCluster) => {
    const title = frame.text.length > 1 ? leftLabel(...frame.text) : label(...frame.text);
    return cluster(frame.id, clusterStyle(title, fontSizes[frame.kind]), inside(frame.id));
  };
  const swatches = picture.legend.map(({ tone, text }) => ({ ...layoutTints[tone], text }));
  return digraph(titled(picture.text, swatches), layouts[picture.graph], [
    ...inside(null),
    ...picture.rows.map(row),
    ...picture.columns.flatMap(column),
    ...picture.edges.map((edge, i) => edgeText(edge, marked ? `${i}` : undefined)),
  ]);
}

function nodeText({ id, kind, tone, text }: PictureNode): string {
  const { fill, line } = tone ? layoutTints[tone] : unlaid;
  const look = nodeLooks[kind];
  return node(id, {
    label: look.shape === "record" ? record(...text) : label(...text.flat()),
    ...look,
    fillcolor: fill,
    color: line,
  });
}

const edgeText = ({ from, to, kind, tone, text }: PictureEdge, id: string | undefined): string =>
  edge(from, to, {
    id,
    label: text.length ? label(...text) : undefined,
    color: (tone ? layoutTints[tone] : unlaid).line,
    ...edgeLooks[kind],
  });

/** Keeps nodes under each other, in order. */
const column = (ids: readonly string[]): string[] =>
  ids.slice(1).map((id, i) => edge(ids[i]!, id, { style: "invis", weight: 100 }));
