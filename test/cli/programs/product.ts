/** @file A program whose layouts depend on how fast ranks compute: all rows are wanted everywhere, made there or sent there. */
import { B, graph } from "sluice";
import { defineProgram } from "sluice/cli";

const size = 1024;

export default defineProgram({
  mesh: { data: 4 },
  graph: (mesh) => {
    const inputs = { x: mesh.input([size, size], "float32"), w: mesh.input([size, size], "float32") };
    return graph(mesh, { name: "product", inputs }, ({ x, w }) => ({ y: x.matmul(w).to(mesh, { data: B }) }));
  },
});
