/**
 * @file The edges of a logical graph's picture. Edges between the same two nodes are one; it says how many it stands for
 * where that is not one for each of the blocks that its frame stands for.
 */
import type { Op } from "../ir/graph.ts";
import type { PlanData } from "../ir/plan.ts";
import type { Spot } from "./blocks.ts";
import { heldBytes } from "./held.ts";
import type { Drawn } from "./logical-nodes.ts";
import { passText } from "./logical-text.ts";
import { type Phase, usersOf } from "./phase.ts";
import type { EdgeKind, PictureEdge } from "./picture.ts";
import type { Toner } from "./tone.ts";

/** An end: an op that is drawn, or an output of the graph. */
interface End {
  readonly id: string;
  readonly node?: Drawn;
  readonly spot?: Spot;
}

/** Edges between the same two nodes. */
interface Bundle {
  readonly from: End;
  readonly to: End;
  readonly kind: EdgeKind;
  count: number;
  readonly values: number[];
  /** Texts, with the blocks in which each occurs. */
  readonly texts: Map<string, Set<string>>;
  /** Texts that are to be read: a tensor is labelled once for each part of the step that uses it, in a large picture once. */
  readonly said: Set<string>;
}

export function logicalEdges(
  plan: PlanData,
  nodes: readonly Drawn[],
  phase: readonly Phase[],
  large: boolean,
  toner: Toner,
): PictureEdge[] {
  const held = heldBytes(plan);
  const { graph } = plan;
  const users = usersOf(graph);
  const ends = new Map<Op, End>();
  for (const node of nodes) for (const spot of node.spots) ends.set(spot.op, { id: node.id, node, spot });
  const ops = graph.ops.filter((op) => ends.has(op));
  const bundles = new Map<string, Bundle>();
  const add = (from: End, to: End, value: number, text: string, said: boolean, write = false): boolean => {
    const next = isNext(from, to, phase);
    if (from.id === to.id && !next) return false;
    const kind = write ? "write" : next ? "next" : "tensor";
    const key = `${from.id} ${to.id} ${kind}`;
    const bundle = bundles.get(key) ?? {
      from,
      to,
      kind,
      count: 0,
      values: [] as number[],
      texts: new Map(),
      said: new Set(),
    };
    bundles.set(key, bundle);
    bundle.count++;
    bundle.values.push(value);
    const { spot } = timesOf(from) > 1 ? from : to;
    bundle.texts.set(text, (bundle.texts.get(text) ?? new Set()).add(spot?.copies.join(" ") ?? ""));
    if (said) bundle.said.add(text);
    return true;
  };
  for (const op of ops) {
    for (const value of op.outputs) {
      const text = passText(plan, value, held(value)).join("\n");
      const labelled = new Set<Phase>();
      for (const user of users[value]!) {
        if (op.kind === "state" && user.writes?.includes(String(op.attrs.state))) continue;
        const part = large ? "forward" : phase[user.id]!;
        const plain = graph.values[value]!.shape.length === 0 && phase[user.id] === "optimizer";
        if (add(ends.get(op)!, ends.get(user)!, value, text, !plain && !labelled.has(part))) labelled.add(part);
      }
      for (const [i, output] of Object.values(graph.outputs).entries())
        if (output === value) add(ends.get(op)!, { id: `out${i}` }, value, text, labelled.size === 0);
    }
  }
  const states = new Map(ops.filter(({ kind }) => kind === "state").map((op) => [op.attrs.state, op]));
  for (const op of ops) {
    for (const state of new Set(op.writes)) {
      const written = states.get(state);
      if (written) add(ends.get(op)!, ends.get(written)!, written.outputs[0]!, "", false, true);
    }
  }
  return [...bundles.values()].map((bundle) => {
    const { from, to, kind, count, values } = bundle;
    const tone = toner.values(values);
    return { from: from.id, to: to.id, kind, tone, text: kind === "write" ? [] : edgeText(bundle), count };
  });
}

/** Whether it leads from one of equal blocks to another, in one part of the step: both are drawn in the same place. */
function isNext(from: End, to: End, phase: readonly Phase[]): boolean {
  if (!from.spot || !to.spot || !from.node || !to.node) return false;
  const [a, b] = [from.spot, to.spot];
  const shared = a.frames.findIndex(({ name }, i) => name !== b.frames[i]?.name);
  const depth = shared < 0 ? a.frames.length : shared;
  const differs = a.copies.slice(0, depth).some((copy, i) => copy !== b.copies[i]);
  const place = ({ inside }: Drawn) => inside.split("_")[0];
  return differs && phase[a.op.id] === phase[b.op.id] && place(from.node) === place(to.node);
}

/** Texts that one edge can hold. */
const few = 2;

function edgeText(bundle: Bundle): string[] {
  const said = [...bundle.said];
  if (said.length < 2) {
    const all = new Set([...bundle.texts.values()].flatMap((blocks) => [...blocks]));
    return [...said.flatMap((text) => text.split("\n")), ...noteOf(bundle, all)];
  }
  const lines = said.slice(0, few).map((text) => {
    return [text.replace("\n", " "), ...noteOf(bundle, bundle.texts.get(text)!)].join(" · ");
  });
  return said.length > few ? [...lines, `… ${said.length - few} more`] : lines;
}

/** The blocks that an end's frame stands for. */
const timesOf = ({ node }: End): number => node?.times ?? 1;

/** In how many blocks, where that is not plain from the frames of the ends: `×11`; of a single one, which. */
function noteOf({ from, to, kind }: Bundle, blocks: ReadonlySet<string>): string[] {
  const [a, b] = [timesOf(from), timesOf(to)];
  const several = blocks.size > 1 ? `×${blocks.size}` : "";
  if (kind === "next") return [`next ${several}`.trim()];
  const frame = ({ spot }: End) => spot?.frames.map(({ name }) => name).join(" ");
  if ((a === 1 && b === 1) || (frame(from) === frame(to) && blocks.size === a)) return [];
  return [several || [...blocks].join()];
}
