/** @file Numbers that nothing can compute with, and options of training that are none: refused while the graph is built. */
import { array, compile, customGradient, graph, launch, nn, optim, placement, type Tensor } from "sluice";
import { describe, expect, test } from "vitest";

// biome-ignore lint/suspicious/noExplicitAny: plain JavaScript gets past the types
const untyped = (value: unknown): any => value;

const mesh = placement("cpu", { data: 2 });
const here = /at test\/errors\/bad-numbers\.test\.ts:\d+/;
const zeros = (shape: number[]) => array(shape, "float32", new Float32Array(shape.reduce((a, b) => a * b, 1)));

/** A graph over x: f32[shape], its outputs after one step on zeros. */
async function run(shape: number[], build: (x: never, g: never) => Record<string, unknown>) {
  const plan = compile(
    untyped(
      graph(mesh, { name: "numbers", inputs: { x: mesh.input(shape, "float32") } }, ({ x }, g) =>
        untyped(build(x as never, g as never)),
      ),
    ),
  );
  await using session = await launch(plan);
  for await (const step of untyped(session).run([{ x: zeros(shape) }])) return step as Record<string, unknown>;
  throw new Error("no step");
}
const building = (body: (x: ReturnType<typeof untyped>, g: ReturnType<typeof untyped>) => unknown) => () =>
  graph(mesh, { name: "numbers", inputs: { x: mesh.input([4, 6], "float32") } }, ({ x }, g) => ({
    out: untyped(body(x, g)) ?? x.exp(),
  }));

describe("means of nothing", () => {
  test("are NaN, alone and along a dim", async () => {
    const out = await run([0, 3], (x) => ({ all: untyped(x).mean(), rows: untyped(x).mean(0) }));
    expect(out.all).toBeNaN();
    expect([...untyped(out.rows).data]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
  test("train to NaN, as they are", async () => {
    const net = nn.linear(3, 1);
    const out = await run([0, 3], (x, g) => {
      const loss = net(untyped(x)).mean();
      untyped(g).minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    expect(out.loss).toBeNaN();
  });
});

describe("starts of states", () => {
  test("may be infinite: a running maximum", async () => {
    const out = await run([4], (x, g) => {
      const best = untyped(g).state("best", [4], "float32", { init: Number.NEGATIVE_INFINITY });
      const now = best.maximum(x);
      untyped(g).assign(best, now);
      return { now, before: best.mul(1) };
    });
    expect([...untyped(out.now).data]).toEqual([0, 0, 0, 0]);
    expect(untyped(out.before).data[0]).toBe(Number.NEGATIVE_INFINITY);
  });
  test.each([
    ["float32", Number.NaN],
    ["float32", "1"],
    ["int32", 1.5],
    ["int32", 2 ** 40],
    ["int64", Number.POSITIVE_INFINITY],
  ])("%s from %s", (dtype, init) => {
    const attempt = building((_, g) => void g.state("k", [2], dtype, { init }));
    expect(attempt).toThrow(/state "k": init is [\s\S]*is no (float32|int32|int64)[\s\S]*SL1091/);
    expect(attempt).toThrow(here);
  });
  test("beyond what numbers hold", () => {
    expect(building((_, g) => void g.state("k", [2], "int64", { init: 2 ** 60 }))).toThrow(
      /whole number from -9007199254740991 to 9007199254740991/,
    );
  });
  test.each([undefined, "", 3])("under the name %s", (name) => {
    expect(building((_, g) => void g.state(name, [2], "float32"))).toThrow(/the name is [\s\S]*SL1140/);
  });
  test("of a dtype that is none, or a shape", () => {
    expect(building((_, g) => void g.state("k", [2], "int8"))).toThrow(/"int8"[\s\S]*float32, float64, int32, int64/);
    expect(building((_, g) => void g.state("k", 2, "float32"))).toThrow(/the shape is 2[\s\S]*SL1094/);
    expect(building((_, g) => void g.state("k", [2], "float32", { int: 1 }))).toThrow(/did you mean "init"/);
  });
});

describe("numbers of ops", () => {
  test("an infinity beside a tensor is one", async () => {
    const out = await run([2], (x) => ({ less: untyped(x).less(Number.POSITIVE_INFINITY) }));
    expect([...untyped(out.less).data]).toEqual([1, 1]);
  });
  test("a padding of NaN", () => {
    expect(building((x) => x.pad(0, 1, 1, Number.NaN))).toThrow(/pad\(x[\s\S]*got NaN[\s\S]*SL1009/);
    expect(building((x) => x.pad(0, 1, 1, Number.NaN))).toThrow(here);
  });
});

describe("optimizers", () => {
  test.each([
    [{ lr: null }, /lr cannot be null/],
    [{ lr: "0.1" }, /lr cannot be "0\.1"/],
    [{}, /lr cannot be undefined/],
    [undefined, /lr cannot be undefined/],
    [{ lr: 0.1, momentum: -1 }, /momentum cannot be -1/],
    [{ lr: 0.1, momentun: 0.9 }, /no option "momentun"[\s\S]*did you mean "momentum"/],
  ])("sgd(%j)", (options, message) => {
    expect(() => optim.sgd(untyped(options))).toThrow(message);
  });
  test.each(["adam", "adamW", "lamb"] as const)("%s with an option that does not exist", (name) => {
    expect(() => optim[name](untyped({ lr: 0.1, beta: 0.9 }))).toThrow(/no option "beta"[\s\S]*did you mean "beta1"/);
  });
  test("a momentum above 1, as PyTorch takes it", () => {
    expect(optim.sgd({ lr: 0.1, momentum: 2 }).options.momentum).toBe(2);
  });
  test.each([
    ["an object", {}],
    ["a function", optim.sgd],
    ["undefined", undefined],
  ])("minimize with %s", (shown, optimizer) => {
    const net = nn.linear(6, 1);
    const attempt = building((x, g) => void g.minimize(net(x).mean(), optimizer));
    expect(attempt).toThrow(new RegExp(`the optimizer is ${shown}[\\s\\S]*optim\\.sgd\\(`));
    expect(attempt).toThrow(here);
  });
  test("what is frozen is a list", () => {
    const net = nn.linear(6, 1, { name: "fc" });
    const sgd = optim.sgd({ lr: 0.1 });
    expect(building((x, g) => void g.minimize(net(x).mean(), sgd, { frozen: "fc.*" }))).toThrow(
      /option frozen: it is "fc\.\*", not a list[\s\S]*SL1075/,
    );
    expect(building((x, g) => void g.minimize(net(x).mean(), sgd, { frozn: [] }))).toThrow(/did you mean "frozen"/);
  });
});

describe("what is no result", () => {
  test("a gradient kept beyond its backward function", () => {
    const built = building((x) => {
      let kept: unknown;
      const y = customGradient(
        [x as Tensor<[4, 6], "float32">],
        (a) => a.sign(),
        (grad) => {
          kept = grad;
          return [grad];
        },
      );
      return untyped(y).add(kept);
    })();
    expect(() => compile(built)).toThrow(/customGradient: [\s\S]*SL1147/);
    expect(() => compile(built)).toThrow(here);
  });
  test("a state is read from the session's states", () => {
    const built = building((_, g) => g.state("seen", [], "float32"))();
    expect(() => compile(built)).toThrow(/it is a state of the graph[\s\S]*session\.states/);
  });
});
