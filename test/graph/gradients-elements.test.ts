import { concat, type Dim, graph, nn, optim, stack, type Tensor, where } from "sluice";
import { describe, expect, test } from "vitest";
import { emit } from "../../src/graph/tensor.ts";
import { onWhole } from "../../src/testing/apply.ts";
import type { Value } from "../../src/testing/value.ts";
import { checkGradients } from "./differences.ts";
import { execute } from "./kernels.ts";
import { expanded, mesh, thrown } from "./support.ts";

type Any = Tensor<Dim[], "float32">;
type F = Tensor<[4, 6], "float32">;
type Ids = Tensor<[4], "int32">;

const inputs = new Map([["ids", Float64Array.from([0, 3, -1, 3])]]);

const minimizing = (body: (y: F, x: F, ids: Ids) => Any) => {
  const fc = nn.linear(6, 6, { name: "fc" });
  const ports = { x: mesh.input([4, 6], "float32"), ids: mesh.input([4], "int32") };
  return expanded(
    graph(mesh, { name: "g", model: fc, inputs: ports }, ({ x, ids }, g) => {
      const out = body(fc(x), x, ids);
      const loss = out.mul(out.add(1.5)).sum() as Tensor<[], "float32">; // each element by another slope
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    }),
  );
};

const positive = (y: F) => y.square().add(0.5);
const weights = nn.embedding(5, 6, { name: "rows" });

const losses: Record<string, Parameters<typeof minimizing>[0]> = {
  abs: (y) => y.abs(),
  square: (y) => y.square(),
  tanh: (y) => y.mul(2).tanh(),
  sigmoid: (y) => y.mul(2).sigmoid(),
  gelu: (y) => y.mul(2).gelu(),
  "gelu as a layer": (y) => nn.gelu()(y),
  reciprocal: (y) => positive(y).reciprocal(),
  "whole powers": (y) => y.pow(3).add(y.pow(1)).add(y.pow(0)),
  "other powers": (y) => positive(y).pow(-1.5),
  clamp: (y) => y.clamp(-0.1, 0.2).add(y.clamp(0, Number.POSITIVE_INFINITY)),
  maximum: (y, x) => y.maximum(x),
  "maximum of a row": (y) => y.maximum(y.mean(0)),
  minimum: (y, x) => x.minimum(y),
  "max over a dim": (y) => y.max(1),
  "max of all": (y) => y.max(),
  "min over a dim": (y) => y.min(0),
  "max, dims kept": (y) => y.sub(emit("max", [y], { dims: [1], keep: true }) as F),
  where: (y, x) => where(x.greater(0), y, y.mul(3)),
  "where of a row": (y, x) => where(x.less(y.sum(0)), y.mean(0), y.mul(x)),
  "where of a number": (y, x) => where(x.greater(0), y, -2),
  cumsum: (y) => y.cumsum(1).add(emit("cumsum", [y], { dim: 0, reverse: true }) as F),
  reshape: (y, x) => y.reshape([2, 12]).mul(x.reshape([2, 12])),
  squeeze: (y) => y.unsqueeze(1).squeeze(1),
  transpose: (y) => y.transpose().matmul(y),
  permute: (y, x) =>
    y
      .unsqueeze(0)
      .permute([2, 0, 1])
      .mul(x.unsqueeze(0).permute([2, 0, 1])),
  slice: (y) => y.slice(1, 2, 5).slice(0, 1),
  pad: (y) => y.pad(0, 1, 2).pad(1, 1, 0, 7),
  concat: (y, x) => concat([y, x, y.mul(2)], 1),
  stack: (y, x) => stack([y, x, y], 1),
  gather: (y, _, ids) => y.gather(ids),
  "gather along another dim": (y, _, ids) => y.gather(ids, 1),
  "scatter-add": (y, _, ids) => y.scatterAdd(ids, 5),
  "take along": (y, x) => y.takeAlong(x.topK(3, 1).indices, 1),
  "top k": (y) => y.topK(2, 1).values,
  embedding: (y, _, ids) => weights(ids).mul(y),
};

describe("gradients agree with finite differences", () => {
  test.each(Object.entries(losses))("%s", (_, body) => checkGradients(minimizing(body), inputs));
});

describe("where slopes jump", () => {
  /** The gradient of a parameter's elements as its update gets it. */
  const slopes = (parameter: readonly number[], body: (y: Tensor<[3], "float32">) => Any) => {
    const row = nn.embedding(1, 3, { name: "p" });
    const g = expanded(
      graph(mesh, { name: "g", model: row, inputs: { id: mesh.input([], "int32") } }, ({ id }, g) => {
        const loss = body(row(id)).sum() as Tensor<[], "float32">;
        g.minimize(loss, optim.sgd({ lr: 1 }));
        return { loss };
      }),
    );
    const all: Value[] = [];
    for (const op of g.ops) {
      const ins = op.inputs.map((id) => all[id]!);
      const given: Record<string, readonly number[]> = {
        input: [0],
        state: op.attrs.state === "p.weight" ? parameter : [1],
      };
      const data = given[op.kind];
      const { shape, dtype } = g.values[op.outputs[0]!]! as unknown as Value;
      const outs = data ? [{ shape, dtype, data: Float64Array.from(data) }] : onWhole(op.kind, ins, op.attrs, execute);
      for (const [i, out] of outs.entries()) all[op.outputs[i]!] = out;
    }
    return [...all[g.ops.find(({ name }) => name === "p.weight.update")!.inputs[1]!]!.data];
  };

  test("equals share the gradient of max, min, maximum and minimum", () => {
    expect(slopes([2, 2, 1], (y) => y.max())).toEqual([0.5, 0.5, 0]);
    expect(slopes([2, 1, 1], (y) => y.min())).toEqual([0, 0.5, 0.5]);
    expect(slopes([2, 1, 0], (y) => y.maximum(y.mul(0).add(1)))).toEqual([1, 0.5, 0]);
    expect(slopes([2, 1, 0], (y) => y.minimum(y.mul(0).add(1)))).toEqual([0, 0.5, 1]);
  });

  test("clamp passes it on the bounds, abs not at 0", () => {
    expect(slopes([0, 1, 2], (y) => y.clamp(0, 1))).toEqual([1, 1, 0]);
    expect(slopes([-2, 0, 2], (y) => y.abs())).toEqual([-1, 0, 1]);
  });

  test("nothing is learnt through stopGradient and sign", () => {
    expect(slopes([1, 2, 3], (y) => y.mul(y.stopGradient()))).toEqual([1, 2, 3]);
    expect(slopes([1, 2, 3], (y) => y.mul(y.sign()))).toEqual([1, 1, 1]);
    expect(thrown(() => slopes([1, 2, 3], (y) => y.stopGradient())).code).toBe("SL1051");
  });
});
