/**
 * @file Ops that read and write by ids. An id that is none reads 0 and writes nothing; ONNX counts a negative one from the
 * end and has no meaning for one that is too large, so both are kept from its nodes.
 */
import type { Dim } from "../../../ir/graph.ts";
import type { Operand, Site, Table } from "../site.ts";
import { cast } from "./elements.ts";
import { filled, unsqueeze } from "./shapes.ts";

/** A dim's extent as a number. */
export const size = ({ node, extent, ints, scalar }: Site, dim: Dim): string =>
  typeof dim === "number" ? scalar("int64", dim) : node("Squeeze", [extent(dim), ints([0])]);

/** Which ids are some, of so many; and the ids with 0 for the others. */
export function checked(site: Site, ids: Operand, count: Dim) {
  const { node, scalar } = site;
  const zero = scalar("int32", 0);
  const end = typeof count === "number" ? scalar("int32", count) : cast(node, size(site, count), "int32");
  const known = node("And", [node("GreaterOrEqual", [ids.name, zero]), node("Less", [ids.name, end])]);
  return { known, ids: node("Where", [known, ids.name, zero]) };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Rows of a dim, the ids' dims in its place. */
function gather(site: Site): string {
  const { node, scalar } = site;
  const [table, ids] = [site.ins[0]!, site.ins[1]!];
  const axis = site.attrs.dim as number;
  const safe = checked(site, ids, table.shape[axis]!);
  const rows = node("Gather", [table.name, safe.ids], { axis });
  const known = unsqueeze(site, safe.known, range(ids.shape.length, site.outs[0]!.shape.length - axis));
  return node("Where", [known, rows, scalar(table.dtype, 0)]);
}

/** An id for each element. */
function takeAlong(site: Site): string {
  const { node, scalar } = site;
  const [x, ids] = [site.ins[0]!, site.ins[1]!];
  const axis = site.attrs.dim as number;
  const safe = checked(site, ids, x.shape[axis]!);
  return node("Where", [safe.known, node("GatherElements", [x.name, safe.ids], { axis }), scalar(x.dtype, 0)]);
}

/** What is not to be added is added as 0. */
function scatterAdd(site: Site): string {
  const { node, scalar } = site;
  const [rows, ids] = [site.ins[0]!, site.ins[1]!];
  const y = site.outs[0]!;
  const safe = checked(site, ids, y.shape[0]!);
  const known = unsqueeze(site, safe.known, range(ids.shape.length, rows.shape.length));
  const added = node("Where", [known, rows.name, scalar(rows.dtype, 0)]);
  const places = cast(node, unsqueeze(site, safe.ids, [ids.shape.length]), "int64");
  return node("ScatterND", [filled(site, y, 0), places, added], { reduction: "add" });
}

function oneHot(site: Site): string {
  const { ins, outs, attrs, node, constant } = site;
  const depth = attrs.depth as number;
  const classes = constant("int32", [depth], range(0, depth));
  const equal = node("Equal", [unsqueeze(site, ins[0]!.name, [ins[0]!.shape.length]), classes]);
  return cast(node, equal, outs[0]!.dtype);
}

export const indexing: Table = { gather, oneHot, scatterAdd, takeAlong };
