import { graph, layout, nn, optim, type Placement, placement, S, type Tensor } from "sluice";
import { describe, expect, test } from "vitest";
import { mesh, mlp, op, show, thrown, training } from "./support.ts";

const x = () => ({ x: mesh.input(["batch", 8], "float32") });
const parameters = (g: { logical: { states: readonly { name: string }[] } }) => g.logical.states.map((s) => s.name);

describe("names come from the structure", () => {
  test("of the example", () => {
    const { logical } = training();
    expect(logical.ops.map((o) => show(logical, o))).toEqual([
      "image = input()",
      "label = input()",
      "fc1.weight = state()",
      "fc1.bias = state()",
      "fc1.matmul = matmul(image, fc1.weight)",
      "fc1.add = add(fc1.matmul, fc1.bias)",
      "relu = relu(fc1.add)",
      "fc2.weight = state()",
      "fc2.bias = state()",
      "fc2.matmul = matmul(relu, fc2.weight)",
      "fc2.add = add(fc2.matmul, fc2.bias)",
      "softmaxCrossEntropy = softmaxCrossEntropy(fc2.add, label)",
      "mean = mean(softmaxCrossEntropy)",
      "minimize = minimize(mean)",
    ]);
  });

  const block = () => nn.residual(nn.linear(8, 32, { name: "up" }), nn.relu(), nn.linear(32, 8, { name: "down" }));
  const deep = () =>
    nn.define(
      {
        trunk: nn.sequential(
          nn.linear(8, 8),
          nn.scope(
            "blocks",
            nn.repeat(2, () => nn.scope("mlp", block())),
          ),
        ),
        inner: nn.linear(8, 8),
        named: nn.linear(8, 8, { name: "last" }),
      },
      (m) => (h: Tensor<["batch", 8], "float32">) => m.named(m.inner(m.trunk(h))),
    );
  const names = [
    "trunk.0.weight",
    "trunk.0.bias",
    "trunk.blocks.0.mlp.up.weight",
    "trunk.blocks.0.mlp.up.bias",
    "trunk.blocks.0.mlp.down.weight",
    "trunk.blocks.0.mlp.down.bias",
    "trunk.blocks.1.mlp.up.weight",
    "trunk.blocks.1.mlp.up.bias",
    "trunk.blocks.1.mlp.down.weight",
    "trunk.blocks.1.mlp.down.bias",
    "inner.weight",
    "inner.bias",
    "last.weight",
    "last.bias",
  ];

  test("of nested modules, the same with the model given and without", () => {
    const model = deep();
    const given = graph(mesh, { name: "given", model, inputs: x() }, ({ x }) => ({ out: model(x) }));
    expect(parameters(given)).toEqual(names);
    const bare = deep();
    const without = graph(mesh, { name: "without", inputs: x() }, ({ x }) => ({ out: bare(x) }));
    expect(parameters(without)).toEqual(names);
    const ops = given.logical.ops.map((o) => o.name);
    expect(ops).toContain("trunk.blocks.1.mlp.add");
    expect(ops).toContain("trunk.blocks.1.mlp.relu");
    expect(ops).toContain("trunk.blocks.0.mlp.down.matmul");
    expect(new Set(ops).size).toBe(ops.length);
  });

  test("a module used twice has one set of parameters", () => {
    const fc = nn.linear(8, 8, { name: "fc" });
    const { logical } = graph(mesh, { name: "twice", model: fc, inputs: x() }, ({ x }) => ({ out: fc(fc(x)) }));
    expect(logical.states.map((s) => s.name)).toEqual(["fc.weight", "fc.bias"]);
    expect(logical.ops.filter((o) => o.kind === "matmul").map((o) => show(logical, o))).toEqual([
      "fc.matmul = matmul(x, fc.weight)",
      "fc.matmul_1 = matmul(fc.add, fc.weight)",
    ]);
  });

  test("two graphs of one model name their parameters alike", () => {
    const net = mlp();
    const inputs = { image: mesh.input(["batch", 784], "float32") };
    const one = graph(mesh, { name: "one", model: net, inputs }, ({ image }) => ({ out: net(image) }));
    const two = graph(mesh, { name: "two", model: net, inputs }, ({ image }) => ({ out: net(image).argmax(1) }));
    expect(one.logical.states).toEqual(two.logical.states);
  });

  test("parameters start as PyTorch's do, keyed by their names", () => {
    const { states } = training().logical;
    const bound = 1 / Math.sqrt(784);
    for (const name of ["fc1.weight", "fc1.bias"])
      expect(states.find((s) => s.name === name)!.init).toEqual({
        kind: "uniform",
        low: -bound,
        high: bound,
        key: name,
      });
  });

  test("two parameters of one name are an error", () => {
    const net = nn.sequential(nn.linear(8, 8, { name: "fc" }), nn.linear(8, 8, { name: "fc" }));
    const error = thrown(() => graph(mesh, { name: "g", model: net, inputs: x() }, ({ x }) => ({ out: net(x) })));
    expect(error.code).toBe("SL1061");
    expect(error.message).toMatch(/"fc\.weight": two parameters have this name/);
  });
});

describe("the graph is plain data", () => {
  test("ids are places, inputs come first, and JSON keeps it", () => {
    const { logical } = training();
    expect(logical.ops.map((o) => o.id)).toEqual([...logical.ops.keys()]);
    expect(logical.values.map((v) => v.id)).toEqual([...logical.values.keys()]);
    expect(logical.inputs).toEqual({ image: 0, label: 1 });
    expect(logical.values[logical.outputs.loss!]!.shape).toEqual([]);
    expect(JSON.parse(JSON.stringify(logical))).toEqual(logical);
  });

  test("every op knows the user's line", () => {
    for (const { name, at } of training().logical.ops) expect(at, name).toMatch(/^test\/graph\/support\.ts:\d+$/);
  });

  test("an ordered layout stays ordered", () => {
    const inner = layout(mesh, [
      ["model", S(0)],
      ["data", S(0)],
    ]);
    const { logical } = graph(mesh, { name: "g", inputs: x() }, ({ x }) => ({ out: x.to(mesh, inner) }));
    expect(JSON.parse(JSON.stringify(op(logical, "to").attrs)).layout).toEqual([
      ["model", "S(0)"],
      ["data", "S(0)"],
    ]);
  });

  test("scalar operands are affine", () => {
    const { logical } = graph(mesh, { name: "g", inputs: x() }, ({ x }) => ({ out: x.mul(3).add(1).sub(2).div(4) }));
    const attrs = logical.ops.filter((o) => o.kind === "affine").map((o) => o.attrs);
    expect(attrs).toEqual([
      { mul: 3, add: 0 },
      { mul: 1, add: 1 },
      { mul: 1, add: -2 },
      { mul: 0.25, add: 0 },
    ]);
  });
});

describe("several placements", () => {
  const machines = placement("cpu", { stage: 2, data: 2 });
  const [front, back] = [machines.slice({ stage: 0 }), machines.slice({ stage: 1 })];

  test("a parameter lives where the tensor that meets it lives", () => {
    const net = nn.define(
      { first: nn.linear(8, 8), second: nn.linear(8, 8) },
      (m) => (h: Tensor<["batch", 8], "float32">) => m.second(m.first(h).to(back, { data: S(0) })),
    );
    const inputs = { x: front.input(["batch", 8], "float32") };
    const { logical } = graph(machines, { name: "g", model: net, inputs }, ({ x }) => ({ out: net(x) }));
    const ranks = (name: string) => logical.placements[logical.states.find((s) => s.name === name)!.placement]!.ranks;
    expect(ranks("first.weight")).toEqual([0, 1]);
    expect(ranks("second.weight")).toEqual([2, 3]);
  });

  test("operands on different ones are an error", () => {
    const inputs = { a: front.input([4], "float32"), b: back.input([4], "float32") };
    const error = thrown(() => graph(machines, { name: "g", inputs }, ({ a, b }) => ({ out: a.add(b) })));
    expect(error.code).toBe("SL1030");
    expect(error.message).toMatch(/add\(a: f32\[4\], b: f32\[4\]\): a lives on cpu \{data: 2\} on ranks 0,1, b .* 2,3/);
  });

  test("an input outside the graph's mesh is an error", () => {
    const error = thrown(() =>
      graph(front, { name: "g", inputs: { a: back.input([4], "float32") } }, ({ a }) => ({ a })),
    );
    expect(error.code).toBe("SL1035");
    expect(error.message).toMatch(
      /input "a": it would live on cpu \{data: 2\} on ranks 2,3.*choices: .* on ranks 0,1/s,
    );
  });

  test("a third placement is an error that lists the two, unless it is a mesh of their ranks", () => {
    const [third, both] = [placement("cpu", { p: 2 }, { ranks: [3, 4] }), placement("cpu", { all: 4 })];
    const to = (there: Placement) => () =>
      graph([front, back], { name: "g", inputs: { a: front.input([4], "float32") } }, ({ a }) => ({ b: a.to(there) }));
    const error = thrown(to(third));
    expect(error.code).toBe("SL1035");
    expect(error.message).toMatch(/to: it would live on cpu \{p: 2\} on ranks 3,4.*choices: .*0,1, cpu .*2,3/s);
    expect(to(both)().logical.placements).toHaveLength(2);
  });
});

describe("refuses", () => {
  const build = (body: (x: Tensor<["batch", 8], "float32">, g: { minimize: (...args: never[]) => void }) => object) =>
    thrown(() => graph(mesh, { name: "g", inputs: x() }, ({ x }, g) => body(x, g) as never));

  test("a tensor of another graph", () => {
    let stray: Tensor<["batch", 8], "float32"> | undefined;
    graph(mesh, { name: "first", inputs: x() }, ({ x }) => {
      stray = x;
      return { x };
    });
    expect(build((x) => ({ out: x.add(stray!) })).message).toMatch(/x belongs to another graph, "first"/);
    expect(build(() => ({ out: stray })).code).toBe("SL1034");
  });

  test("an output that is no tensor, or takes the name of the step's number", () => {
    expect(build(() => ({ out: 3 })).code).toBe("SL1034");
    expect(build((x) => ({ step: x })).code).toBe("SL1036");
  });

  test("a loss that is not one number", () => {
    const error = build((x, g) => {
      g.minimize(x.mean(1) as never, optim.sgd({ lr: 1 }) as never);
      return {};
    });
    expect(error.code).toBe("SL1019");
    expect(error.message).toMatch(/minimize\(mean: f32\[batch\]\): a loss is one number/);
  });

  test("numbers that are none", () => {
    expect(build((x) => ({ out: x.div(0) })).code).toBe("SL1009");
    expect(build((x) => ({ out: x.mean(2 as 1) })).message).toMatch(
      /no dim 2, the tensor has 2 dims[\s\S]*choices: 0, 1/,
    );
  });

  test("optimizers out of range", () => {
    expect(thrown(() => optim.adamW({ lr: 1e-3, beta1: 1 })).message).toMatch(/beta1 cannot be 1[\s\S]*below 1/);
    expect(thrown(() => optim.sgd({ lr: Number.NaN })).code).toBe("SL1060");
    expect(thrown(() => optim.sgd({ lr: 1, nesterov: true })).message).toMatch(/momentum is 0/);
  });

  test("layers that cannot be", () => {
    expect(thrown(() => nn.linear(0, 4)).code).toBe("SL1063");
    expect(thrown(() => nn.repeat(0, () => nn.linear(4, 4))).code).toBe("SL1062");
  });
});
