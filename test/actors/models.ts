/** @file Small models of three kinds on several ranks, with batches: an MLP, convolutions, and a GPT of two blocks. */
import { array, compile, graph, type NdArray, nn, optim, type PlanData, placement, S, type Tensor } from "sluice";

export interface Trained {
  readonly plan: PlanData;
  readonly feeds: readonly Readonly<Record<string, NdArray>>[];
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

const width = 32;
const [heads, context, vocabulary] = [4, 16, 48];
type Hidden = Tensor<[8, 16, typeof width], "float32">;

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
      const split = (t: Hidden) => t.reshape([8, context, heads, width / heads]).permute([0, 2, 1, 3]);
      const mixed = nn.attention(split(m.q(h)), split(m.k(h)), split(m.v(h)), { causal: true });
      const y = x.add(m.out(mixed.permute([0, 2, 1, 3]).reshape([8, 16, width])));
      return y.add(m.down(m.up(m.norm2(y)).gelu()));
    },
  );

function gpt(axes: Axes): Trained {
  const mesh = placement("cpu", axes);
  const model = nn.define(
    {
      tokens: nn.embedding(vocabulary, width),
      one: block(),
      two: block(),
      norm: nn.layerNorm(width),
      head: nn.linear(width, vocabulary),
    },
    (m) => (ids: Tensor<[8, 16], "int32">) => m.head(m.norm(m.two(m.one(m.tokens(ids))))),
  );
  const inputs = {
    ids: mesh.input([8, 16], "int32", { data: S(0) }),
    next: mesh.input([8, 16], "int32", { data: S(0) }),
  };
  const training = graph(mesh, { name: "gpt", model, inputs }, ({ ids, next }, g) => {
    const loss = nn.softmaxCrossEntropy(model(ids), next).mean();
    g.minimize(loss, adamW);
    return { loss };
  });
  const sharding = { "*.up.weight": { model: S(1) }, "*.down.weight": { model: S(0) } } as const;
  const { ids } = synthetic();
  return {
    plan: compile(training, { sharding }).data,
    feeds: repeat(() => ({ ids: ids([8, context], vocabulary), next: ids([8, context], vocabulary) })),
  };
}

export const models = { mlp: (axes: Axes) => mlp(axes), conv, gpt, large };
