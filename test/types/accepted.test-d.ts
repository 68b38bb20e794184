/** @file Uses that must go on compiling, with the types that they must have. */
import {
  array,
  B,
  compile,
  concat,
  customGradient,
  type Dim,
  graph,
  launch,
  layout,
  type NdArray,
  nn,
  optim,
  Plan,
  placement,
  S,
  stack,
  type Tensor,
  where,
} from "sluice";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <A, B>(_: Equal<A, B>) => {};

declare const x: Tensor<["batch", 784], "float32">;
declare const q: Tensor<["batch", 4, "seq", 16], "float32">;
declare const n: number;
const mesh = placement("cpu", { stage: 2, data: 2, model: 2 });
const net = nn.sequential(nn.linear(784, 512, { name: "fc1" }), nn.relu(), nn.linear(512, 10, { name: "fc2" }));

// ── Shapes ──────────────────────────────────────────────────────────────────────────────────────

const dynamic = mesh.input([n, 784], "float32"); // a plain number is checked when the graph is built
is<typeof dynamic.shape, [number, 784]>(true);
declare const loose: Tensor<["batch", number], "float32">;
const out = net(loose);
is<typeof out, Tensor<["batch", 10], "float32">>(true);
const row = q.mean(3).max(0);
is<typeof row, Tensor<[4, "seq"], "float32">>(true);
declare const head: Tensor<[4, 1, 16], "float32">;
const sum = q.add(head).sub(head).maximum(head);
is<typeof sum, Tensor<["batch", 4, "seq", 16], "float32">>(true);
const hits = x.argmax(1).equal(q.argmax(3).cast("float32").sum(2).sum(1).cast("int32")).cast("float32").mean();
is<typeof hits, Tensor<[], "float32">>(true);

function keep<N extends number | string>(t: Tensor<[N, 784], "float32">): Tensor<[N, 784], "float32"> {
  return t.add(t.relu()).mul(0.5); // generic over dims: no conditional type in the way
}
const fc = nn.linear(784, 784);
function lead<L extends Dim[]>(t: Tensor<[...L, 784], "float32">): Tensor<[...L, 784], "float32"> {
  return t.add(fc(t)); // and over the leading dims as a whole
}
let looped = lead(x);
for (let i = 0; i < 3; i++) looped = keep(looped);

declare const long: Tensor<["batch"], "int64">;
declare const half: Tensor<["batch", 784], "bfloat16">;
const promoted = half.mul(x).add(x.greater(0)); // the dtype that holds both
is<typeof promoted, Tensor<["batch", 784], "float32">>(true);
const ratio = long.div(3);
is<typeof ratio, Tensor<["batch"], "float32">>(true);
const straight = customGradient(
  [x],
  (x) => x.sign(),
  (g) => [g],
);
is<typeof straight, Tensor<["batch", 784], "float32">>(true);

// ── Modules ─────────────────────────────────────────────────────────────────────────────────────

const twelve = nn.sequential(
  nn.linear(784, 1),
  nn.linear(1, 2),
  nn.linear(2, 3),
  nn.linear(3, 4),
  nn.linear(4, 5),
  nn.linear(5, 6),
  nn.linear(6, 7),
  nn.linear(7, 8),
  nn.linear(8, 9),
  nn.linear(9, 10),
  nn.linear(10, 11),
  nn.linear(11, 12),
);
const twelfth = twelve(x);
is<typeof twelfth, Tensor<["batch", 12], "float32">>(true);

const block = () =>
  nn.scope("mlp", nn.residual(nn.linear(64, 256, { name: "up" }), nn.relu(), nn.linear(256, 64, { name: "down" })));
const deep = nn.sequential(
  nn.linear(8, 64, { name: "embed" }),
  nn.scope("blocks", nn.repeat(4, block)),
  nn.scope("head", nn.linear(64, 10, { name: "out" })),
);

// ── Sharding ────────────────────────────────────────────────────────────────────────────────────

const training = graph(
  mesh,
  {
    name: "accepted",
    model: net,
    inputs: {
      image: mesh.input(["batch", 784], "float32", { data: S(0), stage: B }),
      label: mesh.input(["batch"], "int32"),
    },
  },
  ({ image, label }, g) => {
    const logits = net(image);
    const losses = nn.softmaxCrossEntropy(logits, label);
    const loss = losses.mean();
    g.minimize(loss, optim.sgd({ lr: 0.1, momentum: 0.9, nesterov: true }));
    return { loss, losses, logits };
  },
);
const plan = compile(training, { dims: { batch: 128 }, sharding: { "fc1.weight": { model: S(1) } } });
compile(training, { dims: { batch: n }, sharding: plan.sharding }); // as another plan has it
const inner = layout(mesh, [
  ["model", S(0)],
  ["data", S(0)],
]);
compile(training, { dims: { batch: 64 }, sharding: { "fc1.weight": inner, "fc*.bias": { data: S(0) } } });
declare const anyName: string;
compile(training, {
  dims: { batch: n },
  sharding: { [anyName]: { model: S(0) }, "fc*.weight": { model: S(1) } },
  rules: [[/bias$/, { data: S(0) }]],
});

const deepGraph = graph(
  mesh,
  { name: "deep", model: deep, inputs: { x: mesh.input([32, 8], "float32") } },
  ({ x }) => ({ out: deep(x) }),
);
compile(deepGraph, {
  dims: {},
  sharding: {
    "blocks.0.mlp.up.weight": { model: S(1) }, // a literal name inside a repeated block
    "blocks.*.mlp.down.weight": { model: S(0) },
    "head.out.weight": { model: S(1) },
  },
});

const unnamed = graph(
  mesh,
  { name: "no model given", inputs: { image: mesh.input([8, 784], "float32") } },
  ({ image }) => ({
    out: net(image),
  }),
);
compile(unnamed); // no named dims, nothing to bind
compile(unnamed, { sharding: { "any.name": { model: S(1) } } }); // with other options neither

// Placements with axes of their own: a layout may name any of them.
const [front, back] = [placement("cpu", { data: 2 }), mesh.slice({ stage: 1 })];
const pipeline = graph(
  [front, back],
  { name: "pipeline", model: net, inputs: { image: front.input(["batch", 784], "float32") } },
  ({ image }) => ({
    logits: net(image.to(back, { data: S(0) })),
  }),
);
compile(pipeline, { dims: { batch: 8 }, sharding: { "fc2.weight": { model: S(0) } } });

// ── Runs ────────────────────────────────────────────────────────────────────────────────────────

const session = await launch(plan);
const image = array([128, 784], "float32", new Float32Array(128 * 784));
const label = array([128], "int32", new Int32Array(128));
for await (const step of session.run([{ image, label }])) {
  is<typeof step.loss, number>(true);
  is<typeof step.losses.shape, [128]>(true);
  is<typeof step.logits.shape, [128, 10]>(true);
}
const read = await launch(Plan.fromJSON(plan.toJSON())); // names unknown: checked when a batch arrives
for await (const step of read.run([{ image, label }]))
  is<typeof step.loss, number | bigint | NdArray<Dim[]> | undefined>(true);
declare const loader: AsyncIterable<{
  image: ReturnType<typeof array<[number, 784], "float32">>;
  label: typeof label;
}>;
session.run(loader); // a batch of unknown size is checked when it arrives

// ── Elements, shapes, ids ───────────────────────────────────────────────────────────────────────

declare const ids: Tensor<["batch"], "int32">;
declare const mask: Tensor<["batch", 784], "bool">;
const positive = x
  .greater(0)
  .logicalAnd(x.less(x.mean(1).unsqueeze(1)))
  .logicalOr(mask.logicalNot());
is<typeof positive, Tensor<["batch", 784], "bool">>(true);
const same = ids.equal(ids.unsqueeze(1));
is<typeof same, Tensor<["batch", "batch"], "bool">>(true);
const differs = mask.notEqual(positive);
is<typeof differs, Tensor<["batch", 784], "bool">>(true);
const kept = where(mask, x, 0);
is<typeof kept, Tensor<["batch", 784], "float32">>(true);
const wide = where(same.slice(1, 0, 8), 1, 0);
is<typeof wide, Tensor<["batch", 8], "float32">>(true);
const spread = where(mask.slice(0, 0, 1), x, x.sum(0));
is<typeof spread, Tensor<["batch", 784], "float32">>(true);
const image2d = x.reshape(["batch", 28, 28]).permute([0, 2, 1]).squeeze(0).unsqueeze(2);
is<typeof image2d, Tensor<[28, 28, 1], "float32">>(true);
const heads = q.transpose();
is<typeof heads, Tensor<["batch", 4, 16, "seq"], "float32">>(true);
const cut = x.slice(1, 0, 100).slice(0, 2, 4).pad(1, 1, 1);
is<typeof cut, Tensor<[number, number], "float32">>(true);
const both = concat([x, x], 1);
is<typeof both, Tensor<["batch", number], "float32">>(true);
const pile = stack([x, x.abs(), x.gelu()], 0);
is<typeof pile, Tensor<[number, "batch", 784], "float32">>(true);
const rows = x.gather(ids);
is<typeof rows, Tensor<["batch", 784], "float32">>(true);
const columns = q.gather(ids.cast("int32"), 2);
is<typeof columns, Tensor<["batch", 4, "batch", 16], "float32">>(true);
const added = x.scatterAdd(ids, 10);
is<typeof added, Tensor<[10, 784], "float32">>(true);
const top = x.topK(3, 1);
is<typeof top.indices, Tensor<["batch", 3], "int32">>(true);
const taken = x.takeAlong(top.indices, 1);
is<typeof taken, Tensor<["batch", 3], "float32">>(true);
const hot = ids.oneHot(10);
is<typeof hot, Tensor<["batch", 10], "float32">>(true);
const words = nn.sequential(nn.embedding(100, 784, { name: "words" }), nn.gelu(), nn.linear(784, 2))(ids);
is<typeof words, Tensor<["batch", 2], "float32">>(true);
const bent = x.tanh().sigmoid().square().pow(0.5).clamp(0, 1).cumsum(1).stopGradient().sign().reciprocal();
is<typeof bent, Tensor<["batch", 784], "float32">>(true);

// ── Networks ────────────────────────────────────────────────────────────────────────────────────

const soft = x.softmax(1).add(x.logSoftmax(0));
is<typeof soft, Tensor<["batch", 784], "float32">>(true);
const dense = nn.denseCrossEntropy(q, q.softmax(3));
is<typeof dense, Tensor<["batch", 4, "seq"], "float32">>(true);
const mixed = nn.attention(q, q, q.slice(3, 0, 8), { causal: true });
is<typeof mixed, Tensor<["batch", 4, "seq", 8], "float32">>(true);
const normed = nn.sequential(nn.layerNorm([4, 16]), nn.rmsNorm(16), nn.dropout(0.1))(q.permute([0, 2, 1, 3]));
is<typeof normed, Tensor<["batch", "seq", 4, 16], "float32">>(true);
declare const photo: Tensor<["batch", 3, 32, 32], "float32">;
const convolutional = nn.sequential(
  nn.conv2d(3, 16, 3, { padding: 1, name: "conv" }),
  nn.batchNorm2d(16, { name: "bn" }),
  nn.flatten(),
  nn.linear(16 * 32 * 32, 64, { name: "out" }),
);
const scored = convolutional(photo);
is<typeof scored, Tensor<["batch", 64], "float32">>(true);
const noisy = graph(
  mesh,
  {
    name: "noisy",
    model: convolutional,
    inputs: { photo: mesh.input(["batch", 3, 32, 32], "float32") },
    mode: "train",
  },
  ({ photo }, g) => {
    const noise = g.random.normal(["batch", 3, 32, 32], { deviation: 0.1 });
    const loss = convolutional(g.training ? photo.add(noise) : photo).mean();
    g.minimize(loss, optim.lamb({ lr: 0.1 }));
    return { loss, noise };
  },
);
compile(noisy, { dims: { batch: 4 }, sharding: { "conv.weight": { model: S(0) }, "bn.bias": { data: S(0) } } });
