/**
 * @file The models whose training is measured, in the public names: a graph for ranks that share the batch, with AdamW, and
 * a batch of synthetic input. bench/peers/train.py has the same models.
 */
import {
  B,
  compile,
  graph,
  type NdArray,
  nn,
  optim,
  type Plan,
  type Precision,
  placement,
  S,
  type Tensor,
} from "sluice";
import { gptNetwork } from "./gpt.ts";
import { synthetic } from "./synthetic.ts";

const classes = 10;
const vocabulary = 128;
const layers = 6;
const width = 256;
const heads = 8;
const context = 128;

const adamW = optim.adamW({ lr: 1e-3 });
/** Every rank has every parameter: data parallel. */
const replicated = { "*": { data: B } } as const;

/** A compiled training and a batch for it. */
export interface Work {
  readonly plan: Plan;
  readonly feed: Readonly<Record<string, NdArray>>;
}

function mlp(ranks: number, batch: number, precision: Precision = "float32"): Work {
  const mesh = placement("cpu", { data: ranks });
  const model = nn.sequential(nn.linear(784, 512), nn.relu(), nn.linear(512, classes));
  const inputs = {
    image: mesh.input(["batch", 784], "float32", { data: S(0) }),
    label: mesh.input(["batch"], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "mlp", model, inputs }, ({ image, label }, g) => {
    const loss = nn.softmaxCrossEntropy(model(image), label).mean();
    g.minimize(loss, adamW);
    return { loss };
  });
  const plan = compile(training, { dims: { batch }, sharding: replicated, precision });
  const { reals, ids } = synthetic();
  const feed = { image: reals([batch, 784]), label: ids([batch], classes) };
  return { plan, feed };
}

function cnn(ranks: number, batch: number, precision: Precision = "float32"): Work {
  const mesh = placement("cpu", { data: ranks });
  const features = nn.sequential(
    nn.conv2d(1, 32, 3, { padding: 1 }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(32, 64, 3, { padding: 1 }),
    nn.relu(),
    nn.maxPool2d(2),
  );
  const head = nn.sequential(nn.linear(3136, 128), nn.relu(), nn.linear(128, classes));
  const model = nn.define(
    { features, head },
    (m) => (image: Tensor<["batch", 1, 28, 28], "float32">) => m.head(m.features(image).reshape(["batch", 3136])),
  );
  const inputs = {
    image: mesh.input(["batch", 1, 28, 28], "float32", { data: S(0) }),
    label: mesh.input(["batch"], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "cnn", model, inputs }, ({ image, label }, g) => {
    const loss = nn.softmaxCrossEntropy(model(image), label).mean();
    g.minimize(loss, adamW);
    return { loss };
  });
  const plan = compile(training, { dims: { batch }, sharding: replicated, precision });
  const { reals, ids } = synthetic();
  const feed = { image: reals([batch, 1, 28, 28]), label: ids([batch], classes) };
  return { plan, feed };
}

function gpt(ranks: number, batch: number, precision: Precision = "float32"): Work {
  const mesh = placement("cpu", { data: ranks });
  const model = gptNetwork({ rows: "batch", context, width, heads, vocabulary, layers });
  const inputs = {
    ids: mesh.input(["batch", context], "int32", { data: S(0) }),
    places: mesh.input([context], "int32", { data: B }),
    next: mesh.input(["batch", context], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "gpt", model, inputs }, ({ ids, places, next }, g) => {
    const loss = nn.softmaxCrossEntropy(model(ids, places), next).mean();
    g.minimize(loss, adamW);
    return { loss };
  });
  const plan = compile(training, { dims: { batch }, sharding: replicated, precision });
  const { ids, places } = synthetic();
  const feed = {
    ids: ids([batch, context], vocabulary),
    places: places(context),
    next: ids([batch, context], vocabulary),
  };
  return { plan, feed };
}

export const models = { mlp, cnn, gpt };
type ModelName = keyof typeof models;
export const modelNames: readonly string[] = Object.keys(models);
export const isModel = (name: string | undefined): name is ModelName => name !== undefined && modelNames.includes(name);
