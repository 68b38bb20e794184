/** @file The example of docs/cli.md. */
import { graph, nn, optim, S } from "sluice";
import { defineProgram } from "sluice/cli";
import { mnist } from "sluice/data";

const net = nn.sequential(nn.linear(784, 512, { name: "fc1" }), nn.relu(), nn.linear(512, 10, { name: "fc2" }));

export default defineProgram({
  mesh: { data: 2, model: 1 },
  graph: (mesh) => {
    const image = mesh.input(["batch", 784], "float32", { data: S(0) });
    const label = mesh.input(["batch"], "int32", { data: S(0) });
    return graph(mesh, { name: "mnist", model: net, inputs: { image, label } }, ({ image, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(image), label).mean();
      g.minimize(loss, optim.adamW({ lr: 1e-3 }));
      return { loss };
    });
  },
  compile: { dims: { batch: 128 }, sharding: { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } } },
  batches: ({ dims, epoch }) => mnist().train.batches(dims.batch, { shuffle: { seed: 1, epoch } }),
  steps: 1000,
  samples: { unit: "images", size: "batch" },
});
