/** @file Whole networks, trained for some steps, exported and run by onnxruntime. */
import {
  array,
  compile,
  type Graph,
  graph,
  launch,
  type NdArray,
  nn,
  optim,
  type Plan,
  placement,
  S,
  type Tensor,
  toOnnx,
} from "sluice";
import { describe, expect, test } from "vitest";
import { gptNetwork } from "../../bench/gpt.ts";
import type { Any } from "./cases.ts";
import { expectSame, load } from "./runtime.ts";
import { floats, ints } from "./values.ts";

const mesh = placement("cpu", { data: 2, model: 2 });
type Feeds = Readonly<Record<string, NdArray>>;

/** Trains for three steps; then the evaluation, here and by onnxruntime. */
async function compare(training: Plan<Any, Any, Any>, evaluation: Graph<Any, Any, Any, Any>, feeds: Feeds, dims = {}) {
  await using session = await launch(training);
  for await (const _ of session.run([feeds, feeds, feeds] as Any));
  const evaluating = await session.load(compile(evaluation, { dims, sharding: training.sharding } as Any));
  const model = await load(await toOnnx(evaluation, { states: session.states }));
  for await (const { step: _, ...outputs } of evaluating.run([feeds] as Any)) {
    const found = await model.run(feeds);
    for (const [name, value] of Object.entries(outputs as Record<string, NdArray | number>))
      expectSame(found[name], typeof value === "number" ? array([], "float32", Float32Array.of(value)) : value);
    expect(Object.keys(found).sort()).toEqual(Object.keys(outputs as object).sort());
  }
  return model;
}

describe("a trained network gives the same elsewhere", () => {
  test("an MLP with dropout, split over data and model", async () => {
    const net = nn.sequential(
      nn.linear(20, 32, { name: "fc1" }),
      nn.relu(),
      nn.dropout(0.5),
      nn.linear(32, 10, { name: "fc2" }),
    );
    const inputs = {
      image: mesh.input(["batch", 20], "float32", { data: S(0) }),
      label: mesh.input(["batch"], "int32", { data: S(0) }),
    };
    const training = graph(mesh, { name: "mlp", model: net, inputs }, ({ image, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(image), label).mean();
      g.minimize(loss, optim.adamW({ lr: 1e-2 }));
      return { loss };
    });
    const evaluation = graph(mesh, { name: "mlp", model: net, inputs }, ({ image, label }) => {
      const logits = net(image);
      return { logits, loss: nn.softmaxCrossEntropy(logits, label).mean(), best: logits.argmax(1) };
    });
    const plan = compile(training, { dims: { batch: 8 }, sharding: { "fc1.weight": { model: S(1) } } });
    const feeds = { image: floats("image", 8, 20), label: ints("label", 0, 10, 8) };
    const model = await compare(plan, evaluation, feeds, { batch: 8 });
    expect(model.inputs).toEqual(["image", "label"]);

    // Of the graph that trains, dropout is off too.
    await using session = await launch(plan);
    const [trained, evaluated] = await Promise.all(
      [training, evaluation].map(async (one) =>
        (await load(await toOnnx(one, { outputs: ["loss"], states: session.states }))).run(feeds),
      ),
    );
    expect(trained!.loss!.data).toEqual(evaluated!.loss!.data);
  });

  test("a CNN: convolution, batch norm, both poolings", async () => {
    const net = nn.sequential(
      nn.conv2d(3, 8, 3, { padding: 1, name: "conv1" }),
      nn.batchNorm2d(8, { name: "norm" }),
      nn.relu(),
      nn.maxPool2d(2),
      nn.conv2d(8, 4, 3, { name: "conv2" }),
      nn.avgPool2d(2),
      nn.flatten(),
      nn.linear(4 * 3 * 3, 5, { name: "head" }),
    );
    const inputs = {
      image: mesh.input(["batch", 3, 16, 16], "float32", { data: S(0) }),
      label: mesh.input(["batch"], "int32", { data: S(0) }),
    };
    const body = ({ image, label }: { image: Any; label: Any }) => {
      const logits = net(image) as Tensor<["batch", 5], "float32">;
      return { logits, loss: nn.softmaxCrossEntropy(logits, label).mean() };
    };
    const training = graph(mesh, { name: "cnn", model: net, inputs }, (t, g) => {
      const { loss } = body(t);
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const evaluation = graph(mesh, { name: "cnn", model: net, inputs, mode: "eval" }, body);
    const feeds = { image: floats("image", 4, 3, 16, 16), label: ints("label", 0, 5, 4) };
    await compare(compile(training, { dims: { batch: 4 } }), evaluation, feeds, { batch: 4 });
  });

  test("a GPT: embeddings, causal attention, layer norm, gelu, cross-entropy with padding", async () => {
    const [context, vocabulary] = [6, 11];
    const net = gptNetwork({ rows: "batch", context, width: 8, heads: 2, vocabulary, layers: 2 });
    const inputs = {
      tokens: mesh.input(["batch", context], "int32", { data: S(0) }),
      next: mesh.input(["batch", context], "int32", { data: S(0) }),
      places: mesh.input([context], "int32"),
    };
    const body = ({ tokens, next, places }: { tokens: Any; next: Any; places: Any }) => {
      const logits = net(tokens, places);
      return { logits, loss: nn.softmaxCrossEntropy(logits as Any, next).mean() as Tensor<[], "float32"> };
    };
    const training = graph(mesh, { name: "gpt", model: net, inputs }, (t, g) => {
      const { loss } = body(t);
      g.minimize(loss, optim.adamW({ lr: 1e-2 }));
      return { loss };
    });
    const evaluation = graph(mesh, { name: "gpt", model: net, inputs }, body);
    const feeds = {
      tokens: ints("tokens", 0, vocabulary, 4, context),
      next: ints("next", -1, vocabulary, 4, context),
      places: array(
        [context],
        "int32",
        Int32Array.from({ length: context }, (_, i) => i),
      ),
    };
    await compare(compile(training, { dims: { batch: 4 } }), evaluation, feeds, { batch: 4 });
  });
});
