/** @file What the user says of micro-batches: which dim they cut, into how many. */
import { userLine } from "../../graph/source.ts";
import { nearest, OptionError, showGiven } from "../../ir/errors.ts";
import type { LogicalGraph } from "../../ir/graph.ts";
import { balanced } from "../../sbp/boxes.ts";
import type { CompileOptions } from "../draft.ts";
import type { Rows } from "./in-time.ts";

/**
 * How the batch is cut; undefined when it is not. Sizes differ by one at most, the larger ones first. `graph` has its dims
 * by name yet. Throws OptionError SL5021.
 */
export function rowsOf(graph: LogicalGraph, { microBatches, dims = {}, schedule }: CompileOptions): Rows | undefined {
  if (microBatches === undefined && schedule === undefined) return undefined;
  const inputs = Object.entries(graph.inputs).map(([name, id]) => ({ name, shape: graph.values[id]!.shape }));
  const known = [...new Set(inputs.flatMap(({ shape }) => shape.filter((dim) => typeof dim === "string")))];
  const choices = known.map((dim) => `{ ${dim}: 4 }`);
  const refuse = (what: string, hint?: string) =>
    new OptionError("SL5021", what, {
      subject: "compile, option microBatches",
      at: userLine(),
      choices,
      ...(hint !== undefined && { hint }),
    });
  const unnamed = known.length ? undefined : 'give the dim of the batch a name: mesh.input(["batch", 784], "float32")';
  if (microBatches === undefined)
    throw refuse("a schedule orders micro-batches, and the batch is not cut into any", unnamed);
  const [pair, ...more] = typeof microBatches === "object" && microBatches !== null ? Object.entries(microBatches) : [];
  if (!pair || more.length > 0) {
    const given = pair ? `names ${more.length + 1} dims` : `is ${showGiven(microBatches)}`;
    throw refuse(`it ${given}, not one dim and a number of parts`, unnamed);
  }
  const [dim, count] = pair;
  if (!known.includes(dim)) {
    const [meant] = nearest(dim, known);
    throw refuse(`no input has a dim "${dim}"`, meant === undefined ? unnamed : `did you mean "${meant}"?`);
  }
  const rows = dims[dim]!;
  if (!Number.isSafeInteger(count) || count < 1 || count > rows)
    throw refuse(
      `"${dim}" has ${rows} rows, which cannot be cut into ${showGiven(count)} micro-batches`,
      `give a whole number from 1 to ${rows}`,
    );
  const twice = inputs.find(({ shape }) => shape.filter((each) => each === dim).length > 1);
  if (twice)
    throw refuse(
      `input "${twice.name}" has "${dim}" in two dims, [${twice.shape.join(", ")}]`,
      "name the other dim differently",
    );
  if (count === 1 && schedule === undefined) return undefined;
  const cut = inputs.filter(({ shape }) => shape.includes(dim));
  return {
    count: rows,
    borders: [...Array.from({ length: count }, (_, i) => balanced(rows, count, i)[0]), rows],
    dims: Object.fromEntries(cut.map(({ name, shape }) => [name, shape.indexOf(dim)])),
  };
}
