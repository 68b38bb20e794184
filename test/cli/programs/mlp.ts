/** @file A small program: a classifier on synthetic rows, split over `data` and `model`. */
import { array, graph, nn, optim, S } from "sluice";
import { defineProgram } from "sluice/cli";

const net = nn.sequential(nn.linear(8, 16, { name: "fc1" }), nn.relu(), nn.linear(16, 4, { name: "fc2" }));

/** The same batches every epoch. */
function* batches(batch: number, count: number) {
  for (let k = 0; k < count; k++)
    yield {
      x: array(
        [batch, 8],
        "float32",
        Float32Array.from({ length: batch * 8 }, (_, i) => ((i * 7 + k) % 11) / 11),
      ),
      label: array(
        [batch],
        "int32",
        Int32Array.from({ length: batch }, (_, i) => (i + k) % 4),
      ),
    };
}

export default defineProgram({
  mesh: { data: 2, model: 1 },
  graph: (mesh) =>
    graph(
      mesh,
      {
        name: "mlp",
        model: net,
        inputs: {
          x: mesh.input(["batch", 8], "float32", { data: S(0) }),
          label: mesh.input(["batch"], "int32", { data: S(0) }),
        },
      },
      ({ x, label }, g) => {
        const loss = nn.softmaxCrossEntropy(net(x), label).mean();
        g.minimize(loss, optim.sgd({ lr: 0.1 }));
        return { loss };
      },
    ),
  compile: { dims: { batch: 8 }, sharding: { "fc1.weight": { model: S(1) } } },
  batches: ({ dims }) => batches(dims.batch, 3),
  samples: { unit: "rows", size: "batch" },
});
