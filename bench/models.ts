/**
 * @file The models whose training is measured, in the public names: a graph for ranks that share the batch, with AdamW, and
 * a batch of synthetic input. bench/peers/train.py has the same models.
 */
import {
  array,
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

type Hidden = Tensor<["batch", typeof context, typeof width], "float32">;

/** Pre-norm: attention and an MLP four times as wide, each beside a path around it. */
const block = () =>
  nn.define(
    {
      norm1: nn.layerNorm(width),
      q: nn.linear(width, width),
      k: nn.linear(width, width),
      v: nn.linear(width, width),
      out: nn.linear(width, width),
      norm2: nn.layerNorm(width),
      up: nn.linear(width, 4 * width),
      down: nn.linear(4 * width, width),
    },
    (m) => (x: Hidden) => {
      const h = m.norm1(x);
      const split = (t: Hidden) => t.reshape(["batch", context, heads, width / heads]).permute([0, 2, 1, 3]);
      const mixed = nn.attention(split(m.q(h)), split(m.k(h)), split(m.v(h)), { causal: true });
      const y = x.add(m.out(mixed.permute([0, 2, 1, 3]).reshape(["batch", context, width])));
      return y.add(m.down(m.up(m.norm2(y)).gelu()));
    },
  );

function gpt(ranks: number, batch: number, precision: Precision = "float32"): Work {
  const mesh = placement("cpu", { data: ranks });
  const blocks = Array.from({ length: layers }, block);
  const model = nn.define(
    {
      tokens: nn.embedding(vocabulary, width),
      places: nn.embedding(context, width),
      ...Object.fromEntries(blocks.map((one, i) => [`block${i}`, one])),
      norm: nn.layerNorm(width),
      head: nn.linear(width, vocabulary),
    },
    (m) => (ids: Tensor<["batch", typeof context], "int32">, places: Tensor<[typeof context], "int32">) => {
      const body = m as typeof m & Record<string, (x: Hidden) => Hidden>;
      const start: Hidden = m.tokens(ids).add(m.places(places));
      return m.head(m.norm(blocks.reduce((h, _, i) => body[`block${i}`]!(h), start)));
    },
  );
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
  const { ids } = synthetic();
  const feed = {
    ids: ids([batch, context], vocabulary),
    places: array(
      [context],
      "int32",
      Int32Array.from({ length: context }, (_, i) => i),
    ),
    next: ids([batch, context], vocabulary),
  };
  return { plan, feed };
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Numbers that are the same each time. */
function synthetic() {
  let state = 1;
  const draw = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return {
    reals: (shape: readonly number[]) => array(shape, "float32", Float32Array.from({ length: size(shape) }, draw)),
    ids: (shape: readonly number[], below: number) =>
      array(
        shape,
        "int32",
        Int32Array.from({ length: size(shape) }, () => Math.floor(draw() * below)),
      ),
  };
}

export const models = { mlp, cnn, gpt };
type ModelName = keyof typeof models;
export const modelNames: readonly string[] = Object.keys(models);
export const isModel = (name: string | undefined): name is ModelName => name !== undefined && modelNames.includes(name);
