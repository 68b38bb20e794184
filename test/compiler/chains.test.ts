/**
 * @file Chains of element-wise ops and of what reduces their lines: whatever they are made of, they have the bits of their ops
 * one by one, leave memory as these do, and store only what somebody else needs.
 */
import fc from "fast-check";
import { array, compile, graph, type NdArray, nn, optim, type Plan, type PlanData, placement, S } from "sluice";
import { describe, expect, test } from "vitest";
import { compileGraph } from "../../src/compiler/compile.ts";
import { emit, type Tensor } from "../../src/graph/tensor.ts";
import type { Attrs } from "../../src/ir/graph.ts";
import { poisoned, runPoisoned, spread } from "../actors/poison.ts";

const reals = (shape: readonly number[], seed = 1) => {
  const length = shape.reduce((a, b) => a * b, 1);
  return array(
    shape,
    "float32",
    Float32Array.from({ length }, (_, i) => 3 * Math.sin(12.9898 * (i + seed))),
  );
};

const one = ["neg", "abs", "square", "tanh", "sigmoid", "relu", "gelu", "exp", "sqrt", "floor", "sin"];
const two = ["add", "sub", "mul", "div", "maximum", "minimum"];
const comparisons = ["less", "greaterEqual", "notEqual"];
const reductions = ["sum", "mean", "max"];
const more: readonly (readonly [kind: string, attrs: Attrs])[] = [
  ["affine", { mul: 0.5, add: 1.25 }],
  ["clamp", { low: -1, high: "Infinity" }],
  ["power", { exponent: 3 }],
];

/** Draws of one chain: what each op is, and which values before it it takes. */
const links = fc.array(fc.tuple(fc.nat(6), fc.nat(), fc.nat(), fc.nat()), { minLength: 2, maxLength: 9 });

/** `like` has the shape of all results, but of what is reduced, which is the last; others repeat along some dims. */
function chainOf(draws: readonly (readonly number[])[], like: Tensor, others: readonly Tensor[]): Tensor[] {
  const made: Tensor[] = [];
  const reduced: Tensor[] = [];
  const rank = like.shape.length;
  for (const [what, a, b, c] of draws as readonly [number, number, number, number][]) {
    const whole = [...made, like];
    const x = a % 3 === 0 ? whole[0]! : whole[a % whole.length]!;
    const z = [...whole, ...others][b % (whole.length + others.length)]!;
    const pick = <T>(list: readonly T[]) => list[c % list.length]!;
    if (what < 2) made.unshift(emit(pick(one), [x]));
    else if (what < 4) made.unshift(emit(pick(two), c % 2 ? [x, z] : [z, x]));
    else if (what === 4) made.unshift(emit(pick(more)[0], [x], pick(more)[1]));
    else if (what === 5)
      made.unshift(emit("where", [emit(pick(comparisons), [x, z]), x, emit("neg", [whole[c % whole.length]!])]));
    else
      made.unshift(
        emit("cast", [emit("affine", [emit("cast", [x], { dtype: "int32" })], { mul: 3, add: -1 })], {
          dtype: "float32",
        }),
      );
    const dims = c % 4 < 2 ? [rank - 1] : [rank - 2, rank - 1];
    if (a % 4 === 0) reduced.push(emit(pick(reductions), [made[0]!], { dims, keep: b % 2 === 0 }));
  }
  return [...made, ...reduced];
}

const shapes = [
  [2, 3001],
  [5, 7, 61],
  [3, 4, 5, 6, 2],
  [1, 900, 3],
] as const;
const others = (shape: readonly number[]) => [
  [shape.at(-1)!],
  [],
  [...shape.slice(0, -1), 1],
  [1, ...shape.slice(1, -1).map((n, i) => (i % 2 ? 1 : n)), 1],
];

const joinedOf = (plan: PlanData) => plan.tasks.flatMap(({ joined }) => joined ?? []);

test.each(shapes.flatMap((shape) => [1, 4].map((ranks) => [shape, ranks] as const)))(
  "random chains on %o, %i ranks, have the bits of their ops one by one",
  { timeout: 60_000 },
  async (shape, ranks) => {
    const mesh = placement("cpu", { d: ranks });
    await fc.assert(
      fc.asyncProperty(fc.array(links, { minLength: 6, maxLength: 6 }), fc.boolean(), async (all, split) => {
        const cut = split ? { d: S(shape.length - 1) } : { d: S(0) };
        const inputs = { x: mesh.input(shape as readonly number[] as number[], "float32", cut) };
        const rest = others(shape);
        const more = Object.fromEntries(rest.map((each, i) => [`o${i}`, mesh.input(each, "float32")]));
        const logical = graph(mesh, { name: "chains", inputs: { ...inputs, ...more } }, (given) => {
          const { x, ...tail } = given as unknown as Readonly<Record<string, Tensor>>;
          const chains = all.map((draws) => chainOf(draws, x!, Object.values(tail)));
          const results = chains.flatMap((made) => [made[0]!, made[Math.floor(made.length / 2)]!, made.at(-1)!]);
          return Object.fromEntries(results.map((value, i) => [`y${i}`, value])) as never;
        }).logical;
        const [joined, alone] = [compileGraph(logical), compileGraph(logical, { joins: false })];
        expect(joinedOf(joined).length).toBeGreaterThan(0);
        expect(joinedOf(alone)).toEqual([]);
        const feed: Record<string, NdArray> = { x: reals(shape) };
        for (const [i, each] of rest.entries()) feed[`o${i}`] = reals(each, i + 2);
        const want = await runPoisoned(alone, [feed], 1, false);
        const got = await runPoisoned(poisoned(spread(joined), Number.NaN), [feed], 2, true);
        expect(got.broken).toEqual([]);
        expect(Buffer.compare(got.bits, want.bits)).toBe(0);
      }),
      { numRuns: 2, seed: 11 },
    );
  },
);

describe("a gate", () => {
  const mesh = placement("cpu", { d: 1 });
  const inputs = { x: mesh.input([6, 8], "float32"), w: mesh.input([8], "float32") };
  const g = graph(mesh, { name: "gate", inputs }, ({ x, w }) => ({ y: x.mul(x.sigmoid()).mul(w).add(1) }));
  const plan = compile(g) as unknown as Plan;

  test("is one call, and nothing in it is stored", () => {
    expect(plan.data.tasks.flatMap(({ classes }) => classes[0]?.program.map(({ kernel }) => kernel) ?? [])).toEqual([
      "chain",
    ]);
    expect(plan.data.buffers.filter(({ role }) => role === "activation")).toEqual([]);
  });

  test("is named by explain, with the bytes it saves: three values written and read, and x read a second time", () => {
    expect(joinedOf(plan.data)).toEqual([{ ops: ["sigmoid", "mul", "mul_1", "affine"], saved: 7 * 6 * 8 * 4 }]);
    expect(plan.explain()).toMatch(/sigmoid \+ mul \+ mul \+ affine +sigmoid +1 +1\.34 KB/);
  });
});

test("what somebody else uses before the chain's end ends it; what is used later is stored", () => {
  const mesh = placement("cpu", { d: 1 });
  const inputs = { x: mesh.input([6, 8], "float32") };
  const g = graph(mesh, { name: "fork", inputs }, ({ x }) => {
    const a = x.exp();
    const b = a.tanh(); // exp and tanh are one chain
    const total = a.sum(0); // takes a: what follows is another chain
    return { y: b.mul(b).add(total), a };
  });
  const plan = compile(g) as unknown as Plan;
  expect(joinedOf(plan.data).map(({ ops }) => ops)).toEqual([
    ["exp", "tanh"],
    ["mul", "add"],
  ]);
  expect(plan.data.buffers.map(({ name }) => name)).toEqual(expect.arrayContaining(["exp", "tanh", "sum"]));
});

describe("what reduces the last dims", () => {
  const mesh = placement("cpu", { d: 2 });
  const opsOf = (d: ReturnType<typeof S>, last: readonly number[], shape = [4, 3, 6, 5]) => {
    const inputs = {
      x: mesh.input(shape, "float32", { d }),
      o: mesh.input(last, "float32"),
    };
    const logical = graph(mesh, { name: "lines", inputs }, (given) => {
      const { x, o } = given as unknown as Readonly<Record<string, Tensor>>;
      const a = emit("mul", [emit("exp", [x!]), o!]);
      const y = emit("mean", [a], { dims: [2, 3], keep: false });
      return { y, z: emit("sum", [emit("neg", [a])], { dims: [1], keep: false }) } as never;
    }).logical;
    return joinedOf(compileGraph(logical)).map(({ ops }) => ops);
  };

  test("belongs to the chain, which then stores its result alone", () => {
    expect(opsOf(S(0), [6, 5])).toEqual([["exp", "mul", "mean", "neg"]]);
    expect(opsOf(S(2), [3, 1, 1])).toEqual([["exp", "mul", "mean", "neg"]]);
  });

  test("does not where a line is repeated in part: that is no line in memory", () => {
    expect(opsOf(S(0), [6, 1])).toEqual([["exp", "mul"]]);
  });

  test("nor where a rank holds none, or lines of one element", () => {
    expect(opsOf(S(0), [6, 5], [1, 3, 6, 5])).toEqual([["exp", "mul"]]);
    const small = graph(
      mesh,
      { name: "small", inputs: { x: mesh.input([4, 2], "float32", { d: S(1) }) } },
      ({ x }) => ({
        y: x.exp().neg().sum(1),
      }),
    );
    expect(joinedOf(compile(small).data as unknown as PlanData).map(({ ops }) => ops)).toEqual([["exp", "neg"]]);
  });
});

describe("what costs a chain next to nothing", () => {
  const mesh = placement("cpu", { d: 1 });
  const inputs = { x: mesh.input([4, 6], "float32"), o: mesh.input([6], "float32") };
  const made = (kind: string) =>
    compileGraph(
      graph(mesh, { name: "again", inputs }, ({ x, o }) => {
        const [deviation] = [emit(kind, [x as never, o as never])];
        const spread = emit("sum", [emit("exp", [deviation!])], { dims: [0], keep: false }); // ends the chain
        return { y: emit("neg", [emit("mul", [deviation!, spread])]) } as never;
      }).logical,
    );

  test("is made again, and never stored", () => {
    const plan = made("sub");
    expect(joinedOf(plan)).toEqual([
      { ops: ["sub", "exp"], saved: 2 * 4 * 6 * 4 },
      { ops: ["sub", "mul", "neg"], saved: (3 * 4 * 6 - 4 * 6 - 6) * 4 },
    ]);
    expect(plan.buffers.map(({ name }) => name)).not.toContain("sub");
  });

  test("but not what costs more", () => {
    expect(joinedOf(made("div")).map(({ ops }) => ops)).toEqual([
      ["div", "exp"],
      ["mul", "neg"],
    ]);
  });

  test("nor what a state gives, which may have changed by then", () => {
    const g = graph(mesh, { name: "states", inputs }, ({ x }, on) => {
      const s = on.state("s", [6], "float32");
      const shifted = emit("sub", [x as never, s as never]);
      const total = emit("sum", [emit("exp", [shifted])], { dims: [0], keep: false });
      on.assign(s, total as never);
      return { y: emit("neg", [emit("mul", [shifted, total])]) } as never;
    });
    expect(joinedOf(compileGraph(g.logical)).map(({ ops }) => ops)).toEqual([
      ["sub", "exp"],
      ["mul", "neg"],
    ]);
  });
});

test("both gradients of a square are one op, and a product with 1 is none", () => {
  const mesh = placement("cpu", { d: 1 });
  const fc = nn.linear(3, 4, { name: "fc" });
  const g = graph(mesh, { name: "square", model: fc, inputs: { x: mesh.input([8, 3], "float32") } }, ({ x }, on) => {
    const y = fc(x);
    const loss = y.mul(y).sum();
    on.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const names = compileGraph(g.logical).graph.ops.flatMap(({ name, kind }) => (kind === "mul" ? [name] : []));
  expect(names).toEqual(["mul"]);
});

test("the gradient of a sum is written down nowhere: who takes it repeats it", () => {
  const mesh = placement("cpu", { d: 1 });
  const fc = nn.linear(3, 4, { name: "fc" });
  const inputs = { x: mesh.input([8, 3], "float32"), r: mesh.input([8, 4], "float32") };
  const g = graph(mesh, { name: "loss", model: fc, inputs }, ({ x, r }, on) => {
    const loss = fc(x).mul(r).mean();
    on.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const kinds = compileGraph(g.logical).graph.ops.map(({ kind }) => kind);
  expect(kinds).not.toContain("broadcastTo");
});

describe("what follows a kernel", () => {
  const kernelsOf = (plan: PlanData) =>
    plan.tasks.flatMap(({ classes }) => classes[0]?.program.map(({ kernel }) => kernel) ?? []);
  const sizes = [
    [3, 5, 7],
    [300, 70, 600],
    [40, 530, 9],
    [400, 20, 1100],
  ] as number[][] as [rows: number, inner: number, wide: number][];

  const mlp = (mesh: ReturnType<typeof placement>, [rows, inner, wide]: [number, number, number]) => {
    const model = nn.sequential(
      nn.linear(inner, wide, { name: "up" }),
      nn.gelu(),
      nn.layerNorm(wide, { name: "norm" }),
      nn.linear(wide, inner, { name: "down" }),
      nn.relu(),
      nn.linear(inner, 4, { name: "head" }),
    );
    const inputs = {
      x: mesh.input([rows, inner], "float32", { d: S(0) }),
      label: mesh.input([rows], "int32", { d: S(0) }),
    };
    const feed = {
      x: reals([rows, inner]),
      label: array(
        [rows],
        "int32",
        Int32Array.from({ length: rows }, (_, i) => i % 4),
      ),
    };
    const g = graph(mesh, { name: "mlp", model, inputs }, ({ x, label }, on) => {
      const loss = nn.softmaxCrossEntropy(model(x), label).mean();
      on.minimize(loss, optim.adamW({ lr: 0.01 }));
      return { loss };
    });
    return { logical: g.logical, feed };
  };

  test.each(sizes.flatMap((size) => [1, 3].map((ranks) => [size, ranks] as const)))(
    "a product of %o on %i ranks, and its gradients: the bits of the ops one by one",
    { timeout: 60_000 },
    async (size, ranks) => {
      const { logical, feed } = mlp(placement("cpu", { d: ranks }), size);
      const [joined, alone] = [compileGraph(logical), compileGraph(logical, { joins: false })];
      expect(kernelsOf(joined)).toEqual(expect.arrayContaining(["gemm_then", "gemm_sums"]));
      const want = await runPoisoned(alone, [feed, feed, feed], 1, false);
      const got = await runPoisoned(poisoned(spread(joined), Number.NaN), [feed, feed, feed], 2, true);
      expect(got.broken).toEqual([]);
      expect(Buffer.compare(got.bits, want.bits)).toBe(0);
    },
  );

  test.each([
    [[2, 3, 9, 11], 5, 1],
    [[3, 2, 30, 30], 40, 1],
    [[4, 40, 13, 14], 70, 2],
    [[3, 40, 13, 15], 9, 1],
    [[2, 16, 70, 70], 20, 1],
    [[3, 1, 4, 600], 3, 1],
  ] as const)(
    "a convolution of %o to %i planes, and pooling: the same",
    { timeout: 60_000 },
    async (image, planes, stride) => {
      const mesh = placement("cpu", { d: 2 });
      const model = nn.sequential(
        nn.conv2d(image[1], planes, 3, { padding: 1, stride, name: "c1" }),
        nn.relu(),
        nn.maxPool2d(2),
        nn.conv2d(planes, 6, 1, { name: "c2" }),
        nn.relu(),
        nn.avgPool2d(2),
      );
      const inputs = { x: mesh.input(image as unknown as [number, number, number, number], "float32", { d: S(0) }) };
      const g = graph(mesh, { name: "cnn", model: model as never, inputs }, ({ x }, on) => {
        const y = (model as unknown as (x: Tensor) => Tensor)(x as never);
        const loss = emit("mean", [emit("square", [y])], { dims: [0, 1, 2, 3], keep: false });
        on.minimize(loss as never, optim.adamW({ lr: 0.01 }));
        return { loss } as never;
      });
      const [joined, alone] = [compileGraph(g.logical), compileGraph(g.logical, { joins: false })];
      expect(kernelsOf(joined)).toEqual(expect.arrayContaining(["conv2d_then", "pool2d_grad_then"]));
      const feeds = [1, 2, 3].map((seed) => ({ x: reals(image, seed) }));
      const want = await runPoisoned(alone, feeds, 1, false);
      const got = await runPoisoned(poisoned(spread(joined), Number.NaN), feeds, 2, true);
      expect(got.broken).toEqual([]);
      expect(Buffer.compare(got.bits, want.bits)).toBe(0);
    },
  );
});
