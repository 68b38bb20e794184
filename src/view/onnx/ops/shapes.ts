/** @file Ops that change shape, order or extent, and constants. */
import { toElements } from "../../../ir/element.ts";
import type { Attr, Shape } from "../../../ir/graph.ts";
import type { Site, Table } from "../site.ts";

const list = (attr: Attr | undefined) => attr as readonly number[];

/** The same elements under another shape: a single dim that is a name is what is left. */
export function reshape({ node, ints, shape: written }: Site, x: string, shape: Shape): string {
  const names = shape.filter((dim) => typeof dim === "string");
  if (names.length === 1 && !shape.includes(0))
    return node("Reshape", [x, ints(shape.map((dim) => (typeof dim === "string" ? -1 : dim)))]);
  // A dim of 0 elements is one: it does not stand for the input's.
  return node("Reshape", [x, written(shape)], shape.includes(0) ? { allowzero: 1 } : {});
}

/** Dims of 1 put in where the result has them. */
export const unsqueeze = ({ node, ints }: Pick<Site, "node" | "ints">, x: string, dims: readonly number[]): string =>
  dims.length ? node("Unsqueeze", [x, ints(dims)]) : x;

function broadcastTo(site: Site): string {
  const { ins, attrs, outs, node, shape } = site;
  const fresh = outs[0]!.shape.flatMap((_, dim) => (list(attrs.dims).includes(dim) ? [] : [dim]));
  return node("Expand", [unsqueeze(site, ins[0]!.name, fresh), shape(outs[0]!.shape)]);
}

/** One number everywhere. */
export function filled({ node, shape: written, scalar }: Site, { shape, dtype }: Site["outs"][number], value: number) {
  if (shape.length === 0) return scalar(dtype, value);
  const one = { name: "value", dtype, shape: [1], data: toElements(dtype, [value]) };
  return node("ConstantOfShape", [written(shape)], { value: one });
}

function pad({ ins: [x], attrs, node, ints, scalar }: Site): string {
  const pads = [...list(attrs.before), ...list(attrs.after)];
  return node("Pad", [x!.name, ints(pads), scalar(x!.dtype, Number(attrs.value)), ints(list(attrs.dims))]);
}

function slice({ ins: [x], attrs, node, ints }: Site): string {
  const [dims, starts, sizes] = [list(attrs.dims), list(attrs.starts), list(attrs.sizes)];
  return node("Slice", [x!.name, ints(starts), ints(starts.map((start, i) => start + sizes[i]!)), ints(dims)]);
}

export const shapes: Table = {
  broadcastTo,
  concat: ({ ins, attrs, node }) =>
    node(
      "Concat",
      ins.map(({ name }) => name),
      { axis: attrs.dim as number },
    ),
  constant: (site) => filled(site, site.outs[0]!, Number(site.attrs.value)),
  pad,
  reshape: (site) => reshape(site, site.ins[0]!.name, site.outs[0]!.shape),
  slice,
  transpose: ({ ins: [x], attrs, node }) => node("Transpose", [x!.name], { perm: list(attrs.dims) }),
};
