import { type Dim, graph, nn, optim, type Tensor } from "sluice";
import { describe, test } from "vitest";
import { emit } from "../../src/graph/tensor.ts";
import type { LogicalGraph } from "../../src/ir/graph.ts";
import { checkGradients } from "./differences.ts";
import { expanded, mesh } from "./support.ts";

type Any = Tensor<Dim[], "float32">;
type F = Tensor<[4, 6], "float32">;

const inputs = new Map([["label", Float64Array.from([0, 5, -1, 3])]]); // the third row has no label

/** A loss over an input x [4,6], labels [4] and a layer fc, minimized. */
function minimizing(body: (y: F, x: F, label: Tensor<[4], "int32">) => Any): LogicalGraph {
  const fc = nn.linear(6, 6, { name: "fc" });
  const ports = { x: mesh.input([4, 6], "float32"), label: mesh.input([4], "int32") };
  return expanded(
    graph(mesh, { name: "g", model: fc, inputs: ports }, ({ x, label }, g) => {
      const loss = body(fc(x), x, label).mul(1.5).sum() as Tensor<[], "float32">;
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    }),
  );
}

const positive = (y: F) => y.mul(y).add(0.5);

const losses: Record<string, Parameters<typeof minimizing>[0]> = {
  add: (y, x) => y.add(x).mul(y),
  "add of a row": (y) => y.add(y.mean(0)).mul(y),
  sub: (y, x) => x.sub(y).mul(y),
  "sub of a row": (y) => y.sub(y.sum(0)).mul(y),
  "mul of a row": (y) => y.mul(y.sum(0)),
  div: (y, x) => x.div(positive(y)).add(y.div(positive(y))),
  affine: (y) => y.mul(3).add(2).mul(y),
  neg: (y) => y.neg().mul(y),
  exp: (y) => y.exp(),
  log: (y) => positive(y).log(),
  sqrt: (y) => positive(y).sqrt(),
  relu: (y) => y.relu().mul(y),
  "sum over a dim": (y) => y.sum(1).mul(y.mean(1)),
  "mean of all": (y) => y.mean().mul(y.sum()),
  "softmax cross-entropy": (y, _, label) => nn.softmaxCrossEntropy(y, label),
  "a layer used twice": (y, x) => y.mul(x).mul(y).relu().add(y),
};

/** [4,6] by [4,6], the one or the other transposed; y on both sides. */
for (const [transposeA, transposeB] of [
  [false, true],
  [true, false],
] as const)
  losses[`matmul, ${transposeA ? "first" : "second"} transposed`] = (y, x) =>
    emit("matmul", [y, y.add(x)], { transposeA, transposeB }) as Any;
losses["matmul, both transposed"] = (y) => {
  const square = emit("matmul", [y, y], { transposeA: false, transposeB: true });
  return emit("matmul", [y, square], { transposeA: true, transposeB: true }) as Any;
};
losses["matmul, batched"] = (y) => {
  const batch = emit("broadcastTo", [y], { shape: [3, 4, 6], dims: [1, 2] });
  return emit("matmul", [batch, emit("mul", [y, y])], { transposeA: false, transposeB: true }) as Any;
};

describe("gradients agree with finite differences", () => {
  test.each(Object.entries(losses))("%s", (_, body) => {
    checkGradients(minimizing(body), inputs);
  });
});
