/**
 * Every op that learns, under every layout that it offers on two ranks: the gradients of its inputs are those of one
 * device. The inputs are parameters, one step of SGD with rate 1 takes their gradients off, and the session reads them.
 */
import { array, launch, optim, Plan, placement } from "sluice";
import { describe, expect, test } from "vitest";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { CompileOptions } from "../../src/compiler/draft.ts";
import { Builder } from "../../src/graph/builder.ts";
import { opDef } from "../../src/graph/registry.ts";
import { isFloat } from "../../src/ir/dtype.ts";
import { toElements } from "../../src/ir/element.ts";
import { type Layout, showLayout } from "../../src/ir/layout.ts";
import { signatures } from "../../src/sbp/signatures.ts";
import { type Case, cases, sequence, shapesOf, values } from "../graph/cases.ts";
import { onWhole } from "../graph/oracle.ts";

const one = placement("cpu", { a: 1 });
const two = placement("cpu", { a: 2 });
/** Cases of an op that run in the ordinary test; all of them in the long one. */
const share = process.env.LONG ? Number.POSITIVE_INFINITY : 1;

const zero = { kind: "constant", value: 0 } as const;

/** Σ weights · outputs, minimised; every operand is a state named by its place, those that may learn are parameters. */
function training({ kind, attrs }: Case, ins: ReturnType<typeof values>, mesh: typeof one) {
  const builder = new Builder(kind, true);
  const operands = ins.map(({ shape, dtype }, i) =>
    builder.state(
      { name: `x${i}`, kind: isFloat(dtype) ? "param" : "stat", shape, dtype, init: zero, checkpoint: true },
      mesh.data,
    ),
  );
  const outs = builder.apply(kind, operands, attrs, { placement: mesh.data });
  const sums = outs.flatMap((y, j) => {
    if (!isFloat(y.dtype)) return [];
    const shape = y.shape as number[];
    const weights = builder.state(
      { name: `w${j}`, kind: "stat", shape, dtype: y.dtype, init: zero, checkpoint: true },
      mesh.data,
    );
    const [product] = builder.apply("mul", [y, weights]);
    return shape.length ? builder.apply("sum", [product!], { dims: [...shape.keys()], keep: false }) : [product!];
  });
  const loss = sums.reduce((a, b) => builder.apply("add", [a, b])[0]!);
  builder.apply("minimize", [loss], { optimizer: optim.sgd({ lr: 1 }) as never });
  return builder.finish({}, { loss: loss.id });
}

/** Gradients by operand, as the session's parameters tell them. */
async function gradients(c: Case, ins: ReturnType<typeof values>, mesh: typeof one, options: CompileOptions) {
  const plan = new Plan(compileGraph(training(c, ins, mesh), options));
  await using session = await launch(plan, { threads: 1 });
  const random = sequence(5);
  for (const { name, shape, dtype } of plan.data.states) {
    const given = name.startsWith("x") ? ins[Number(name.slice(1))]!.data : undefined;
    if (name.includes(".")) continue;
    const length = shape.reduce((a, b) => a * b, 1);
    const data = given ?? Float64Array.from({ length }, () => random() * 2 - 1);
    await session.states.write(name, array([...shape], dtype, toElements(dtype, data)));
  }
  const names = session.parameters.names;
  const before = await Promise.all(names.map((name) => session.parameters.read(name)));
  for await (const _ of session.run([{}] as never));
  const after = await Promise.all(names.map((name) => session.parameters.read(name)));
  return names.map((name, i) => ({ name, data: before[i]!.data.map((x, k) => x - after[i]!.data[k]!) }));
}

/** One case of each op that has a gradient, or all. */
const learning = cases.filter(
  (c, i) =>
    opDef(c.kind).gradient &&
    !opDef(c.kind).stopsGradient &&
    c.kind !== "withGradient" &&
    (c.dtypes?.some(isFloat) ?? c.shapes.length > 0) &&
    c.shapes.every((shape) => !shape.includes(0)) &&
    cases.slice(i + 1).filter(({ kind }) => kind === c.kind).length < share,
);

describe("gradients are those of one device", () => {
  test.each(learning.map((c) => [shapesOf(c), c] as const))("%s", async (_, c) => {
    const ins = values(c, sequence(29)).map((v) => ({ ...v, data: v.data.map(Math.fround) }));
    const outs = onWhole(c.kind, ins, c.attrs);
    const expected = await gradients(c, ins, one, {});
    expect(expected.some(({ data }) => data.some((x) => x !== 0))).toBe(true);
    const site = { name: c.kind, ins, outs, attrs: c.attrs, rules: opDef(c.kind).rules };
    const whole = (layouts: readonly Layout[]) => layouts.every((l) => l.every(([, sbp]) => sbp.kind !== "P"));
    for (const signature of signatures(site, two.data).filter(({ ins }) => whole(ins))) {
      const sharding = signature.ins.map(
        (layout, i) =>
          [
            `x${i}`,
            Object.fromEntries(layout.map(([axis, sbp]) => [axis, sbp.kind === "S" ? `S(${sbp.dim})` : "B"])),
          ] as const,
      );
      const found = await gradients(c, ins, two, { sharding: sharding as never });
      const text = signature.ins.map((layout) => showLayout(layout)).join(" ");
      found.forEach(({ name, data }, i) => {
        data.forEach((x, k) => {
          const y = expected[i]!.data[k]!;
          expect(Math.abs(x - y), `${text}: ${name}[${k}] is ${x}, alone ${y}`).toBeLessThanOrEqual(
            2e-5 * Math.max(1, Math.abs(y)),
          );
        });
      });
    }
  });
});
