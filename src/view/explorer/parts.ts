/**
 * @file What a node or a frame of a picture stands for, as a picture of its own: its ops one by one, and what they take
 * from and give to others, by name.
 */
import type { Picture } from "../picture.ts";

export interface Part {
  readonly picture: Picture;
  /** Nodes that stand outside. */
  readonly outside: ReadonlySet<string>;
}

/** Larger ones are told as a list. */
const most = 250;

/**
 * Parts by name, and the nodes and frames that open them.
 *
 * @param byOp the picture with a node for each op, its frames the same
 */
export function partsOf(
  picture: Picture,
  byOp: Picture,
): { readonly parts: ReadonlyMap<string, Part>; readonly opens: ReadonlyMap<string, string> } {
  const parts = new Map<string, Part>();
  const opens = new Map<string, string>();
  const add = (id: string, title: string, kept: ReadonlySet<string>) => {
    if (kept.size === 0 || kept.size > most) return;
    parts.set(id, partOf(byOp, kept, title));
    opens.set(id, id);
  };
  const homeOf = new Map(byOp.nodes.flatMap(({ id, ops }) => ops.map((op) => [op, id] as const)));
  const around = new Map(picture.clusters.map(({ id, inside }) => [id, inside]));
  for (const { id, kind, text, ops } of picture.nodes)
    if (kind === "module") add(id, text[0]![0]!, new Set(ops.map((op) => homeOf.get(op)!)));
  if (!picture.nodes.some(({ kind }) => kind === "module")) return { parts, opens };
  for (const { id, kind, text } of picture.clusters) {
    if (kind !== "blocks" && kind !== "block") continue;
    const isWithin = (frame: string | null): boolean =>
      frame === id || (frame !== null && isWithin(around.get(frame) ?? null));
    add(id, text[0]!, new Set(byOp.nodes.filter(({ inside }) => isWithin(inside)).map((node) => node.id)));
  }
  return { parts, opens };
}

function partOf(byOp: Picture, kept: ReadonlySet<string>, title: string): Part {
  const edges = byOp.edges.filter(({ from, to }) => kept.has(from) || kept.has(to));
  const outside = new Set(edges.flatMap(({ from, to }) => [from, to]).filter((id) => !kept.has(id)));
  const inside = byOp.nodes.filter(({ id }) => kept.has(id));
  const stubs = byOp.nodes
    .filter(({ id }) => outside.has(id))
    .map((node) => ({ ...node, text: [[node.text[0]![0]!]], inside: null }));
  const around = new Map(byOp.clusters.map((frame) => [frame.id, frame]));
  const used = new Set<string>();
  for (const { inside: frame } of inside)
    for (let id = frame; id !== null && !used.has(id); id = around.get(id)?.inside ?? null) used.add(id);
  return {
    outside,
    picture: {
      ...byOp,
      text: [title],
      clusters: byOp.clusters.filter(({ id }) => used.has(id)),
      nodes: [...inside, ...stubs],
      edges,
    },
  };
}
