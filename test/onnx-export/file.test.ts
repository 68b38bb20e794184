/** @file What a file of ONNX holds, and what is refused: read back by the reader that reads ONNX's own tests. */
import { array, graph, nn, optim, placement, toOnnx } from "sluice";
import { describe, expect, test } from "vitest";
import { readModel } from "../onnx/proto.ts";
import type { Any } from "./cases.ts";

const mesh = placement("cpu", { data: 2 });
const net = nn.sequential(nn.linear(6, 4, { name: "fc" }), nn.relu());
const inputs = { x: mesh.input(["batch", 6], "float32"), label: mesh.input(["batch"], "int32") };
const training = graph(mesh, { name: "training", model: net, inputs }, ({ x, label }, g) => {
  const logits = net(x);
  const loss = nn.softmaxCrossEntropy(logits, label).mean();
  const { gradientNorm } = g.minimize(loss, optim.adamW({ lr: 0.1 }), { clipNorm: 1 });
  return { loss, logits, gradientNorm };
});
const logits = { outputs: ["logits"] };

describe("a file", () => {
  test("has what the outputs need and nothing else, named as in the graph", async () => {
    const model = readModel(await toOnnx(training, logits));
    expect(model.opset).toBe(20);
    expect(model.nodes.map(({ op, outputs }) => [op, ...outputs])).toEqual([
      ["MatMul", "fc.matmul"],
      ["Add", "fc.add"],
      ["Relu", "logits"],
    ]);
    expect(model.inputs.map(({ name }) => name)).toEqual(["x", "fc.weight", "fc.bias"]);
    expect(model.outputs).toEqual([{ name: "logits", kind: "float32" }]);
    expect(model.initializers).toEqual([]);
  });

  test("holds the states that it is given, asked for by their names alone", async () => {
    const asked: string[] = [];
    const values: Record<string, Any> = {
      "fc.weight": array(
        [6, 4],
        "float32",
        Float32Array.from({ length: 24 }, (_, i) => i / 8),
      ),
      "fc.bias": array([4], "float32", Float32Array.of(1, -2, 3, -4)),
      "fc.weight.m": array([1], "float32", Float32Array.of(0)),
    };
    const read = async (name: string) => {
      asked.push(name);
      return values[name];
    };
    const model = readModel(await toOnnx(training, { ...logits, states: { names: Object.keys(values), read } }));
    expect(asked).toEqual(["fc.weight", "fc.bias"]);
    expect(model.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(model.initializers.map(({ name, shape, data }) => [name, shape, [...data!].slice(0, 4)])).toEqual([
      ["fc.weight", [6, 4], [0, 1 / 8, 2 / 8, 3 / 8]],
      ["fc.bias", [4], [1, -2, 3, -4]],
    ]);
  });

  test("is the same bytes each time, and other ones with a dim bound", async () => {
    const [once, again, bound] = await Promise.all([
      toOnnx(training, logits),
      toOnnx(training, logits),
      toOnnx(training, { ...logits, dims: { batch: 3 } }),
    ]);
    expect(again).toEqual(once);
    const names = (file: Uint8Array) => new TextDecoder().decode(file).includes("batch");
    expect([names(once), names(bound)]).toEqual([true, false]);
  });

  test("gives an input that is an output, and one tensor under two names", async () => {
    const same = graph(mesh, { name: "same", inputs }, ({ x }) => {
      const y = x.exp();
      return { x, y, also: y, moved: x.to(mesh) };
    });
    const { nodes, inputs: given } = readModel(await toOnnx(same));
    expect(given.map(({ name }) => name)).toEqual(["x"]);
    expect(nodes.map(({ op, inputs, outputs }) => [op, ...inputs, ...outputs])).toEqual([
      ["Exp", "x", "y"],
      ["Identity", "y", "also"],
      ["Identity", "x", "moved"],
    ]);
  });
});

const refused = async (make: () => Promise<unknown>): Promise<string> =>
  make().then(
    () => "nothing",
    (error: Error) => error.message,
  );

describe("refused, by name", () => {
  test("what comes of the backward pass, with the outputs that do not", async () => {
    const message = await refused(() => toOnnx(training));
    expect(message).toMatch(/^minimize, f32\[\]: it comes of a backward pass/);
    expect(message).toMatch(/file\.test\.ts:\d+\n {2}needed by output gradientNorm\n/);
    expect(message).toMatch(/choices: \{ outputs: \["loss","logits"\] \}/);
    expect(message).toMatch(/\[SL6050:/);
  });

  test("a graph that trains, unless it is said which outputs are meant; the file says what it lacks", async () => {
    const plain = graph(mesh, { name: "plain", model: net, inputs }, ({ x, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(x), label).mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const message = await refused(() => toOnnx(plain));
    expect(message).toMatch(/^graph "plain": it trains.*file\.test\.ts:\d+\n/);
    expect(message).toMatch(/choices: \{ outputs: \["loss"\] \}.*mode: "eval".*SL6056/s);
    const about = async (of: typeof plain, options = {}) => Buffer.from(await toOnnx(of, options)).toString("latin1");
    expect(await about(plain, { outputs: ["loss"] })).toContain(
      'The forward part of graph "plain", which trains: its gradients and updates are left out.',
    );
    const evaluating = graph(mesh, { name: "evaluating", inputs }, ({ x }) => ({ y: net(x) }));
    expect(await about(evaluating as never)).toContain('The forward part of graph "evaluating".');
  });

  test("numbers that are drawn", async () => {
    const noisy = graph(mesh, { name: "noisy", inputs }, ({ x }, g) => ({ y: x.add(g.random.normal(["batch", 6])) }));
    expect(await refused(() => toOnnx(noisy))).toMatch(/f32\[batch,6\]: its numbers are those of Sluice's generator/);
  });

  test("the statistics of a batch", async () => {
    const norm = nn.batchNorm(6, { name: "norm" });
    const build = (mode: "train" | "eval") => graph(mesh, { name: "n", inputs, mode }, ({ x }) => ({ y: norm(x) }));
    expect(await refused(() => toOnnx(build("train")))).toMatch(/norm\.mean.*statistics.*\n.*mode: "eval"/);
    expect(await refused(() => toOnnx(build("eval")))).toBe("nothing");
  });

  test("a state that is not there, or is another", async () => {
    const source = (values: Record<string, Any>) => ({
      names: Object.keys(values),
      read: async (n: string) => values[n],
    });
    const weight = array([6, 4], "float32", new Float32Array(24));
    const missing = await refused(() =>
      toOnnx(training, { ...logits, states: source({ "fc.weight": weight, "fc.bais": 0 }) }),
    );
    expect(missing).toMatch(/state "fc\.bias".*\n.*choices: fc\.weight, fc\.bais\n.*near it is "fc\.bais"/);
    const other = await refused(() =>
      toOnnx(training, { ...logits, states: source({ "fc.weight": weight, "fc.bias": weight }) }),
    );
    expect(other).toMatch(/state "fc\.bias": it is f32\[6,4\] in `states`, f32\[4\] in the graph/);
  });

  test("names that mean nothing", async () => {
    expect(await refused(() => toOnnx(training, { outputs: ["logit"] }))).toMatch(/did you mean "logits"/);
    expect(await refused(() => toOnnx(training, { outputs: "loss" } as Any))).toMatch(/SL1075/);
    expect(await refused(() => toOnnx(training, { ...logits, dims: { bach: 2 } }))).toMatch(/did you mean "batch"/);
    expect(await refused(() => toOnnx(training, { ...logits, dims: 3 } as Any))).toMatch(/SL1075/);
    expect(await refused(() => toOnnx(training, { output: [] } as Any))).toMatch(/did you mean "outputs"/);
    expect(await refused(() => toOnnx({} as Any))).toMatch(/SL1143/);
  });

  test("an output by the name of another input", async () => {
    const named = graph(mesh, { name: "named", inputs }, ({ x }) => ({ x: x.exp() }));
    expect(await refused(() => toOnnx(named))).toMatch(/^output "x" of graph "named".*SL6054/s);
  });

  test("a dim that no input tells, until it is bound", async () => {
    const ids = { label: inputs.label };
    const counts = graph(mesh, { name: "counts", inputs: ids }, ({ label }) => ({
      y: label.cast("float32").scatterAdd(label, "classes" as Any),
    }));
    expect(await refused(() => toOnnx(counts))).toMatch(/dim "classes" is not bound.*\n.*dims: \{ classes: … \}/);
    expect(await refused(() => toOnnx(counts, { dims: { classes: 4 } }))).toBe("nothing");
  });
});
