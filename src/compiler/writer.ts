/** @file A laid-out graph that is being written anew, op by op: ids, unique names, layouts and boxing with them. */
import type { LogicalGraph, Op, Value } from "../ir/graph.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import { samePlacement } from "../ir/placement.ts";
import type { BoxingStep } from "../sbp/boxing.ts";
import type { Signature } from "../sbp/signatures.ts";
import type { Draft } from "./draft.ts";

export type NewValue = Omit<Value, "id">;
export type NewOp = Omit<Op, "id">;

export type StepName = (step: BoxingStep, isLast: boolean) => string;

export interface Writer {
  /** Those so far, by id. */
  readonly values: readonly Value[];
  readonly layouts: readonly Layout[];
  /** The name, or one like it that no value has. */
  unique(name: string): string;
  value(made: NewValue, layout: Layout): number;
  put(op: NewOp, signature: Signature, step?: BoxingStep): void;
  /** An op of one output that is laid out as its inputs. */
  alike(op: Omit<NewOp, "outputs" | "name">, made: NewValue, layout: Layout): number;
  /** The steps of a boxing, one op each; `nameOf` calls the values that they make. The last of these. */
  box(steps: readonly BoxingStep[], made: NewValue, input: number, at: string | undefined, nameOf: StepName): number;
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
    values,
    layouts,
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
    box(steps, made, input, at, nameOf) {
      let last = input;
      for (const [i, step] of steps.entries()) {
        const { kind, axis = null, bytes } = step;
        const name = nameOf(step, i === steps.length - 1);
        const there = step.axis === undefined ? step.transfer.to : step.placement;
        const placement = graph.placements.findIndex((place) => samePlacement(place, there));
        const out = this.value({ ...made, name, placement }, step.to);
        const attrs = { step: kind, axis, from: showLayout(step.from), to: showLayout(step.to), bytes };
        const op = { kind: "boxing", name, inputs: [last], outputs: [out], attrs };
        this.put(at === undefined ? op : { ...op, at }, { ins: [step.from], outs: [step.to] }, step);
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
