/**
 * @file The largest elements where the mesh splits the very dim that is searched: each rank takes the k best of its own
 * block with their global indices, these few travel, and the best k of them win. Blocks stand in order and the first of
 * equals comes first in each, so ties and NaN end as in one search of the whole: the same bits.
 */
import { InternalError } from "../../ir/errors.ts";
import type { Attrs } from "../../ir/graph.ts";
import { B, S } from "../../ir/layout.ts";
import { balanced } from "../../sbp/boxes.ts";
import type { Site } from "../../sbp/rule.ts";
import { count, range } from "../dims.ts";
import type { Expansion, ExpansionSite, LocalTensor, OpDef } from "../op.ts";
import { emit, type Tensor } from "../tensor.ts";
import { interval } from "./blocks.ts";
import { addressOf, call, callOn } from "./lowering.ts";

interface Blocks {
  readonly k: number;
  readonly dim: number;
  readonly parts: number;
}
const blocksOf = ({ k, dim, parts }: Attrs) => ({ k, dim, parts }) as Blocks;

/**
 * Cuts dim `attrs.dim` into `attrs.parts` balanced blocks: the `attrs.k` largest of each, in falling order, and their
 * indices in the whole dim, block after block.
 */
export const topKBlocks: OpDef = {
  kind: "topKBlocks",
  infer([x], attrs) {
    const { k, dim, parts } = blocksOf(attrs);
    const extent = x!.shape[dim] as number;
    if (!(Math.floor(extent / parts) >= k)) throw new InternalError(`no ${k} elements in each ${parts}th of ${extent}`);
    const shape = x!.shape.with(dim, k * parts);
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: "int32" },
    ];
  },
  rules({ ins: [x], outs: [values], attrs, parts: ranks }) {
    const { k, dim, parts } = blocksOf(attrs);
    // The blocks are cut as an axis of so many ranks cuts the whole dim, not what another axis has left of it.
    const meets = ranks === parts && values!.shape[dim] === k * parts;
    return range(x!.shape.length)
      .filter((d) => d !== dim || meets)
      .map((d) => ({ ins: [S(d)], outs: [S(d), S(d)] }));
  },
  lower: ({ ins: [x], outs: [values, indices], attrs }) => search(x!, values!, indices!, blocksOf(attrs)),
  flops: ([x], _, attrs) => count(x!.shape) * (attrs.k as number),
};

/** A search a block; lines of a rank's only block lie side by side and are one search. */
function search(x: LocalTensor, values: LocalTensor, indices: LocalTensor, { k, dim, parts }: Blocks) {
  const [outer, inner] = [count(x.shape.slice(0, dim)), count(x.shape.slice(dim + 1))];
  if (outer * k * inner === 0) return [];
  const held = values.shape[dim]! / k;
  const [lines, times] = held === 1 ? [outer, 1] : [1, outer];
  const firstBlock = interval(values, dim)[0] / k;
  const start = interval(x, dim)[0];
  return range(times).flatMap((line) =>
    range(held).flatMap((block) => {
      const [lo, hi] = balanced(x.global[dim]!, parts, firstBlock + block);
      const from = addressOf(x, (line * x.shape[dim]! + lo - start) * inner);
      const [found, at] = [values, indices].map((y) => addressOf(y, (line * held + block) * k * inner));
      return [
        callOn(x.dtype, "top_k", lines, hi - lo, inner, k, from, found!, at!),
        ...(lo > 0 ? [call("increment", lines * k * inner, lo, at!, at!)] : []),
      ];
    }),
  );
}

/** The k largest, with the dim of extent k in its place, and their indices; on every rank of the axis. */
function best(x: Tensor, { k, dim, parts }: Blocks, along: ExpansionSite["along"]): [values: Tensor, indices: Tensor] {
  const found = x.builder.apply("topKBlocks", [x], { k, dim, parts });
  const [candidates, places] = found.map((t) => along(t, "B"));
  const [values, at] = x.builder.apply("topK", [candidates!], { k, dim });
  return [values!, emit("takeAlong", [places!, at!], { dim })];
}

/** Offered where every rank has k elements. */
const alongDim =
  (outs: number, kOf: (attrs: Attrs) => number, result: (found: [Tensor, Tensor], dim: number) => readonly Tensor[]) =>
  ({ ins: [x], attrs, parts }: Site): Expansion[] => {
    const [k, dim] = [kOf(attrs), attrs.dim as number];
    if (k === 0 || Math.floor(x!.shape[dim]! / parts) < k) return [];
    const build: Expansion["build"] = ({ ins, along }) => result(best(ins[0]!, { k, dim, parts }, along), dim);
    return [{ ins: [S(dim)], outs: Array(outs).fill(B), rounds: 2, build }];
  };

export const splitTopK = alongDim(
  2,
  ({ k }) => k as number,
  (found) => found,
);

export const splitArgmax = alongDim(
  1,
  () => 1,
  ([, indices], dim) => [emit("reshape", [indices], { shape: indices.shape.toSpliced(dim, 1) })],
);
