import { type Dim, graph, nn, optim, type Tensor } from "sluice";
import { describe, expect, test } from "vitest";
import { emit } from "../../src/graph/tensor.ts";
import type { LogicalGraph } from "../../src/ir/graph.ts";
import { onWhole, type Value } from "./oracle.ts";
import { expanded, mesh } from "./support.ts";

type Any = Tensor<Dim[], "float32">;
type F = Tensor<[4, 6], "float32">;
type States = ReadonlyMap<string, Float64Array>;

const random = (() => {
  let state = 5;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
})();

const x = Float64Array.from({ length: 24 }, () => 2 * random());
const label = Float64Array.from([0, 5, -1, 3]); // the third row has no label

/** Every value of the graph, run as it stands in double precision. */
function evaluate({ ops, values, states }: LogicalGraph, state: States): Value[] {
  const all: Value[] = [];
  for (const op of ops) {
    const ins = op.inputs.map((id) => all[id]!);
    if (op.kind === "input" || op.kind === "state") {
      const { shape, dtype } = values[op.outputs[0]!]! as unknown as Value;
      const length = shape.reduce((a, b) => a * b, 1);
      const given = op.kind === "input" ? (op.attrs.name === "x" ? x : label) : state.get(op.attrs.state as string);
      all[op.outputs[0]!] = { shape, dtype, data: given ?? new Float64Array(length) };
    } else for (const [i, out] of onWhole(op.kind, ins, op.attrs).entries()) all[op.outputs[i]!] = out;
  }
  expect(states.length).toBeGreaterThan(0);
  return all;
}

/** A loss over an input x [4,6], labels [4] and a layer fc, minimized. */
function minimizing(body: (y: F, x: F, label: Tensor<[4], "int32">) => Any): LogicalGraph {
  const fc = nn.linear(6, 6, { name: "fc" });
  const inputs = { x: mesh.input([4, 6], "float32"), label: mesh.input([4], "int32") };
  return expanded(
    graph(mesh, { name: "g", model: fc, inputs }, ({ x, label }, g) => {
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
    const g = minimizing(body);
    const state = new Map(
      g.states.map((s) => [s.name, Float64Array.from({ length: s.shape.reduce((a, b) => a * b, 1) }, random)]),
    );
    const loss = (at: States) => evaluate(g, at)[g.outputs.loss!]!.data[0]!;
    const all = evaluate(g, state);
    for (const { name } of g.states) {
      const update = g.ops.find((o) => o.name === `${name}.update`)!;
      const gradient = all[update.inputs[1]!]!.data;
      const step = 1e-5;
      gradient.forEach((value, i) => {
        const moved = (by: number) => {
          const data = state.get(name)!.slice();
          data[i]! += by;
          return loss(new Map(state).set(name, data));
        };
        const slope = (moved(step) - moved(-step)) / (2 * step);
        expect(Math.abs(value - slope), `${name}[${i}]: ${value} against ${slope}`).toBeLessThan(
          1e-6 * Math.max(1, Math.abs(slope)),
        );
      });
    }
  });
});
