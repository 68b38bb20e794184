/** @file Error codes of the export to ONNX. */
import type { Entry } from "./entry.ts";

type Code = "SL6050" | "SL6051" | "SL6052" | "SL6053" | "SL6054" | "SL6055" | "SL6056";

export const onnxCodes: Readonly<Record<Code, Entry>> = {
  SL6050: {
    error: "GraphError",
    title: "An op that ONNX cannot say",
    meaning:
      "A file of ONNX holds the forward part of a graph, in the ops of ONNX. An output hangs on an op that is none of these.",
    causes: [
      "An output of `minimize`: the norm of the gradients, the scale of the loss.",
      "Numbers that are drawn anew every step, by `g.random`.",
      "An op of one's own, of `defineOp`.",
    ],
    remedy: "Leave the output out by the option `outputs`, or compute it of other ops.",
    program: [
      `const inputs = { x: mesh.input([8, 6], "float32") };
const noisy = graph(mesh, { name: "noisy", inputs }, ({ x }, g) => ({ mean: x.mean(), noise: x.add(g.random.normal([8, 6])) }));
await toOnnx(noisy);`,
      `const inputs = { x: mesh.input([8, 6], "float32") };
const noisy = graph(mesh, { name: "noisy", inputs }, ({ x }, g) => ({ mean: x.mean(), noise: x.add(g.random.normal([8, 6])) }));
await toOnnx(noisy, { outputs: ["mean"] });`,
    ],
  },
  SL6051: {
    error: "OptionError",
    title: "An output that the graph has not",
    meaning: "The option `outputs` of `toOnnx` names outputs of the graph, as its function returns them.",
    causes: ["A misspelt name.", "The name of a tensor or a layer, which is no output."],
    remedy: "Take names that the message lists, or return the tensor from the graph's function.",
    program: ['await toOnnx(training, { outputs: ["los"] });', 'await toOnnx(training, { outputs: ["loss"] });'],
  },
  SL6052: {
    error: "GraphError",
    title: "Batch norm of a graph that trains, for ONNX",
    meaning:
      "In a graph that trains, batch norm takes the statistics of the batch. A model that is run elsewhere should take those that training has left.",
    causes: ["The training graph was exported."],
    remedy: 'Make a graph of the same model with `mode: "eval"`, and export that with the states of the session.',
    program: [
      `const norm = nn.batchNorm(6, { name: "norm" });
const inputs = { x: mesh.input([8, 6], "float32") };
await toOnnx(graph(mesh, { name: "example", inputs, mode: "train" }, ({ x }) => ({ y: norm(x) })));`,
      `const norm = nn.batchNorm(6, { name: "norm" });
const inputs = { x: mesh.input([8, 6], "float32") };
await toOnnx(graph(mesh, { name: "example", inputs, mode: "eval" }, ({ x }) => ({ y: norm(x) })));`,
    ],
  },
  SL6053: {
    error: "FeedError",
    title: "A state that is not at hand for ONNX",
    meaning: "With the option `states` the file holds all parameters and statistics that the graph reads.",
    causes: [
      "States of a session that runs another model.",
      "`session.parameters`, which has no running statistics of batch norm: `session.states` has them.",
    ],
    remedy: "Give `session.states` of a session that runs this model.",
    program: [
      `const other = nn.linear(6, 4, { name: "other" });
const inputs = { x: mesh.input([8, 6], "float32") };
const built = graph(mesh, { name: "built", inputs }, ({ x }) => ({ y: other(x) }));
const session = await launch(plan);
await toOnnx(built, { states: session.states });`,
      `const session = await launch(plan);
await toOnnx(training, { outputs: ["loss"], states: session.states });`,
    ],
  },
  SL6054: {
    error: "GraphError",
    title: "An output by the name of an input, for ONNX",
    meaning:
      "All tensors of a model of ONNX share one set of names, and an output here has that of an input or a state.",
    causes: ["A function that gives back `{ x: x.exp() }` for its input `x`."],
    remedy: "Call the output something else.",
    program: [
      `const inputs = { x: mesh.input([8, 6], "float32") };
await toOnnx(graph(mesh, { name: "example", inputs }, ({ x }) => ({ x: x.exp() })));`,
      `const inputs = { x: mesh.input([8, 6], "float32") };
await toOnnx(graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() })));`,
    ],
  },
  SL6055: {
    error: "GraphError",
    title: "More than a file of ONNX can hold",
    meaning: "A file of ONNX is one message of protobuf, which is shorter than 2 GiB.",
    causes: ["A model of more than half a billion parameters in float32."],
    remedy: "Export without `states`: they are inputs of the model then, and are fed.",
    unmet: "It takes parameters of 2 GiB.",
  },
  SL6056: {
    error: "GraphError",
    title: "A graph that trains, for ONNX",
    meaning:
      "A file of ONNX holds the forward part of a graph, and this graph updates parameters: what is run elsewhere would train nothing.",
    causes: [
      "The training graph was exported for the one that evaluates.",
      "A loss that is to be computed elsewhere: then `outputs` names it.",
    ],
    remedy:
      'Export a graph of the same model with `mode: "eval"` and without `minimize`, or name the outputs that are meant.',
    program: ["await toOnnx(training);", 'await toOnnx(training, { outputs: ["loss"] });'],
  },
};
