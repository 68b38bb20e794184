/** @file Rows and elements by number, the largest, ranges and triangles. */
import { isDType } from "../../../src/ir/dtype.ts";
import { emit, type Loose, where } from "../loose.ts";
import { dimOf, type Entry, ids, product, range, type Site, type Table, Uncovered } from "../site.ts";

/** The place of the largest element along a dim; with `select_last_index`, of equals the last. */
const argmax =
  (flip: (x: Loose) => Loose): Entry =>
  (s) => {
    const shape = s.shape(0);
    const dim = dimOf(s.int("axis", 0), shape.length);
    const [x, extent] = [flip(s.x(0)), shape[dim]!];
    const last = s.int("select_last_index", 0) === 1;
    const backwards = () => x.gather(s.feed("int32", [extent], range(extent).reverse()), dim).argmax(dim);
    const at = last
      ? backwards()
          .cast("float32")
          .neg()
          .add(extent - 1)
          .cast("int32")
      : x.argmax(dim);
    return s.int("keepdims", 1) ? at.unsqueeze(dim) : at;
  };

/** A dim elsewhere. */
const moveDim = (x: Loose, from: number, to: number): Loose =>
  x.permute(range(x.shape.length).toSpliced(from, 1).toSpliced(to, 0, from));

/** Where the ids point to, the updates; elsewhere the data. `reduction` "add" adds them up. */
function scattered(s: Site, data: Loose, put: (values: Loose) => Loose): Loose {
  const updates = s.x(2);
  const mode = s.text("reduction", "none");
  if (mode === "add") return data.add(put(updates));
  if (mode !== "none") throw new Uncovered(`no scatter that does ${mode}`);
  return where(put(s.fill(updates.dtype, updates.shape, 1)).greater(0), put(updates), data);
}

const scatterElements: Entry = (s) => {
  const shape = s.shape(0);
  const dim = dimOf(s.int("axis", 0), shape.length);
  const at = ids(s, 1, shape[dim]!);
  return scattered(s, s.x(0), (values) => emit("addAlong", [values, at], { dim, shape }));
};

/** Numbers of rows in the first dims, taken as one: each row of the ids has a number for each of these dims. */
function linear(s: Site, i: number, batch: number): { rows: number[]; shape: number[]; depth: number } {
  const [shape, at, data] = [s.shape(0), s.shape(i), s.data(i)];
  const width = at.at(-1)!;
  const each = product(at.slice(batch, -1));
  const rows = range(product(at.slice(0, -1))).map((row) => {
    const within = range(width).reduce((n, k) => {
      const [id, extent] = [data[row * width + k]!, shape[batch + k]!];
      return n * extent + (id < 0 ? id + extent : id);
    }, 0);
    return Math.floor(row / each) * product(shape.slice(batch, batch + width)) + within;
  });
  return { rows, shape: at.slice(0, -1), depth: batch + width };
}

/** 0, 1, … along a dim of a shape. */
const along = (s: Site, shape: readonly number[], dim: number): Loose => s.fill("float32", shape, 1).cumsum(dim).sub(1);

export const indexing: Table = {
  ArgMax: argmax((x) => x),
  ArgMin: argmax((x) => x.neg()),
  ConstantOfShape(s) {
    const { value } = s.node.attrs;
    const { dtype, data } = typeof value === "object" && "data" in value ? value : { dtype: "float32", data: [0] };
    if (!isDType(dtype)) throw new Uncovered(`no dtype ${dtype}`);
    return s.fill(dtype, s.data(0), data![0]!);
  },
  CumSum(s) {
    const dim = dimOf(s.data(1)[0]!, s.shape(0).length);
    const sum = emit("cumsum", [s.x(0)], { dim, reverse: s.int("reverse", 0) === 1 });
    return s.int("exclusive", 0) ? sum.sub(s.x(0)) : sum;
  },
  EyeLike(s) {
    const shape = s.shape(0);
    const diagonal = along(s, shape, 1)
      .sub(along(s, shape, 0))
      .equal(s.int("k", 0));
    return diagonal.cast(({ 1: "float32", 6: "int32", 11: "float64" } as const)[s.int("dtype", 6)]!);
  },
  Gather(s) {
    const dim = dimOf(s.int("axis", 0), s.shape(0).length);
    return s.x(0).gather(ids(s, 1, s.shape(0)[dim]!), dim);
  },
  GatherElements(s) {
    const dim = dimOf(s.int("axis", 0), s.shape(0).length);
    return s.x(0).takeAlong(ids(s, 1, s.shape(0)[dim]!), dim);
  },
  GatherND(s) {
    const { rows, shape, depth } = linear(s, 1, s.int("batch_dims", 0));
    const rest = s.shape(0).slice(depth);
    const flat = s.x(0).reshape([product(s.shape(0).slice(0, depth)), ...rest]);
    return flat.gather(s.feed("int32", [rows.length], rows)).reshape([...shape, ...rest]);
  },
  Hardmax(s) {
    const rank = s.shape(0).length;
    const dim = dimOf(s.int("axis", -1), rank);
    return moveDim(s.x(0).argmax(dim).oneHot(s.shape(0)[dim]!), rank - 1, dim);
  },
  OneHot(s) {
    const [depth] = s.data(1) as [number];
    const [off, on] = s.data(2) as [number, number];
    const rank = s.shape(0).length;
    const rows = ids(s, 0, depth)
      .oneHot(depth)
      .mul(on - off)
      .add(off);
    const moved = moveDim(rows, rank, dimOf(s.int("axis", -1), rank + 1));
    return moved.cast(s.x(2).dtype);
  },
  Range(s) {
    const [start, limit, delta] = range(3).map((i) => s.data(i)[0]!) as [number, number, number];
    const n = Math.max(0, Math.ceil((limit - start) / delta));
    const found = along(s, [n], 0).mul(delta).add(start);
    return found.cast(s.x(0).dtype);
  },
  ReverseSequence(s) {
    const [time, batch] = [s.int("time_axis", 0), s.int("batch_axis", 1)];
    const [shape, lengths] = [s.shape(0), s.data(1)];
    const rows = range(product(shape)).map((flat) => {
      const at = (dim: number) => Math.floor(flat / product(shape.slice(dim + 1))) % shape[dim]!;
      const [i, n] = [at(time), lengths[at(batch)]!];
      return i < n ? n - 1 - i : i;
    });
    return s.x(0).takeAlong(s.feed("int32", shape, rows), time);
  },
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND(s) {
    const { rows, depth } = linear(s, 1, 0);
    const shape = s.shape(0);
    const [many, rest] = [product(shape.slice(0, depth)), shape.slice(depth)];
    const at = s.feed("int32", [rows.length], rows);
    const put = (values: Loose) =>
      values
        .reshape([rows.length, ...rest])
        .scatterAdd(at, many)
        .reshape(shape);
    return scattered(s, s.x(0), put);
  },
  TopK(s) {
    const dim = dimOf(s.int("axis", -1), s.shape(0).length);
    const smallest = s.int("largest", 1) === 0;
    const { values, indices } = (smallest ? s.x(0).neg() : s.x(0)).topK(s.data(1)[0]!, dim);
    return [smallest ? values.neg() : values, indices];
  },
  Trilu(s) {
    const shape = s.shape(0);
    const above = along(s, shape.slice(-2), 1).sub(along(s, shape.slice(-2), 0));
    const k = s.has(1) ? s.data(1)[0]! : 0;
    return where(s.int("upper", 1) ? above.greaterEqual(k) : above.lessEqual(k), s.x(0), 0);
  },
};
