/** @file Operands, lists, functions and graphs that are none: each refused by name, with the user's line, never a raw TypeError. */
import {
  array,
  compile,
  concat,
  customGradient,
  graph,
  launch,
  nn,
  optim,
  placement,
  SluiceError,
  stack,
  where,
} from "sluice";
import { describe, expect, test } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: plain JavaScript gets past the types
type Any = any;
const untyped = (value: unknown): Any => value;

const mesh = placement("cpu", { data: 2 });
const here = /at test\/errors\/bad-operands\.test\.ts:\d+/;
const x46 = mesh.input([4, 6], "float32");
const inputs = {
  x: x46,
  v: mesh.input([6], "float32"),
  ids: mesh.input([4], "int32"),
  none: mesh.input([0, 3], "float32"),
};

type Body = (tensors: Any, g: Any) => unknown;
/** What the body's mistake is answered with. */
function answer(body: Body): SluiceError {
  try {
    graph(mesh, { name: "operands", inputs }, (tensors, g) => ({ out: untyped(body(tensors, g)) ?? tensors.x.exp() }));
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
    return error as SluiceError;
  }
  throw new Error("accepted in silence");
}

describe("operands", () => {
  const values: readonly [unknown, string][] = [
    [undefined, "undefined"],
    [null, "null"],
    ["1", '"1"'],
    [[1, 2], "an array"],
    [1n, "1"],
    [true, "true"],
    [{}, "an object"],
  ];
  const methods = "add sub mul div maximum minimum equal less greater matmul gather scatterAdd logicalAnd".split(" ");
  test.each(methods)("of %s", (method) => {
    for (const [value, shown] of values) {
      const { code, message } = answer(({ x }) => x[method](value, 1));
      expect(code).toBe("SL1037");
      expect(message).toContain(`${method}: operand 1 is ${shown}, no tensor`);
      expect(message).toMatch(here);
    }
  });
  test.each<[string, Body, string]>([
    ["where", ({ x }) => where(untyped(undefined), x, x), "where: operand 0 is undefined"],
    ["where", ({ x }) => where(x.greater(0), untyped(undefined), untyped("1")), "where: operand 1 is undefined"],
    ["where", ({ x }) => where(x.greater(0), 1, untyped("1")), 'where: operand 2 is "1"'],
    ["concat", () => untyped(concat)(), "concat: the first argument is undefined, not a list"],
    ["concat", ({ x }) => untyped(concat)(x, 0), "concat: the first argument is a tensor, not a list"],
    ["concat", ({ x }) => concat([x, untyped(undefined)], 0), "concat: operand 1 is undefined"],
    ["stack", ({ x }) => untyped(stack)([x, 3], 0), "stack: operand 1 is 3"],
    ["softmaxCrossEntropy", ({ x }) => untyped(nn.softmaxCrossEntropy)(x), "operand 1 is undefined"],
    ["denseCrossEntropy", () => untyped(nn.denseCrossEntropy)(), "operand 0 is undefined"],
    ["a module", () => untyped(nn.linear(6, 4))(), "operand 0 is undefined"],
    [
      "a module of one's own",
      () => untyped(nn.define({ fc: nn.linear(6, 4) }, (m) => (x: Any) => m.fc(x)))(),
      "fc: operand 0 is undefined",
    ],
    ["assign", (_, g) => g.assign(undefined, 3), "assign: operand 0 is undefined"],
    ["assign", (_, g) => g.assign(g.state("k", [], "float32"), 3), "assign: operand 1 is 3"],
    ["minimize", (_, g) => g.minimize(undefined, optim.sgd({ lr: 1 })), "minimize: operand 0 is undefined"],
    ["reshape", ({ x }) => x.reshape(), "the new shape is undefined"],
    ["permute", ({ x }) => x.permute(), "undefined is no order of 2 dims"],
    ["to", ({ x }) => x.to(), "to: the placement is undefined"],
    ["to", ({ x }) => x.to("cpu"), 'to: the placement is "cpu"'],
    ["to", ({ x }) => x.to(mesh, "S(0)"), "a layout is an object"],
  ])("of %s", (_, body, text) => {
    const { message } = answer(body);
    expect(message).toContain(text);
    expect(message).toMatch(here);
  });
});

describe("gradients of one's own", () => {
  test.each<[string, Body]>([
    [
      "the first argument is a tensor",
      ({ x }) =>
        customGradient(
          x,
          untyped((a: Any) => a),
          (g) => [g],
        ),
    ],
    [
      "forward returns a promise",
      ({ x }) =>
        customGradient(
          [x],
          untyped(async (a: Any) => a),
          (g) => [g],
        ),
    ],
    [
      "backward returns 1, not a list",
      ({ x }) =>
        customGradient(
          [x],
          (a) => a,
          untyped(() => 1),
        ),
    ],
    [
      "backward returns undefined, not a list",
      ({ x }) =>
        customGradient(
          [x],
          (a) => a,
          untyped(() => undefined),
        ),
    ],
    [
      "backward returns a tensor, not a list",
      ({ x }) =>
        customGradient(
          [x],
          (a) => a,
          untyped((g: Any) => g),
        ),
    ],
    [
      "the gradient of input 0 is 0, no tensor",
      ({ x }) =>
        customGradient(
          [x],
          (a) => a,
          untyped(() => [0]),
        ),
    ],
    [
      "customGradient(x: f32[4,6]): the gradient",
      ({ x }) =>
        customGradient(
          [x],
          (a) => a,
          (g: Any) => [g.sum(0)],
        ),
    ],
  ])("%s", (text, body) => {
    const { message } = answer(body);
    expect(message).toContain(text);
    expect(message).toMatch(here);
  });
});

describe("graphs", () => {
  const fine = { name: "g", inputs: { x: x46 } };
  const build = ({ x }: Any) => ({ y: x.exp() });
  test.each<[string, readonly unknown[], RegExp]>([
    ["nothing", [], /the placement is undefined[\s\S]*SL1141/],
    ["no placements", [[], fine, build], /the list of placements is empty[\s\S]*SL1141/],
    ["a device", ["cpu", fine, build], /the placement is "cpu"/],
    ["no description", [mesh], /options are an object, got undefined/],
    ["no inputs", [mesh, { name: "g" }, build], /inputs is undefined/],
    ["a shape for an input", [mesh, { name: "g", inputs: { x: [4] } }, build], /input "x" is an array/],
    ["no name", [mesh, { inputs: {} }, build], /the name is undefined/],
    ["a model that is none", [mesh, { ...fine, model: {} }, build], /model is an object, not a module/],
    ["no function", [mesh, fine], /the function that builds it is undefined/],
    ["a mode that is none", [mesh, { ...fine, mode: "training" }, build], /"training"[\s\S]*choices: train, eval/],
    ["a misspelt option", [mesh, { ...fine, inptus: 1 }, build], /did you mean "inputs"/],
    ["a function that returns nothing", [mesh, fine, () => {}], /returned undefined[\s\S]*SL1034/],
    ["a function that returns a tensor", [mesh, fine, ({ x }: Any) => x], /returned a tensor/],
    ["an async function", [mesh, fine, async () => ({})], /returned a promise/],
  ])("of %s", (_, args, message) => {
    expect(() => untyped(graph)(...args)).toThrow(message);
  });
  test("that are none, compiled", () => {
    for (const [value, shown] of [
      [undefined, "undefined"],
      [build, "a function"],
      [{}, "an object"],
    ])
      expect(() => compile(untyped(value))).toThrow(`compile takes a graph, got ${String(shown)}`);
  });
  test("whose inputs have no shape", () => {
    expect(() => untyped(mesh).input()).toThrow(/the shape is undefined[\s\S]*SL1001/);
  });
  test("fed an array without data", async () => {
    await using session = await launch(compile(graph(mesh, fine, ({ x }) => ({ y: x.exp() }))));
    const batch = { x: { ...array([4, 6], "float32", new Float32Array(24)), data: null } };
    const step = async () => {
      for await (const _ of session.run(untyped([batch])));
    };
    await expect(step()).rejects.toThrow(/no array with shape, dtype and data[\s\S]*SL4004/);
  });
});

describe("what would compute nonsense", () => {
  test.each<[string, Body, RegExp]>([
    ["the largest of nothing", ({ none }) => none.argmax(0), /argmax\([\s\S]*dim 0 has no elements[\s\S]*SL1089/],
    ["the least of nothing", ({ none }) => none.argmin(0), /dim 0 has no elements/],
    ["a negative deviation", (_, g) => g.random.normal([4], { deviation: -1 }), /a deviation of -1[\s\S]*SL1105/],
    ["bounds of a draw", (_, g) => g.random.uniform([4], { low: 1, high: 0 }), /low is 1, high 0[\s\S]*SL1105/],
    ["bounds of NaN", ({ x }) => x.clamp(Number.NaN, 1), /clamp\([\s\S]*NaN and 1, and NaN is no number/],
    ["a range of NaN", ({ x }) => x.slice(0, Number.NaN), /no range \[NaN,NaN\) of dim 0/],
    ["a vector transposed", ({ v }) => v.transpose(), /transpose\(v: f32\[6\]\): it swaps the last two dims/],
    ["a dim of -1", ({ x }) => x.reshape([-1]), /-1 is not filled in[\s\S]*write \[24\]/],
    ["a dim of -1 among others", ({ x }) => x.reshape([2, -1]), /write \[2,12\]/],
    ["a fraction beside ids", ({ ids }) => ids.greater(0.5), /greater\(ids: i32\[4\], 0\.5\): 0\.5 is no int32/],
    ["unequal parts of a stack", ({ x, v }) => stack([x, v], 0), /stack\(x: f32\[4,6\], v: f32\[6\]\): shapes differ/],
  ])("%s", (_, body, text) => {
    const { message } = answer(body);
    expect(message).toMatch(text);
    expect(message).toMatch(here);
  });
});
