/** @file That the harness sees what is wrong: a stored output that is off, a kernel's result, a signature that is false. */
import { describe, expect, test } from "vitest";
import type { Op } from "../../src/ir/graph.ts";
import { build } from "./build.ts";
import { bySignature, check, difference, wrongness } from "./check.ts";
import { Uncovered } from "./site.ts";
import type { OnnxTest } from "./suite.ts";

const values = [0.5, -1, 2, 0, 3, -0.25];
const tensor = (data: readonly number[], dtype = "float32") => ({
  name: "",
  dtype,
  shape: [2, 3],
  data: Float64Array.from(data),
});

/** A model of one node. */
const one = (op: string, input = tensor(values), output = tensor(values.map(Math.exp))): OnnxTest => ({
  name: "test",
  op,
  model: {
    opset: 13,
    nodes: [{ op, domain: "", inputs: ["x"], outputs: ["y"], attrs: {} }],
    initializers: [],
    inputs: [{ name: "x", kind: input.dtype }],
    outputs: [{ name: "y", kind: output.dtype }],
  },
  inputs: [input],
  outputs: [output],
});

describe("the harness", () => {
  test("passes what is right, under every signature: S(0), S(1), P(max), P(min) and B", () => {
    const exp = one("Exp");
    expect(check(build(exp), [tensor(values.map(Math.exp))])).toEqual({ ops: 1, signatures: 5 });
  });

  test("sees a stored output that differs, by value, shape or dtype", () => {
    const built = build(one("Exp"));
    const right = values.map(Math.exp);
    expect(() => check(built, [tensor(right.with(2, 7.4))])).toThrow(/\[2\] is 7\.389\d*, not 7\.4/);
    expect(() => check(built, [{ ...tensor(right), shape: [3, 2] }])).toThrow(/float32\[2,3\], not float32\[3,2\]/);
    expect(() => check(built, [tensor(right, "int32")])).toThrow(/float32\[2,3\], not int32/);
  });

  test("sees a false signature: e to the sum is no sum of powers of e", () => {
    const { graph, values: found } = build(one("Exp"));
    const op = graph.ops.find(({ kind }) => kind === "exp") as Op;
    const [ins, outs] = [op.inputs.map((id) => found.get(id)!), op.outputs.map((id) => found.get(id)!)];
    const under = (name: "sum" | "max") => {
      const layout = [["a", { kind: "P", monoid: name }]] as const;
      return wrongness(bySignature(op, ins, outs, { ins: [layout], outs: [layout] }), outs, 1e-6);
    };
    expect(under("max")).toBeNull();
    expect(under("sum")).toMatch(/output 0/);
  });

  test("says why a test does not run", () => {
    const why = (of: OnnxTest) => expect(() => build(of));
    why(one("Exp", tensor(values, "uint8"))).toThrow(new Uncovered("no dtype uint8"));
    why(one("Unique")).toThrow(new Uncovered("dynamic output shape"));
    why(one("Frobnicate")).toThrow(new Uncovered("no Frobnicate"));
  });

  test("takes NaN for NaN and nothing else", () => {
    expect(difference([Number.NaN, 1], [Number.NaN, 1], "float32")).toBeNull();
    expect(difference([0], [Number.NaN], "float32")).not.toBeNull();
    expect(difference([Number.NaN], [0], "float32")).not.toBeNull();
    expect(difference([1], [1.000001], "float32")).toBeNull();
    expect(difference([1], [1.0001], "float32")).not.toBeNull();
    expect(difference([1], [2], "int32")).not.toBeNull();
  });
});
