/** @file Mistakes in a program file that must not compile. */
import { array, graph, type NdArray, nn, optim, type Placement, S } from "sluice";
import { defineProgram } from "sluice/cli";

const net = nn.linear(8, 4, { name: "fc" });
const built = (mesh: Placement<"data">) => {
  const inputs = { x: mesh.input(["batch", 8], "float32", { data: S(0) }) };
  return graph(mesh, { name: "typed", model: net, inputs }, ({ x }, g) => {
    const loss = net(x).square().mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
};
const dims = { batch: 6 } as const;
const rows = <N extends number>(n: N): { x: NdArray<[N, 8], "float32"> } => ({
  x: array([n, 8], "float32", new Float32Array(n * 8)),
});

defineProgram({ mesh: { data: 2 }, graph: built, compile: { dims }, batches: ({ dims }) => [rows(dims.batch)] });
defineProgram({ mesh: { data: 2 }, graph: built, compile: { dims }, samples: { unit: "rows", size: "batch" } });

// @ts-expect-error a batch of another size
defineProgram({ mesh: { data: 2 }, graph: built, compile: { dims }, batches: () => [rows(5)] });
// @ts-expect-error an input that is not fed
defineProgram({ mesh: { data: 2 }, graph: built, compile: { dims }, batches: () => [{}] });
// @ts-expect-error a batch that is no batch
defineProgram({ mesh: { data: 2 }, graph: built, compile: { dims }, batches: () => [3] });
// @ts-expect-error a mesh that lacks the graph's axis
defineProgram({ mesh: { model: 2 }, graph: built, compile: { dims } });
// @ts-expect-error a named dim that is not bound
defineProgram({ mesh: { data: 2 }, graph: built, compile: { dims: { rows: 6 } } });
defineProgram({
  mesh: { data: 2 },
  graph: built,
  // @ts-expect-error a parameter that there is not
  compile: { dims, sharding: { "fd.weight": { data: S(0) } } },
});
// @ts-expect-error a dim that there is not
defineProgram({ mesh: { data: 2 }, graph: built, compile: { dims }, samples: { unit: "rows", size: "seq" } });
// @ts-expect-error no graph
defineProgram({ mesh: { data: 2 } });
