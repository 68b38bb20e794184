/** @file Two layers on two stages, with micro-batches; only looked at. */
import { graph, nn, optim } from "sluice";
import { defineProgram } from "sluice/cli";

const net = nn.sequential(nn.linear(8, 16, { name: "fc1" }), nn.relu(), nn.linear(16, 4, { name: "fc2" }));

export default defineProgram({
  mesh: { stage: 2 },
  graph: (mesh) => {
    const inputs = { x: mesh.input(["batch", 8], "float32", {}), label: mesh.input(["batch"], "int32", {}) };
    return graph(mesh, { name: "staged", model: net, inputs }, ({ x, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(x), label).mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
  },
  compile: { dims: { batch: 8 }, stages: "stage", microBatches: { batch: 4 } },
});
