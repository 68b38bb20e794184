/**
 * @file Finds products of matrices with the bias and the residual that are added to them, and sums over a batch of products,
 * which are one product with a longer inner dim: the gradient of a weight. The kernel adds the bias before the residual,
 * so a run ends where the program has it the other way round. It widens 16-bit floats itself: their casts come before it.
 */
import type { Op } from "../../ir/graph.ts";
import { type Draft, shapeOf } from "../draft.ts";
import { castFor } from "./chains.ts";
import type { JoinSite } from "./site.ts";

/** A matmul, then perhaps a sum over its leading dims, then what adds a bias or a residual. */
export interface Product {
  readonly ops: readonly Op[];
  readonly bias?: number;
  readonly residual?: number;
}

/** What begins with this matmul, if that is one product. */
export function productFrom(site: JoinSite, matmul: Op): Product | undefined {
  const { draft, ops, users, shown, taken } = site;
  /** Ops of the task up to the next one that writes a state: a run must not read one after it has changed. */
  const after = ops.slice(ops.indexOf(matmul) + 1);
  const change = after.findIndex((op) => op.writes?.length);
  const near = new Set(change < 0 ? after : after.slice(0, change));
  const next = (value: number): Op | undefined => {
    const [user, another] = users[value]!;
    return user && !another && !shown.has(value) && near.has(user) && !taken.has(user.id) ? user : undefined;
  };
  const widened = (value: number) => castFor(site, value).filter(({ id }) => !taken.has(id));
  const product = runFrom(draft, matmul, next, (value) => widened(value).length > 0);
  return product && { ...product, ops: [...matmul.inputs.flatMap(widened), ...product.ops] };
}

function runFrom(
  draft: Draft,
  matmul: Op,
  next: (value: number) => Op | undefined,
  widened: (value: number) => boolean,
): Product | undefined {
  const shape = (value: number) => shapeOf(draft.graph.values[value]!);
  const ops = [matmul];
  let value = matmul.outputs[0]!;
  let user = next(value);
  if (user?.kind === "sum" && sumsProducts(matmul, user, shape)) {
    ops.push(user);
    value = user.outputs[0]!;
    user = next(value);
  } else if (!isOneProduct(matmul, shape)) return undefined;
  let bias: number | undefined;
  let residual: number | undefined;
  for (; user?.kind === "add" && String(shape(user.outputs[0]!)) === String(shape(value)); user = next(value)) {
    const other = user.inputs[0] === value ? user.inputs[1]! : user.inputs[0]!;
    const same = String(shape(other)) === String(shape(value));
    if (same && widened(other)) break; // the chain behind the product widens it box by box
    if (residual === undefined && same) residual = other;
    else if (bias === undefined && residual === undefined && isRow(shape(other), shape(value))) bias = other;
    else break;
    ops.push(user);
    value = user.outputs[0]!;
  }
  return { ops, ...(bias !== undefined && { bias }), ...(residual !== undefined && { residual }) };
}

type ShapeOf = (value: number) => readonly number[];

/** Whether it is one product on every rank, the rows of a batch side by side. */
function isOneProduct({ inputs: [a, b], attrs }: Op, shape: ShapeOf): boolean {
  return shape(b!).length === 2 && (shape(a!).length === 2 || !attrs.transposeA);
}

/** Whether the sum is over all products of a batch whose inner dims lie one behind the other in memory. */
function sumsProducts({ inputs: [a, b], outputs: [y], attrs }: Op, sum: Op, shape: ShapeOf): boolean {
  const lead = [a!, b!, y!].map((value) => String(shape(value).slice(0, -2)));
  const dims = sum.attrs.dims as readonly number[];
  const all = shape(y!).slice(0, -2);
  const whole = dims.length === all.length && dims.every((dim, i) => dim === i);
  return attrs.transposeA === true && !attrs.transposeB && lead[0] === lead[1] && whole && !sum.attrs.keep;
}

/** One row that is added to each. */
const isRow = (shape: readonly number[], to: readonly number[]): boolean =>
  shape.length > 0 && shape.at(-1) === to.at(-1) && shape.slice(0, -1).every((n) => n === 1);
