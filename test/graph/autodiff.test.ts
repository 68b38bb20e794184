import { graph, nn, optim, placement, S, type Tensor } from "sluice";
import { describe, expect, test } from "vitest";
import { emit } from "../../src/graph/tensor.ts";
import { expanded, mesh, op, show, thrown, training } from "./support.ts";

type F = Tensor<[4, 8], "float32">;
/** A graph that minimizes what `body` makes of an input `x` [4,8] and a linear layer `fc`. */
const minimizing = (body: (x: F, fc: (x: F) => F) => Tensor, optimizer = optim.sgd({ lr: 0.1 })) => {
  const fc = nn.linear(8, 8, { name: "fc" });
  return graph(mesh, { name: "g", model: fc, inputs: { x: mesh.input([4, 8], "float32") } }, ({ x }, g) => {
    const loss = body(x, (h) => fc(h)) as Tensor<[], "float32">;
    g.minimize(loss, optimizer);
    return { loss };
  });
};

describe("the backward pass of the example", () => {
  const full = expanded(training(), { batch: 128 });
  const after = full.ops.slice(full.ops.findIndex((o) => o.name === "mean") + 1);

  test("is ops by name, each once, in reverse order, then the updates", () => {
    expect(after.map((o) => show(full, o))).toEqual([
      "mean.grad = constant()",
      "mean.grad_1 = affine(mean.grad)",
      "mean.grad_2 = broadcastTo(mean.grad_1)",
      "softmaxCrossEntropy.grad = softmaxCrossEntropyGrad(fc2.add, label, mean.grad_2)",
      "fc2.add.grad.bias = sum(softmaxCrossEntropy.grad)",
      "fc2.matmul.grad.x = matmul(softmaxCrossEntropy.grad, fc2.weight)",
      "fc2.matmul.grad.weight = matmul(relu, softmaxCrossEntropy.grad)",
      "relu.grad = reluGrad(relu, fc2.matmul.grad.x)",
      "fc1.add.grad.bias = sum(relu.grad)",
      "fc1.matmul.grad.weight = matmul(image, relu.grad)", // and none for the image
      "adamW.step = state()",
      "adamW.step.increment = increment(adamW.step)",
      "fc1.weight.m = state()",
      "fc1.weight.v = state()",
      "adamW.lr = constant()",
      "fc1.weight.update = adamW(fc1.weight, fc1.weight.m, fc1.weight.v, fc1.matmul.grad.weight, adamW.lr, adamW.step.increment)",
      ...["fc1.bias", "fc2.weight", "fc2.bias"].flatMap((p) => [
        `${p}.m = state()`,
        `${p}.v = state()`,
        `${p}.update = adamW(${p}, ${p}.m, ${p}.v, ${p.replace(".", p.endsWith("bias") ? ".add.grad." : ".matmul.grad.")}, adamW.lr, adamW.step.increment)`,
      ]),
    ]);
  });

  test("scales by the count and reads the weight transposed", () => {
    expect(op(full, "mean.grad_1").attrs).toEqual({ mul: 1 / 128, add: 0 });
    expect(op(full, "fc2.matmul.grad.x").attrs).toEqual({ transposeA: false, transposeB: true });
    expect(op(full, "fc2.matmul.grad.weight").attrs).toEqual({ transposeA: true, transposeB: false });
    for (const { parameter, gradient } of ["fc1.weight", "fc2.bias"].map((parameter) => ({
      parameter,
      gradient: op(full, `${parameter}.update`).inputs[3]!,
    })))
      expect(full.values[gradient]!.shape).toEqual(full.states.find((s) => s.name === parameter)!.shape);
  });

  test("keeps the user's lines: those of the forward ops, and of minimize", () => {
    expect(op(full, "fc1.matmul.grad.weight").at).toBe(op(full, "fc1.matmul").at);
    expect(op(full, "fc1.weight.update").at).toBe(training().logical.ops.at(-1)!.at);
  });

  test("declares moments that follow their parameter, and one step counter", () => {
    const { step, m } = {
      step: full.states.find((s) => s.name === "adamW.step")!,
      m: full.states.find((s) => s.name === "fc1.weight.m")!,
    };
    expect(step).toMatchObject({ kind: "moment", dtype: "int32", shape: [], init: { kind: "constant", value: 0 } });
    expect(m).toMatchObject({ kind: "moment", follows: "fc1.weight", shape: [784, 512], checkpoint: true });
    expect(full.states).toHaveLength(4 * 3 + 1);
    expect(full.ops.flatMap((o) => o.writes ?? []).sort()).toEqual(full.states.map((s) => s.name).sort());
  });

  test("leaves dense ids, topological order, and no minimize", () => {
    const made = new Set<number>();
    full.ops.forEach((o, i) => {
      expect(o.id).toBe(i);
      for (const id of o.inputs) expect(made).toContain(id);
      for (const id of o.outputs) made.add(id);
    });
    expect(made.size).toBe(full.values.length);
    expect(full.ops.some((o) => o.kind === "minimize")).toBe(false);
  });

  test("is nothing for a graph without minimize", () => {
    const { logical } = graph(mesh, { name: "g", inputs: { x: mesh.input([4], "float32") } }, ({ x }) => ({
      out: x.exp(),
    }));
    expect(expanded({ logical } as never)).toEqual(logical);
  });
});

describe("gradients", () => {
  test("of several uses are added up", () => {
    const full = expanded(minimizing((x, fc) => fc(fc(x)).mean()));
    expect(show(full, op(full, "fc.weight.update"))).toContain("fc.weight.grad.total");
    expect(show(full, op(full, "fc.weight.grad.total"))).toBe(
      "fc.weight.grad.total = add(fc.matmul_1.grad.weight, fc.matmul.grad.weight)",
    );
  });

  test("of broadcast operands are summed back", () => {
    const full = expanded(
      minimizing((x, fc) => {
        const y = fc(x);
        return y.mul(y.mean(0)).sum();
      }),
    );
    const sums = full.ops.filter((o) => o.kind === "sum" && o.name.startsWith("mul.grad"));
    expect(sums.map((o) => full.values[o.outputs[0]!]!.shape)).toEqual([[8]]);
  });

  test("of a dim of extent 1 keep the dim", () => {
    const column = graph(
      mesh,
      { name: "g", inputs: { x: mesh.input([4, 8], "float32"), c: mesh.input([8, 1], "float32") } },
      ({ x, c }, g) => {
        const fc = nn.linear(1, 1, { name: "fc" });
        const loss = x.add(fc(x.matmul(c))).sum();
        g.minimize(loss, optim.sgd({ lr: 0.1 }));
        return { loss };
      },
    );
    const full = expanded(column);
    const back = full.ops.find((o) => o.kind === "sum" && o.name.startsWith("add.grad"))!;
    expect(back.attrs).toEqual({ dims: [1], keep: true });
    expect(full.values[back.outputs[0]!]!.shape).toEqual([4, 1]);
  });

  test("exist for every differentiable op, with the shapes of their operands", () => {
    const positive = (y: F) => y.exp().add(1);
    const bodies: Record<string, (y: F, x: F) => Tensor> = {
      add: (y, x) => y.add(x),
      sub: (y, x) => x.sub(y),
      mul: (y, x) => y.mul(x),
      div: (y, x) => x.div(positive(y)),
      affine: (y) => y.mul(3).add(2),
      neg: (y) => y.neg(),
      exp: (y) => y.exp(),
      log: (y) => positive(y).log(),
      sqrt: (y) => positive(y).sqrt(),
      relu: (y) => y.relu(),
      sum: (y) => y.sum(1),
      mean: (y) => y.mean(0),
      to: (y) => y.to(mesh, { data: S(0) }),
      cast: (y) => y.cast("float32"),
    };
    for (const [kind, body] of Object.entries(bodies)) {
      const full = expanded(minimizing((x, fc) => (body(fc(x), x) as F).sum()));
      expect(
        full.ops.map((o) => o.kind),
        kind,
      ).toContain(kind);
      expect(full.values[op(full, "fc.weight.update").inputs[1]!]!.shape, kind).toEqual([8, 8]);
    }
  });

  test("stop at integers", () => {
    const g = minimizing((x, fc) => {
      const y = fc(x);
      return y.sum().add(y.argmax(1).cast("float32").sum());
    });
    const full = expanded(g);
    expect(full.ops.filter((o) => o.name.startsWith("argmax.grad"))).toEqual([]);
    expect(show(full, op(full, "fc.weight.update"))).toContain("fc.matmul.grad.weight");
  });

  test("go back over a change of placement", () => {
    const machines = placement("cpu", { stage: 2, data: 2 });
    const [front, back] = [machines.slice({ stage: 0 }), machines.slice({ stage: 1 })];
    const [first, second] = [nn.linear(8, 8, { name: "first" }), nn.linear(8, 8, { name: "second" })];
    const full = expanded(
      graph(machines, { name: "g", inputs: { x: front.input([4, 8], "float32") } }, ({ x }, g) => {
        const loss = second(first(x).to(back)).mean();
        g.minimize(loss, optim.adamW({ lr: 0.1 }));
        return { loss };
      }),
    );
    const ranksOf = (name: string) => full.placements[full.values[op(full, name).outputs[0]!]!.placement]!.ranks;
    expect(ranksOf("first.matmul.grad.weight")).toEqual([0, 1]);
    expect(ranksOf("second.matmul.grad.weight")).toEqual([2, 3]);
    expect(ranksOf("first.weight.update")).toEqual([0, 1]);
    expect(full.ops.filter((o) => o.kind === "increment")).toHaveLength(1); // one counter, moved to where it is needed
  });
});

describe("SGD", () => {
  test("without momentum keeps no state", () => {
    const full = expanded(minimizing((x, fc) => fc(x).mean()));
    expect(full.states.map((s) => s.name)).toEqual(["fc.weight", "fc.bias"]);
    expect(show(full, op(full, "fc.bias.update"))).toBe("fc.bias.update = sgd(fc.bias, fc.add.grad.bias, sgd.lr)");
  });

  test("with momentum keeps a velocity", () => {
    const full = expanded(minimizing((x, fc) => fc(x).mean(), optim.sgd({ lr: 0.1, momentum: 0.9, nesterov: true })));
    expect(op(full, "fc.weight.update").writes).toEqual(["fc.weight", "fc.weight.momentum"]);
    expect(op(full, "fc.weight.update").attrs).toEqual({ momentum: 0.9, weightDecay: 0, nesterov: true });
  });
});

describe("refuses to train", () => {
  test("through an op without gradient, and says where it stands", () => {
    const error = thrown(() => expanded(minimizing((x, fc) => (emit("reluGrad", [x, fc(x)]) as typeof x).mean())));
    expect(error.code).toBe("SL1050");
    expect(error.message).toMatch(/^reluGrad: reluGrad has no gradient.* · at test\/graph\/autodiff\.test\.ts:\d+/);
  });

  test("nothing", () => {
    const error = thrown(() => expanded(minimizing((x) => x.mean())));
    expect(error.code).toBe("SL1051");
    expect(error.message).toMatch(/minimize\(mean\): the loss reaches no parameter/);
  });

  test("one parameter by two losses", () => {
    const fc = nn.linear(8, 8, { name: "fc" });
    const both = graph(mesh, { name: "g", model: fc, inputs: { x: mesh.input([4, 8], "float32") } }, ({ x }, g) => {
      const loss = fc(x).mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      g.minimize(loss.mul(2), optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const error = thrown(() => expanded(both));
    expect(error.code).toBe("SL1052");
    expect(error.message).toMatch(/parameter "fc\.weight": two losses train it, the other one at test\/graph/);
  });
});
