/** @file A program whose graph cannot be: its layers do not fit, which types do not see as one size is only a number. */
import { graph, nn } from "sluice";
import { defineProgram } from "sluice/cli";

const wrong: number = 17;
const net = nn.sequential(nn.linear(8, 16, { name: "fc1" }), nn.linear(wrong, 4, { name: "fc2" }));

export default defineProgram({
  mesh: { data: 2 },
  graph: (mesh) => {
    const inputs = { x: mesh.input(["batch", 8], "float32") };
    return graph(mesh, { name: "mismatch", model: net, inputs }, ({ x }) => ({ y: net(x) }));
  },
  compile: { dims: { batch: 4 } },
});
