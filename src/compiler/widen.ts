/**
 * @file 16-bit floats are computed in float32: an op that does more than move its elements gets them through a cast, and
 * gives them back through another. So kernels know 16-bit floats only as something to copy, to convert and to reduce
 * between ranks.
 */
import type { Builder } from "../graph/builder.ts";
import { opDef } from "../graph/registry.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type DType, isHalf } from "../ir/dtype.ts";
import type { Op } from "../ir/graph.ts";
import type { Draft } from "./draft.ts";
import { rewrite } from "./rewrite.ts";

export function widen(draft: Draft): Draft {
  const { values } = draft.graph;
  const wide = new Map<number, Tensor>();
  const halves = (ids: readonly number[]) => ids.some((id) => isHalf(values[id]!.dtype));
  const done = rewrite(draft.graph, (builder, op, ins) =>
    opDef(op.kind).moves || !(halves(op.inputs) || halves(op.outputs))
      ? undefined
      : inFloat32(
          builder,
          op,
          ins,
          op.outputs.map((id) => values[id]!.dtype),
          wide,
        ),
  );
  return done ? { ...draft, graph: done.graph } : draft;
}

/** The op between casts; each value is widened once. */
function inFloat32(
  builder: Builder,
  op: Op,
  ins: readonly Tensor[],
  dtypes: readonly DType[],
  wide: Map<number, Tensor>,
): Tensor[] {
  const { at } = op;
  const cast = (x: Tensor, dtype: DType, name: string) => builder.apply("cast", [x], { dtype }, { name, at })[0]!;
  const widened = ins.map((x) => {
    if (!isHalf(x.dtype)) return x;
    const known = wide.get(x.id) ?? cast(x, "float32", `${x.name}.float32`);
    wide.set(x.id, known);
    return known;
  });
  const outs = builder.apply(op.kind, widened, op.attrs, { name: `${op.name}.float32`, at });
  return outs.map((y, j) => (y.dtype === dtypes[j] ? y : cast(y, dtypes[j]!, op.name)));
}
