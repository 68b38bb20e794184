/** @file What the graph tests share. */
import { type Graph, graph, nn, optim, placement, S, SluiceError } from "sluice";
import { expandMinimize } from "../../src/graph/autodiff.ts";
import { bindDims } from "../../src/graph/bind.ts";
import type { LogicalGraph, Op } from "../../src/ir/graph.ts";

export const mesh = placement("cpu", { data: 2, model: 2 });

export const mlp = () =>
  nn.sequential(nn.linear(784, 512, { name: "fc1" }), nn.relu(), nn.linear(512, 10, { name: "fc2" }));

/** The design's example. */
export function training(optimizer = optim.adamW({ lr: 1e-3 })) {
  const net = mlp();
  return graph(
    mesh,
    {
      name: "mnist",
      model: net,
      inputs: {
        image: mesh.input(["batch", 784], "float32", { data: S(0) }),
        label: mesh.input(["batch"], "int32", { data: S(0) }),
      },
    },
    ({ image, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(image), label).mean();
      g.minimize(loss, optimizer);
      return { loss };
    },
  );
}

// biome-ignore lint/suspicious/noExplicitAny: any graph
export const expanded = ({ logical }: Graph<any, any, any, any>, dims: Record<string, number> = {}): LogicalGraph =>
  expandMinimize(bindDims(logical, dims));

/** `name = kind(inputs)` by value names. */
export const show = (graph: LogicalGraph, op: Op): string =>
  `${op.name} = ${op.kind}(${op.inputs.map((id) => graph.values[id]!.name).join(", ")})`;

export const op = (graph: LogicalGraph, name: string): Op => {
  const found = graph.ops.find((o) => o.name === name);
  if (!found) throw new Error(`no op ${name} among ${graph.ops.map((o) => o.name).join(" ")}`);
  return found;
};

/** What `body` throws. */
export function thrown(body: () => unknown): SluiceError {
  try {
    body();
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
