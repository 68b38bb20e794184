/** @file What the nodes and edges of a logical graph say. */
import { showType } from "../ir/dtype.ts";
import type { Op } from "../ir/graph.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import type { PlanData } from "../ir/plan.ts";
import { opChange, stepOf } from "./boxing-text.ts";
import { bytes } from "./format.ts";
import type { NodeKind } from "./picture.ts";

/** What an op is and says, under a name of its own. */
export function describe(plan: PlanData, op: Op, name: string): { readonly kind: NodeKind; readonly text: string[] } {
  switch (op.kind) {
    case "input":
      return { kind: "input", text: [name, `input · ${valueText(plan, op.outputs[0]!).join(" ")}`] };
    case "state": {
      const kind = plan.graph.states.find((s) => s.name === op.attrs.state)?.kind ?? "state";
      return { kind: "state", text: [name, `${kind} · ${valueText(plan, op.outputs[0]!).join(" ")}`] };
    }
    case "boxing": {
      const moved = bytesOf(plan, op);
      const change = [opChange(plan, op), ...(moved === undefined ? [] : [bytes(moved)])].join(" · ");
      return { kind: "boxing", text: [stepText(op), change] };
    }
    default: {
      const kept = (op.writes ?? []).flatMap((state) => (state === null ? [] : [state.split(".").at(-1)!]));
      const second = kept.length > 1 ? `${op.kind} · keeps ${kept.slice(1).join(", ")}` : op.kind;
      return { kind: "compute", text: name === op.kind ? [name] : [name, second] };
    }
  }
}

/** `all-reduce · data` */
export function stepText(op: Op): string {
  const { step, axis } = stepOf(op);
  return axis === null ? step : `${step} · ${axis}`;
}

/** Type, then layout: `f32[128,512]`, `{data: S(0)}`; B when every rank holds all of it. */
export const valueText = ({ graph, layouts }: PlanData, value: number): [type: string, layout: string] => [
  showType(graph.values[value]!),
  layoutText(layouts[value]!),
];

/** What an edge says of the value that it carries: `f32[128,512] · 65.5 KB`, `{data: S(0)}`. */
export function passText(plan: PlanData, value: number, held: number): [type: string, layout: string] {
  const [type, layout] = valueText(plan, value);
  return [`${type} · ${bytes(held)}`, layout];
}

const layoutText = (layout: Layout): string => (layout.length ? showLayout(layout) : "B");

/** What a boxing op moves between ranks; unknown where its task does several at once and the op does not say. */
function bytesOf({ tasks, collectives }: PlanData, op: Op): number | undefined {
  if (typeof op.attrs.bytes === "number") return op.attrs.bytes;
  const task = tasks.find(({ ops }) => ops.includes(op.name));
  return task?.ops.length === 1 ? collectives.find((c) => c.task === task.id)?.bytes : undefined;
}
