/** @file A program that can be planned and drawn, but has no batches. */
import { graph } from "sluice";
import { defineProgram } from "sluice/cli";

export default defineProgram({
  mesh: { data: 2 },
  graph: (mesh) =>
    graph(mesh, { name: "unfed", inputs: { x: mesh.input([4, 4], "float32") } }, ({ x }) => ({ y: x.matmul(x) })),
});
