/** @file A built test from end to end: its inputs arrive split over two ranks, the compiler does the rest, a session runs. */
import { array, launch, type NdArray, Plan, S } from "sluice";
import { compileGraph } from "../../src/compiler/compile.ts";
import { fromElements, toElements } from "../../src/ir/element.ts";
import type { LogicalGraph } from "../../src/ir/graph.ts";
import type { Value } from "../../src/testing/value.ts";
import { type Built, mesh } from "./build.ts";

/** Every input split: the first along dim 0, the next along its last dim, and so on in turn. */
function split(graph: LogicalGraph): LogicalGraph {
  let turn = 0;
  const ops = graph.ops.map((op) => {
    const rank = (op.attrs.shape as readonly number[] | undefined)?.length ?? 0;
    if (op.kind !== "input" || rank === 0) return op;
    const dim = turn++ % 2 ? rank - 1 : 0;
    return { ...op, attrs: { ...op.attrs, layout: [[mesh.data.axes[0]!.name, S(dim)]] } };
  });
  return { ...graph, ops };
}

const feed = ({ shape, dtype, data }: Value) => array([...shape], dtype, toElements(dtype, data));

/** What a session gives, by the outputs' names. */
export async function runWhole({ graph, values }: Built): Promise<Record<string, ArrayLike<number>>> {
  const plan = new Plan(compileGraph(split(graph)));
  const batch = Object.fromEntries(Object.entries(graph.inputs).map(([name, id]) => [name, feed(values.get(id)!)]));
  await using session = await launch(plan);
  for await (const { step: _, ...outputs } of session.run([batch as never]))
    return Object.fromEntries(
      Object.entries(outputs as Record<string, unknown>).map(([name, found]) => [name, numbers(found)]),
    );
  throw new Error("the session gave nothing");
}

/** A single number comes as it is. */
function numbers(found: unknown): ArrayLike<number> {
  if (typeof found !== "object") return [Number(found)];
  const { dtype, data } = found as NdArray;
  return fromElements(dtype, data);
}
