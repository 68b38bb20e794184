/**
 * @file Layouts as colours: which tone a layout has, the same in every picture, and what each tone stands for. A tone says
 * of each mesh axis what matters at a glance, whole, split or partial; the text beside it says the rest, the dims too.
 */
import type { LogicalGraph } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { PlanData } from "../ir/plan.ts";
import { canonical } from "../sbp/canonical.ts";
import { heldBytes } from "./held.ts";
import { usersOf } from "./phase.ts";

/**
 * `whole`: every rank holds all of it; `split0`, `split1`, `split2`: split along the first, the second or a further axis of
 * its mesh alone; `splits`: along several; `partial`: partial along some, split along none; `mixed`: split and partial.
 */
export type Tone = "whole" | "split0" | "split1" | "split2" | "splits" | "partial" | "mixed";

/** In the order of a legend. */
export const tones: readonly Tone[] = ["whole", "split0", "split1", "split2", "splits", "partial", "mixed"];

/** What a tone stands for in a picture: `split along data`. */
export interface LegendEntry {
  readonly tone: Tone;
  readonly text: string;
}

const further = 2;

function toneOf(layout: Layout, placement: PlacementData): LegendEntry {
  const said = canonical(layout, placement);
  const along = (kind: "S" | "P") =>
    placement.axes
      .map(({ name }) => name)
      .filter((axis) => said.some(([name, sbp]) => name === axis && sbp.kind === kind));
  const [split, partial] = [along("S"), along("P")];
  const text = [
    ...(split.length ? [`split along ${split.join(" and ")}`] : []),
    ...(partial.length ? [`partial along ${partial.join(" and ")}`] : []),
  ].join(", ");
  if (split.length && partial.length) return { tone: "mixed", text };
  if (partial.length) return { tone: "partial", text };
  if (split.length > 1) return { tone: "splits", text };
  if (split.length === 0) return { tone: "whole", text: "whole on every rank" };
  const axis = Math.min(
    further,
    placement.axes.findIndex(({ name }) => name === split[0]),
  );
  return { tone: `split${axis as 0 | 1 | 2}`, text };
}

/** Says of values and of ops which tone they have. */
export interface Toner {
  /** Of values together the one that most of their bytes have; null of none. */
  values(ids: readonly number[]): Tone | null;
  /** Of ops together: of what they give to others or, where nobody takes it, of all that they give. */
  ops(names: readonly string[]): Tone | null;
  /** What these tones stand for in the plan. */
  legend(used: ReadonlySet<Tone | null>): LegendEntry[];
}

/** Texts that a tone may have in a legend; more are counted. */
const few = 2;

export function tonerOf(plan: PlanData): Toner {
  const { graph, layouts } = plan;
  const held = heldBytes(plan);
  const entries = graph.values.map(({ id, placement }) => toneOf(layouts[id]!, graph.placements[placement]!));
  const given = givenBy(graph);
  const values = (ids: readonly number[]): Tone | null => {
    const bytes = new Map<Tone, number>();
    for (const id of ids) bytes.set(entries[id]!.tone, (bytes.get(entries[id]!.tone) ?? 0) + held(id));
    const most = Math.max(...bytes.values());
    return [...bytes].find(([, size]) => size === most)?.[0] ?? null;
  };
  return {
    values,
    ops: (names) => values(given(names)),
    legend: (used) =>
      tones
        .filter((tone) => used.has(tone))
        .map((tone) => {
          const texts = [...new Set(entries.filter((entry) => entry.tone === tone).map(({ text }) => text))];
          const more = texts.length > few ? `, … ${texts.length - few} more` : "";
          return { tone, text: texts.slice(0, few).join(", or ") + more };
        }),
  };
}

/** Values that leave some ops, by the names of these. States and inputs count where there is nothing else. */
function givenBy(graph: LogicalGraph): (names: readonly string[]) => number[] {
  const users = usersOf(graph);
  const byName = new Map(graph.ops.map((op) => [op.name, op]));
  const outputs = new Set(Object.values(graph.outputs));
  return (names) => {
    const all = names.flatMap((name) => byName.get(name) ?? []);
    const computed = all.filter(({ kind }) => kind !== "state" && kind !== "input");
    const [own, ops] = [new Set(all), computed.length ? computed : all];
    const made = ops.flatMap((op) => op.outputs);
    const leave = made.filter((id) => outputs.has(id) || users[id]!.some((user) => !own.has(user)));
    return leave.length ? leave : made;
  };
}
