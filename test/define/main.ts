/** @file A program whose main file defines an op: every thread would run it again. */
import { compile, defineOp, graph, launch, placement, type Tensor } from "sluice";

const same = defineOp<(x: Tensor<[4], "float32">) => Tensor<[4], "float32">>({
  kind: "same",
  module: import.meta.url,
  infer: ([x]) => [x],
  kernel: ({ ins: [x], outs: [y] }) => y.data.set(x.data),
});
const mesh = placement("cpu", { data: 1 });
const inputs = { x: mesh.input([4], "float32") };
const plan = compile(graph(mesh, { name: "main", inputs }, ({ x }) => ({ y: same(x) })));
await launch(plan).catch((error: Error) => console.log(error.message));

const other = compile(graph(mesh, { name: "other", inputs }, ({ x }) => ({ y: x.relu() })));
await using session = await launch(other, { threads: 1 });
console.log(`other: ${session.status}`);
await session.load(plan).catch((error: Error) => console.log(`later ${error.message}`));
