/**
 * Every op that learns, under every layout that it offers on two ranks: the gradients of its inputs are those of one
 * device. The inputs are parameters, one step of SGD with rate 1 takes their gradients off, and the session reads them.
 */
import { array, launch, optim, Plan, placement } from "sluice";
import { afterAll, describe, expect, test } from "vitest";
import { compileGraph } from "../../src/compiler/compile.ts";
import { Builder } from "../../src/graph/builder.ts";
import { opDef } from "../../src/graph/registry.ts";
import { type DType, isFloat } from "../../src/ir/dtype.ts";
import { toElements } from "../../src/ir/element.ts";
import { type Layout, showLayout } from "../../src/ir/layout.ts";
import { signatures } from "../../src/sbp/signatures.ts";
import { onWhole } from "../../src/testing/apply.ts";
import { sequence } from "../../src/testing/value.ts";
import { type Case, cases, shapesOf, values } from "../graph/cases.ts";
import { execute } from "../graph/kernels.ts";

const one = placement("cpu", { a: 1 });
const two = placement("cpu", { a: 2 });
/** Cases of an op that run in the ordinary test; all of them in the long one. */
const share = process.env.LONG ? Number.POSITIVE_INFINITY : 2;

const zero = { kind: "constant", value: 0 } as const;

/**
 * Σ weights · outputs, minimised. Every operand is a state, of a name that no other graph has; those that may learn are
 * parameters.
 */
function training({ kind, attrs }: Case, ins: Inputs, mesh: typeof one, prefix: string) {
  const builder = new Builder(kind, true);
  const state = (name: string, of: "param" | "stat", shape: readonly number[], dtype: DType) =>
    builder.state({ name: `${prefix}${name}`, kind: of, shape, dtype, init: zero, checkpoint: true }, mesh.data);
  const operands = ins.map(({ shape, dtype }, i) => state(`x${i}`, isFloat(dtype) ? "param" : "stat", shape, dtype));
  const outs = builder.apply(kind, operands, attrs, { placement: mesh.data });
  const sums = outs.flatMap((y, j) => {
    if (!isFloat(y.dtype)) return [];
    const shape = y.shape as number[];
    const [product] = builder.apply("mul", [y, state(`w${j}`, "stat", shape, y.dtype)]);
    return shape.length ? builder.apply("sum", [product!], { dims: [...shape.keys()], keep: false }) : [product!];
  });
  const loss = sums.reduce((a, b) => builder.apply("add", [a, b])[0]!);
  builder.apply("minimize", [loss], { optimizer: optim.sgd({ lr: 1 }) as never });
  return builder.finish({}, { loss: loss.id });
}
type Inputs = ReturnType<typeof values>;
type Found = readonly { readonly name: string; readonly data: Float64Array }[];

/** A session that takes the gradients of one graph after the other. */
async function trainer(mesh: typeof one) {
  // The first plan decides how many registers a task may read: attention reads many.
  const wide = cases.find(({ kind }) => kind === "attention")!;
  const session = await launch(new Plan(compileGraph(training(wide, values(wide, sequence(1)), mesh, ""))));
  let count = 0;
  /** By operand: what a step of rate 1 took off. */
  const gradients = async (c: Case, ins: Inputs, layouts: readonly Layout[] = []): Promise<Found> => {
    const prefix = `${++count}_`;
    const sharding = layouts.map((layout, i) => [`${prefix}x${i}`, Object.fromEntries(layout.map(written))] as const);
    const plan = new Plan(compileGraph(training(c, ins, mesh, prefix), { sharding }));
    const runner = await session.load(plan);
    const random = sequence(5);
    for (const { name, shape, dtype } of plan.data.states) {
      const [, letter, place] = /^\d+_([xw])(\d+)$/.exec(name) ?? [];
      const length = shape.reduce((a, b) => a * b, 1);
      const drawn = letter === "w" && Float64Array.from({ length }, () => random() * 2 - 1);
      const data = drawn || (letter === "x" && ins[Number(place)]!.data);
      if (data) await session.states.write(name, array([...shape], dtype, toElements(dtype, data)));
    }
    for await (const _ of runner.run([{}] as never));
    const parameters = ins.flatMap(({ dtype, data }, i) => (isFloat(dtype) ? [{ name: `x${i}`, data }] : []));
    return Promise.all(
      parameters.map(async ({ name, data }) => {
        const after = await session.states.read(`${prefix}${name}`);
        return { name, data: data.map((x, k) => x - Number(after.data[k])) };
      }),
    );
  };
  return { gradients, close: () => session.close() };
}
const written = ([axis, sbp]: Layout[number]) => [axis, sbp.kind === "S" ? (`S(${sbp.dim})` as const) : "B"] as const;

/** Ops that take and give floats, and have a gradient. */
function learns({ kind, shapes, dtypes, attrs }: Case): boolean {
  const { gradient, stopsGradient, infer } = opDef(kind);
  if (!gradient || stopsGradient || kind === "withGradient" || shapes.some((shape) => shape.includes(0))) return false;
  const ins = shapes.map((shape, i) => ({ shape, dtype: dtypes?.[i] ?? "float32" }));
  return ins.some(({ dtype }) => isFloat(dtype)) && infer(ins, attrs).some(({ dtype }) => isFloat(dtype));
}
const able = cases.filter(learns);
const learning = able.filter((c, i) => able.slice(i + 1).filter(({ kind }) => kind === c.kind).length < share);

describe("gradients are those of one device", () => {
  const trainers = Promise.all([trainer(one), trainer(two)]);
  afterAll(async () => {
    for (const { close } of await trainers) await close();
  });

  test.each(learning.map((c) => [shapesOf(c), c] as const))("%s", async (_, c) => {
    const [alone, together] = await trainers;
    const ins = values(c, sequence(29)).map((v) => ({ ...v, data: v.data.map(Math.fround) }));
    const expected = await alone!.gradients(c, ins);
    const outs = onWhole(c.kind, ins, c.attrs, execute);
    const site = { name: c.kind, ins, outs, attrs: c.attrs, rules: opDef(c.kind).rules };
    const held = signatures(site, two.data).filter(({ ins }) => ins.flat().every(([, { kind }]) => kind !== "P"));
    for (const { ins: layouts } of held) {
      const found = await together!.gradients(c, ins, layouts);
      const text = layouts.map((layout) => showLayout(layout)).join(" ");
      found.forEach(({ name, data }, i) => {
        data.forEach((x, k) => {
          const y = expected[i]!.data[k]!;
          const off = Math.abs(x - y) / Math.max(1, Math.abs(y));
          expect(off, `${text}: ${name}[${k}] is ${x}, alone ${y}`).toBeLessThanOrEqual(2e-5);
        });
      });
    }
  });

  test("and are not all nothing", async () => {
    const [alone] = await trainers;
    const silent = new Set(learning.map(({ kind }) => kind));
    for (const c of learning) {
      const found = await alone!.gradients(c, values(c, sequence(31)));
      if (found.some(({ data }) => data.some((x) => x !== 0))) silent.delete(c.kind);
    }
    expect([...silent]).toEqual([]);
  });
});
