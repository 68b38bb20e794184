/** @file Names of dims become numbers, and every op is asked again: what only numbers can tell is found here. */
import { nearest, ShapeError, showGiven } from "../ir/errors.ts";
import type { Attr, Attrs, Dim, LogicalGraph, Shape, Value } from "../ir/graph.ts";
import { givenLayout, inferTypes, showCall } from "./infer.ts";
import { userLine } from "./source.ts";

type Dims = Readonly<Record<string, number>>;

/**
 * The graph with its dims bound. An op's attribute `shape` is bound like the shapes of values.
 *
 * Throws ShapeError: SL1040 a name without a number, SL1041 a number for a name that no dim has, SL1042 a number that is
 * no extent, and what the ops say of shapes that do not fit.
 *
 * @example
 * bindDims(training.logical, { batch: 128 });
 */
export function bindDims(graph: LogicalGraph, dims: Dims): LogicalGraph {
  const known = checkDims(graph, dims);
  const open = known.find((name) => dims[name] === undefined);
  if (open === undefined) return bound(graph, dims);
  throw new ShapeError("SL1040", `dim "${open}" is not bound to a number`, {
    subject: `graph "${graph.name}"`,
    at: userLine(),
    hint: `compile(graph, { dims: { ${known.map((name) => `${name}: …`).join(", ")} } })`,
  });
}

/** The same with names left that have no number. Throws as `bindDims`, but not SL1040. */
export function bindSome(graph: LogicalGraph, dims: Dims): LogicalGraph {
  checkDims(graph, dims);
  return bound(graph, dims);
}

function bound(graph: LogicalGraph, dims: Dims): LogicalGraph {
  const bind = (shape: Shape): Shape =>
    shape.map((dim) => (typeof dim === "string" && Object.hasOwn(dims, dim) ? dims[dim]! : dim));
  const bindAttrs = (attrs: Attrs): Attrs =>
    Array.isArray(attrs.shape) ? { ...attrs, shape: bind(attrs.shape as Shape) as Attr } : attrs;
  const values: Value[] = [];
  const ops = graph.ops.map((op) => {
    const attrs = bindAttrs(op.attrs);
    const ins = op.inputs.map((id) => values[id]!);
    const types = inferTypes(op.kind, ins, attrs, op.at, () =>
      showCall(
        op.kind,
        ins.map((value) => ({ ...value, layout: givenLayout(graph, value.id) })),
      ),
    );
    op.outputs.forEach((id, i) => {
      values[id] = { ...graph.values[id]!, shape: types[i]!.shape };
    });
    return { ...op, attrs };
  });
  return { ...graph, values, ops };
}

const showBound = (value: unknown) => (typeof value === "string" ? `the string "${value}"` : showGiven(value));

/** The names that the graph's dims have. */
function checkDims(graph: LogicalGraph, dims: Dims): readonly string[] {
  const names = new Set(graph.values.flatMap(({ shape }) => shape.filter((dim: Dim) => typeof dim === "string")));
  const known = [...names];
  const subject = `graph "${graph.name}"`;
  const at = userLine();
  for (const [name, value] of Object.entries(dims)) {
    if (!names.has(name)) {
      const [meant] = nearest(name, known);
      throw new ShapeError("SL1041", `no dim is named "${name}"`, {
        subject,
        at,
        choices: known,
        hint: meant === undefined ? "leave it out" : `did you mean "${meant}"?`,
      });
    }
    if (!Number.isSafeInteger(value) || value < 1)
      throw new ShapeError("SL1042", `dim "${name}" cannot be ${showBound(value)}`, {
        subject,
        at,
        hint: "bind a whole number from 1 on",
      });
  }
  return known;
}
