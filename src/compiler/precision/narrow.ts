/**
 * @file Mixed precision (Micikevicius et al., ICLR 2018): the forward pass with its products in 16 bits, before autodiff, so
 * that the backward pass has its gradients in the dtypes of what they are gradients of. What a user's function returned,
 * states and the loss stay float32. What follows: what a user typed as float32 may be stored in 16 bits in between.
 */
import { isGlob, matcher } from "../../graph/patterns.ts";
import { nearest, OptionError } from "../../ir/errors.ts";
import type { LogicalGraph, Op } from "../../ir/graph.ts";
import type { Draft, Precision } from "../draft.ts";
import { Edit } from "./edit.ts";
import { type Treatment, treatmentOf } from "./policy.ts";

export function narrow(draft: Draft): Draft {
  const { precision } = draft.options;
  return precision ? { ...draft, graph: narrowed(draft.graph, precision) } : draft;
}

function narrowed(graph: LogicalGraph, { compute, float32 }: Precision): LogicalGraph {
  const kept = namesOf(graph, float32);
  const edit = new Edit(graph);
  /** Results that are float32 on purpose; parameters, inputs and constants are whatever they are met with. */
  const wide = new Set<number>();
  const was = (id: number) => graph.values[id]!.dtype === "float32";
  for (const op of graph.ops) {
    const { at } = op;
    const [takes, gives] = [op.inputs.filter(was), op.outputs.filter(was)];
    if (takes.length === 0 || op.kind === "cast") {
      edit.put(op);
      if (takes.length) for (const id of gives) wide.add(id);
      continue;
    }
    const narrowly = (id: number) => edit.dtypeOf(id) === compute;
    const all = (dtype: typeof compute | "float32") =>
      op.inputs.map((id) => (was(id) ? edit.as(id, dtype, at, "ever") : id));
    const put = (dtype: typeof compute | "float32", isWide: boolean) => {
      edit.put({ ...op, inputs: all(dtype) });
      for (const id of gives) {
        if (dtype === compute) edit.retype(id, compute);
        if (isWide) wide.add(id);
      }
    };
    /** Computed in float32, then rounded. */
    const rounded = () => {
      const name = `${op.name}.float32`;
      const outs = gives.map((id) => edit.like(id, "float32", name));
      edit.put({ ...op, name, inputs: all("float32"), outputs: outs });
      for (const [j, id] of gives.entries()) {
        edit.retype(id, compute);
        edit.cast(outs[j]!, compute, { name: op.name, becomes: id, at, parts: true });
      }
    };
    const from = takes[0]!;
    const treatments: Readonly<Record<Treatment, () => void>> = {
      narrow: () => put(compute, false),
      follow() {
        const isWide = takes.some((id) => wide.has(id));
        put(!isWide && takes.some(narrowly) ? compute : "float32", isWide);
      },
      norm: () => (narrowly(from) ? rounded() : put("float32", wide.has(from))),
      rows: () => (narrowly(from) ? put(compute, false) : wide.has(from) ? put("float32", true) : rounded()),
      wide: () => put("float32", true),
    };
    treatments[kept.has(op.name) || op.writes ? "wide" : treatmentOf(op.kind)]();
  }
  const outputs = Object.entries(graph.outputs).map(
    ([name, id]) => [name, was(id) ? edit.as(id, "float32", undefined, "ever") : id] as const,
  );
  return edit.finish(Object.fromEntries(outputs));
}

/** Names of the ops that stay float32. Throws OptionError SL1075 for a pattern that means none. */
function namesOf({ ops }: LogicalGraph, patterns: readonly string[]): ReadonlySet<string> {
  const names = ops.flatMap(({ kind, name }: Op) => (kind === "state" || kind === "input" ? [] : [name]));
  const found = patterns.map((pattern) => names.filter(matcher(pattern)));
  const idle = patterns.find((_, i) => found[i]!.length === 0);
  if (idle === undefined) return new Set(found.flat());
  const [meant] = nearest(idle, names);
  throw new OptionError("SL1075", `"${idle}" is to stay float32, but there is no such op`, {
    subject: "compile, option precision.float32",
    hint:
      meant !== undefined && !isGlob(idle)
        ? `did you mean "${meant}"?`
        : "take names of ops as plan.explain() lists them; * stands for anything",
  });
}
