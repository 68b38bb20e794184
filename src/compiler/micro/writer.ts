/** @file A laid-out graph that is being written anew, op by op: ids, unique names, layouts and boxing with them. */
import type { LogicalGraph, Op, Value } from "../../ir/graph.ts";
import { type Layout, showLayout } from "../../ir/layout.ts";
import { samePlacement } from "../../ir/placement.ts";
import { type BoxingStep, planBoxing } from "../../sbp/boxing.ts";
import type { Signature } from "../../sbp/signatures.ts";
import type { Draft } from "../draft.ts";

export type NewValue = Omit<Value, "id">;
export type NewOp = Omit<Op, "id">;

export interface Writer {
  /** The name, or one like it that no value has. */
  unique(name: string): string;
  value(made: NewValue, layout: Layout): number;
  put(op: NewOp, signature: Signature, step?: BoxingStep): void;
  /** An op of one output that is laid out as its inputs. */
  alike(op: Omit<NewOp, "outputs" | "name">, made: NewValue, layout: Layout): number;
  /** What a boxing does, done to a value of another shape: that may be cheapest on another way. */
  box(of: Op, made: NewValue, input: number): number;
  /** Ops from now on are of this turn. */
  turn: number;
  finish(inputs: LogicalGraph["inputs"], outputs: LogicalGraph["outputs"]): Draft;
}

export function createWriter(draft: Draft): Writer {
  const { graph } = draft;
  const values: Value[] = [];
  const ops: Op[] = [];
  const layouts: Layout[] = [];
  const signatures: Signature[] = [];
  const boxing = new Map<number, BoxingStep>();
  const turns: number[] = [];
  const taken = new Set(graph.values.map(({ name }) => name));

  return {
    turn: 0,
    unique(name) {
      let candidate = name;
      for (let n = 2; taken.has(candidate); n++) candidate = `${name}.${n}`;
      taken.add(candidate);
      return candidate;
    },
    value(made, layout) {
      values.push({ ...made, id: values.length });
      layouts.push(layout);
      return values.length - 1;
    },
    put(op, signature, step) {
      if (step) boxing.set(ops.length, step);
      turns.push(this.turn);
      ops.push({ ...op, id: ops.length });
      signatures.push(signature);
    },
    alike(op, made, layout) {
      const out = this.value(made, layout);
      this.put({ ...op, name: made.name, outputs: [out] }, { ins: op.inputs.map(() => layout), outs: [layout] });
      return out;
    },
    box(op, made, input) {
      const step = draft.boxing.get(op.id)!;
      const transfers = step.axis === undefined;
      const { steps } = planBoxing(
        {
          shape: made.shape as readonly number[],
          dtype: made.dtype,
          from: { placement: transfers ? step.source : step.placement, layout: step.from },
          to: { placement: step.placement, layout: step.to },
          transfers,
        },
        draft.options.model,
      );
      let last = input;
      for (const [i, each] of steps.entries()) {
        const { kind, axis = null, bytes } = each;
        const name = i === steps.length - 1 ? made.name : this.unique(`${made.name}.${kind}`);
        const placement = graph.placements.findIndex((place) => samePlacement(place, each.placement));
        const out = this.value({ ...made, name, placement }, each.to);
        const attrs = { step: kind, axis, from: showLayout(each.from), to: showLayout(each.to), bytes };
        const boxed = { kind: "boxing", name, inputs: [last], outputs: [out], attrs };
        this.put(op.at === undefined ? boxed : { ...boxed, at: op.at }, { ins: [each.from], outs: [each.to] }, each);
        last = out;
      }
      return last;
    },
    finish: (inputs, outputs) => ({
      ...draft,
      graph: { ...graph, values, ops, inputs, outputs },
      layouts,
      signatures,
      boxing,
      turns,
    }),
  };
}
