/** @file Plans to draw: the MLP of the MNIST example on two axes, and one whose names need escaping. */
import { gptNetwork } from "../../bench/gpt.ts";
import { compile } from "../../src/compile.ts";
import { graph } from "../../src/graph/graph.ts";
import { B, S } from "../../src/graph/layout.ts";
import * as nn from "../../src/graph/nn/index.ts";
import * as optim from "../../src/graph/optim/index.ts";
import { placement } from "../../src/graph/placement.ts";
import type { PlanData } from "../../src/ir/plan.ts";

export function mlp(axes: { data: number; model: number } = { data: 2, model: 2 }): PlanData {
  const mesh = placement("cpu", axes);
  const net = nn.sequential(nn.linear(784, 512, { name: "fc1" }), nn.relu(), nn.linear(512, 10, { name: "fc2" }));
  const inputs = {
    image: mesh.input(["batch", 784], "float32", { data: S(0) }),
    label: mesh.input(["batch"], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "tiny", model: net, inputs }, ({ image, label }, g) => {
    const loss = nn.softmaxCrossEntropy(net(image), label).mean();
    g.minimize(loss, optim.adamW({ lr: 1e-3 }));
    return { loss };
  });
  const sharding = { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } };
  return compile(training, { dims: { batch: 128 }, sharding }).data;
}

/** Everything that DOT, SVG and record labels give a meaning to. */
export const nasty = `a<b> & "c" {d|e} \\n`;

/** The MLP under names that nobody should choose. */
export function renamed(): PlanData {
  const plan = mlp();
  const bad = (name: string) => `${nasty} ${name}`;
  return {
    ...plan,
    name: nasty,
    graph: { ...plan.graph, ops: plan.graph.ops.map((op) => ({ ...op, name: bad(op.name) })) },
    tasks: plan.tasks.map((task) => ({ ...task, name: bad(task.name), ops: task.ops.map(bad) })),
  };
}

/** A small GPT of equal blocks in training, on two axes: its MLPs and heads are split along one, the batch along the other. */
export function gpt(layers: number, own: Readonly<Record<string, object>> = {}): PlanData {
  const mesh = placement("cpu", { data: 2, model: 2 });
  const [context, vocabulary] = [8, 16];
  const model = gptNetwork({ rows: "batch", context, width: 16, heads: 2, vocabulary, layers });
  const inputs = {
    ids: mesh.input(["batch", context], "int32", { data: S(0) }),
    places: mesh.input([context], "int32"),
    next: mesh.input(["batch", context], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "gpt", model, inputs }, ({ ids, places, next }, g) => {
    const loss = nn.softmaxCrossEntropy(model(ids, places), next).mean();
    g.minimize(loss, optim.adamW({ lr: 1e-3 }));
    return { loss };
  });
  const columns = { model: S(1) };
  const sharding = {
    ...own,
    "block*.q.weight": columns,
    "block*.k.weight": columns,
    "block*.v.weight": columns,
    "block*.out.weight": { model: S(0) },
    "block*.up.weight": columns,
    "block*.down.weight": { model: S(0) },
    "*": { data: B },
  };
  return compile(training, { dims: { batch: 4 }, sharding: sharding as never }).data;
}
