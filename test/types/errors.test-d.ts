/**
 * @file Mistakes that must not compile. Each comment is what TypeScript prints, shortened to the lines that help; the file
 * fails to compile as soon as one of the mistakes is accepted.
 */
import { array, compile, concat, graph, launch, nn, optim, P, placement, S, type Tensor, where } from "sluice";

declare const x: Tensor<["batch", 784], "float32">;
declare const square: Tensor<[64, 64], "float32">;
declare const ids: Tensor<["batch"], "int32">;
declare const labels: Tensor<["batch"], "int64">;
declare const q: Tensor<["batch", 4, "seq", 16], "float32">;
const mesh = placement("cpu", { stage: 2, data: 2, model: 2 });
const net = nn.sequential(nn.linear(784, 512, { name: "fc1" }), nn.relu(), nn.linear(512, 10, { name: "fc2" }));

// ── Placements and layouts ──────────────────────────────────────────────────────────────────────

// TS2345: Argument of type '"tpu"' is not assignable to parameter of type '"cpu"'.
// @ts-expect-error
placement("tpu", { data: 2 });
// TS2561: 'modle' does not exist in type 'Layout<"stage" | "data" | "model", ["batch", 784]>'. Did you mean to write 'model'?
// @ts-expect-error
mesh.input(["batch", 784], "float32", { modle: S(0) });
// TS2322: Type '"S(2)"' is not assignable to type '"B" | "P(sum)" | "P(max)" | "P(min)" | "S(0)" | "S(1)" | undefined'.
// @ts-expect-error
mesh.input(["batch", 784], "float32", { model: S(2) });
// TS2345: Argument of type '"float23"' is not assignable to parameter of type 'DType'.
// @ts-expect-error
mesh.input(["batch", 784], "float23", { model: S(0) });
// TS2345: Argument of type '"mean"' is not assignable to parameter of type 'Reduction | undefined'.
// @ts-expect-error
P("mean");
// TS2561: 'dta' does not exist in type 'Layout<"stage" | "data" | "model", ["batch", 784]>'. Did you mean to write 'data'?
// @ts-expect-error
x.to(mesh, { dta: S(0) });
// TS2322: Type '"S(2)"' is not assignable to type '"B" | "P(sum)" | "P(max)" | "P(min)" | "S(0)" | "S(1)" | undefined'.
// @ts-expect-error
x.to(mesh, { data: S(2) });
// TS2561: 'stgae' does not exist in type '{ readonly stage?: number; … }'. Did you mean to write 'stage'?
// @ts-expect-error
mesh.slice({ stgae: 0 });
// TS2353: 'stage' does not exist in type 'Layout<"data" | "model", ["batch", 784]>'.
// @ts-expect-error
x.to(mesh.slice({ stage: 0 }), { stage: S(0) });

// ── Ops ─────────────────────────────────────────────────────────────────────────────────────────

// TS2345: … 'ShapeError<"matmul: inner dims differ: [batch, 784] x [64, 64]">'.
// @ts-expect-error
x.matmul(square);
// TS2769: … 'ShapeError<"add: shapes do not broadcast: [batch, 784] and [64, 64]">'.
// @ts-expect-error
x.add(square);
// TS2769: … 'ShapeError<"add: shapes do not broadcast: [batch, 784] and [batch]">'.
// @ts-expect-error
x.add(ids);
// TS2345: … 'ShapeError<"maximum: shapes do not broadcast: [batch, 784] and [64, 64]">'.
// @ts-expect-error
x.maximum(square);
// TS2345: Argument of type '2' is not assignable to parameter of type '0 | 1 | undefined'.
// @ts-expect-error
x.mean(2);
// TS2345: Argument of type '2' is not assignable to parameter of type '0 | 1'.
// @ts-expect-error
x.argmax(2);
// TS2684: The 'this' context of type 'Tensor<["batch"], "int32">' is not assignable to method's 'this' of type 'Tensor<["batch"], "float32">'.
// @ts-expect-error
ids.exp();
// TS2769: … 'ShapeError<"equal: shapes do not broadcast: [batch] and [batch, 784]">'.
// @ts-expect-error
ids.equal(x.cast("int32"));
// TS2769: Type '"float32"' is not assignable to type '"int32"'.
// @ts-expect-error
ids.equal(x);
// TS2769: … 'ShapeError<"where: shapes do not broadcast: [batch, 784] and [64, 64]">'.
// @ts-expect-error
where(x.greater(0), x, square);
// TS2684: The 'this' context of type 'Tensor<["batch", 784], "float32">' is not assignable to method's 'this' of type 'Tensor<["batch", 784], "bool">'.
// @ts-expect-error
x.logicalNot();
// TS2345: Argument of type '2' is not assignable to parameter of type '0 | 1'.
// @ts-expect-error
x.topK(3, 2);
// TS2345: Argument of type '3' is not assignable to parameter of type '0 | 1 | 2'.
// @ts-expect-error
x.unsqueeze(3);
// TS2322: Type '2' is not assignable to type '0 | 1'.
// @ts-expect-error
x.permute([0, 2]);
// TS2345: Type '"float32"' is not assignable to type '"int32"'.
// @ts-expect-error
x.gather(x);
// TS2345: Argument of type '2' is not assignable to parameter of type '0 | 1'.
// @ts-expect-error
concat([x, x], 2);
// TS2322: Type '"int32"' is not assignable to type '"float32"'.
// @ts-expect-error
concat([x, ids], 0);
// TS2345: Argument of type '"uint8"' is not assignable to parameter of type 'DType'.
// @ts-expect-error
x.cast("uint8");
// TS2345: Type '"float32"' is not assignable to type '"int32"'.
// @ts-expect-error
nn.softmaxCrossEntropy(x, x);
// TS2345: … 'ShapeError<"softmaxCrossEntropy: logits [batch, 4, seq, 16] want labels [batch, 4, seq], got [batch]">'.
// @ts-expect-error
nn.softmaxCrossEntropy(q, ids);

// TS2345: Argument of type '2' is not assignable to parameter of type '0 | 1'.
// @ts-expect-error
x.softmax(2);
// TS2345: … 'ShapeError<"denseCrossEntropy: shapes differ: [batch, 784] and [64, 64]">'.
// @ts-expect-error
nn.denseCrossEntropy(x, square);
// TS2345: … 'ShapeError<"attention: queries [batch, 4, seq, 16] do not fit keys [64, 64]">'.
// @ts-expect-error
nn.attention(q, square, square);
// TS2345: … 'ShapeError<"attention: keys [batch, 4, seq, 16] do not fit values [batch, 4, 16, seq]">'.
// @ts-expect-error
nn.attention(q, q, q.transpose());

// TS2684: Type '"int64"' is not assignable to type 'Float'.
// @ts-expect-error
labels.exp();
// TS2345: … 'ShapeError<"add: shapes do not broadcast: [batch, 784] and [batch]">'.
// @ts-expect-error
x.add(labels);

// ── Modules ─────────────────────────────────────────────────────────────────────────────────────

// TS2345: … 'ShapeError<"this layer takes [..., 32], the one before gives [..., 16]">'.
// @ts-expect-error
nn.sequential(nn.linear(8, 16), nn.layerNorm(32));
// TS2345: … 'ShapeError<"this layer takes [..., 8, number, number], the one before gives [..., 16, number, number]">'.
// @ts-expect-error
nn.sequential(nn.conv2d(3, 16, 3), nn.batchNorm2d(8));

// TS2769: … 'ShapeError<"expected [..., 784], got [64, 64]">'.
// @ts-expect-error
net(square);
// TS2769: Type '"int32"' is not assignable to type '"float32"'.
// @ts-expect-error
net(ids);
// TS2345: … 'ShapeError<"this layer takes [..., 256], the one before gives [..., 512]">'.
// @ts-expect-error
nn.sequential(nn.linear(784, 512), nn.relu(), nn.linear(256, 10));
// TS2322: Type '[32]' is not assignable to type '[64]'.
// @ts-expect-error
nn.repeat(4, () => nn.linear(64, 32));
let h = x;
// TS2322: Type 'Tensor<["batch", 512], "float32">' is not assignable to type 'Tensor<["batch", 784], "float32">'.
// @ts-expect-error
for (const layer of [nn.linear(784, 512)]) h = layer(h);
// TS2561: 'beta3' does not exist in type 'AdamWOptions'. Did you mean to write 'beta1'?
// @ts-expect-error
optim.adamW({ lr: 1e-3, beta3: 0.9 });

// ── Graph, compile, run ─────────────────────────────────────────────────────────────────────────

const training = graph(
  mesh,
  {
    name: "errors",
    model: net,
    inputs: { image: mesh.input(["batch", 784], "float32"), label: mesh.input(["batch"], "int32") },
  },
  ({ image, label }, g) => {
    const losses = nn.softmaxCrossEntropy(net(image), label);
    // TS2345: Argument of type 'Tensor<["batch"], "float32">' is not assignable to parameter of type 'Tensor<[], "float32">'.
    // @ts-expect-error
    g.minimize(losses, optim.adamW({ lr: 1e-3 }));
    return { loss: losses.mean(), losses };
  },
);
// TS2339: Property 'imgae' does not exist on type 'TensorsOf<{ image: Input<["batch", 784], "float32">; }>'.
// @ts-expect-error
graph(mesh, { name: "typo", inputs: { image: mesh.input(["batch", 784], "float32") } }, ({ imgae }) => ({ imgae }));
// TS2561: 'bacth' does not exist in type '{ readonly batch: number; } & {}'. Did you mean to write 'batch'?
// @ts-expect-error
compile(training, { dims: { bacth: 128 } });
// TS2322: Type '32' is not assignable to type '32 & ShapeError<"compile: no input has a dim \"seq\"">'.
// @ts-expect-error
compile(training, { dims: { batch: 128, seq: 32 } });
// TS2379: … 'ShapeError<"compile: bind the dims: { dims: { batch: … } }">'.
// @ts-expect-error
compile(training);
// TS2345: Property 'dims' is missing in type '{ memory: number; }' but required in type '{ readonly dims: unknown; }'.
// @ts-expect-error
compile(training, { memory: 2 ** 20 });
// TS2353: '"fc1.wieght"' does not exist in type 'Sharding<"stage" | "data" | "model", Param<".fc1.weight", [784, 512]> | …>'.
// @ts-expect-error
compile(training, { dims: { batch: 128 }, sharding: { "fc1.wieght": { model: S(1) } } });
// TS2561: 'modle' does not exist in type 'Layout<"stage" | "data" | "model", [784, 512]>'. Did you mean to write 'model'?
// @ts-expect-error
compile(training, { dims: { batch: 128 }, sharding: { "fc1.weight": { modle: S(1) } } });
// TS2322: Type '"S(1)"' is not assignable to type '"B" | "P(sum)" | "P(max)" | "P(min)" | "S(0)" | undefined'.
// @ts-expect-error
compile(training, { dims: { batch: 128 }, sharding: { "fc1.bias": { model: S(1) } } });
// TS2561: 'modle' does not exist in type 'Layout<"stage" | "data" | "model">'. Did you mean to write 'model'?
// @ts-expect-error
compile(training, { dims: { batch: 128 }, sharding: { "fc*.weight": { modle: S(1) } } });
// TS2561: 'modle' does not exist in type 'Layout<"stage" | "data" | "model">'. Did you mean to write 'model'?
// @ts-expect-error
compile(training, { dims: { batch: 128 }, rules: [[/weight$/, { modle: S(1) }]] });

const session = await launch(compile(training, { dims: { batch: 128 } }));
const image = array([128, 784], "float32", new Float32Array(128 * 784));
const label = array([128], "int32", new Int32Array(128));
// TS2345: … 'FeedMismatch<"the graph has no input \"lable\"">'.
// @ts-expect-error
session.run([{ image, lable: label }]);
// TS2345: … 'FeedMismatch<"input \"label\" is not fed">'.
// @ts-expect-error
session.run([{ image }]);
// TS2345: … 'FeedMismatch<"input \"image\" is [128, 784], [64, 784] was fed">'.
// @ts-expect-error
session.run([{ image: array([64, 784], "float32", new Float32Array(64 * 784)), label }]);
// TS2345: … 'FeedMismatch<"input \"label\" is int32, float32 was fed">'.
// @ts-expect-error
session.run([{ image, label: array([128], "float32", new Float32Array(128)) }]);
// TS2345: Argument of type 'Float32Array<ArrayBuffer>' is not assignable to parameter of type 'Int32Array<ArrayBufferLike>'.
// @ts-expect-error
array([128], "int32", new Float32Array(128));
// TS2339: Property 'toUpperCase' does not exist on type 'number'.
// @ts-expect-error
for await (const { loss } of session.run([{ image, label }])) loss.toUpperCase();
// TS2339: Property 'los' does not exist on type 'Step<{ loss: Tensor<[], "float32">; losses: …; }, { readonly batch: 128; }>'.
// @ts-expect-error
for await (const { los } of session.run([{ image, label }])) console.log(los);

const other = placement("cpu", { z: 2 }, { ranks: [8, 9] });
const stages = graph([mesh, other], { name: "stages", model: net, inputs: {} }, () => ({}));
// TS2353: 'q' does not exist in type 'Layout<"stage" | "data" | "model" | "z", [784, 512]>'.
// @ts-expect-error
compile(stages, { dims: {}, sharding: { "fc1.weight": { q: S(0) } } });
