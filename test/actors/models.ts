/** @file Small models of three kinds on several ranks, with batches: an MLP, convolutions, and a GPT of two blocks. */
import { compile, graph, type NdArray, nn, optim, type PlanData, placement, S } from "sluice";
import { gptNetwork } from "../../bench/gpt.ts";
import { synthetic } from "../../bench/synthetic.ts";

export interface Trained {
  readonly plan: PlanData;
  readonly feeds: readonly Readonly<Record<string, NdArray>>[];
}

const steps = 9;
const repeat = <T>(make: () => T, count = steps): T[] => Array.from({ length: count }, make);
const adamW = optim.adamW({ lr: 1e-3 });
type Axes = { readonly data: number; readonly model: number };

/** In these sizes the workspace is used from end to end. */
const large = (axes: Axes): Trained => mlp(axes, [512, 1000, 700], 3);

function mlp(axes: Axes, [batch, wide, hidden] = [90, 196, 330], count = steps): Trained {
  const mesh = placement("cpu", axes);
  const model = nn.sequential(
    nn.linear(wide, hidden, { name: "fc1" }),
    nn.relu(),
    nn.dropout(0.1),
    nn.linear(hidden, 10, { name: "fc2" }),
  );
  const inputs = {
    image: mesh.input([batch, wide], "float32", { data: S(0) }),
    label: mesh.input([batch], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "mlp", model, inputs }, ({ image, label }, g) => {
    const loss = nn.softmaxCrossEntropy(model(image), label).mean();
    g.minimize(loss, adamW);
    return { loss };
  });
  const sharding = { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } } as const;
  const { reals, ids } = synthetic();
  return {
    plan: compile(training, { sharding }).data,
    feeds: repeat(() => ({ image: reals([batch, wide]), label: ids([batch], 10) }), count),
  };
}

function conv(axes: Axes): Trained {
  const mesh = placement("cpu", axes);
  const model = nn.sequential(
    nn.conv2d(1, 16, 3, { padding: 1, name: "c1" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(16, 32, 3, { padding: 1, name: "c2" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(32 * 16, 10, { name: "fc" }),
  );
  const inputs = {
    image: mesh.input([12, 1, 16, 16], "float32", { data: S(0) }),
    label: mesh.input([12], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "conv", model, inputs }, ({ image, label }, g) => {
    const loss = nn.softmaxCrossEntropy(model(image), label).mean();
    g.minimize(loss, adamW);
    return { loss };
  });
  const { reals, ids } = synthetic();
  return {
    plan: compile(training).data,
    feeds: repeat(() => ({ image: reals([12, 1, 16, 16]), label: ids([12], 10) })),
  };
}

function gpt(axes: Axes): Trained {
  const mesh = placement("cpu", axes);
  const [rows, context, vocabulary] = [8, 16, 48];
  const model = gptNetwork({ rows, context, width: 32, heads: 4, vocabulary, layers: 2 });
  const inputs = {
    ids: mesh.input([rows, context], "int32", { data: S(0) }),
    places: mesh.input([context], "int32"),
    next: mesh.input([rows, context], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "gpt", model, inputs }, ({ ids, places, next }, g) => {
    const loss = nn.softmaxCrossEntropy(model(ids, places), next).mean();
    g.minimize(loss, adamW);
    return { loss };
  });
  const sharding = { "*.up.weight": { model: S(1) }, "*.down.weight": { model: S(0) } } as const;
  const { ids, places } = synthetic();
  return {
    plan: compile(training, { sharding }).data,
    feeds: repeat(() => ({
      ids: ids([rows, context], vocabulary),
      places: places(context),
      next: ids([rows, context], vocabulary),
    })),
  };
}

export const models = { mlp: (axes: Axes) => mlp(axes), conv, gpt, large };
