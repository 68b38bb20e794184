/** @file Error codes of graphs: what belongs together, dims that compile binds, training. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL1030"
  | "SL1031"
  | "SL1033"
  | "SL1034"
  | "SL1035"
  | "SL1036"
  | "SL1037"
  | "SL1040"
  | "SL1041"
  | "SL1042"
  | "SL1050"
  | "SL1051"
  | "SL1052"
  | "SL1142";

export const graphCodes: Readonly<Record<Code, Entry>> = {
  SL1030: {
    error: "PlacementError",
    title: "Operands on different placements",
    meaning: "An op runs where its operands live, and these live on different placements.",
    causes: [
      "Inputs that were declared on different meshes.",
      "A tensor of another pipeline stage that was not moved.",
    ],
    remedy: "Move one of them with `.to(placement)` before the op.",
    program: [
      `const front = mesh.slice({ model: 0 });
const inputs = { x: mesh.input([8], "float32"), y: front.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x, y }) => ({ sum: x.add(y) }));`,
      `const front = mesh.slice({ model: 0 });
const inputs = { x: mesh.input([8], "float32"), y: front.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x, y }) => ({ sum: x.add(y.to(mesh)) }));`,
    ],
  },
  SL1031: {
    error: "GraphError",
    title: "A tensor of another graph",
    meaning: "A tensor belongs to the graph whose function made it, and cannot be used in another one.",
    causes: ["A tensor kept in a variable outside the function, or in a module, from an earlier call."],
    remedy: "Make the tensor anew in this graph, or feed its value as an input.",
    program: [
      `let kept;
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "first", inputs }, ({ x }) => ({ y: (kept = x.exp()) }));
graph(mesh, { name: "second", inputs }, ({ x }) => ({ y: x.add(kept) }));`,
      `const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "first", inputs }, ({ x }) => ({ y: x.exp() }));
graph(mesh, { name: "second", inputs }, ({ x }) => ({ y: x.add(x.exp()) }));`,
    ],
  },
  SL1033: {
    error: "GraphError",
    title: "A state written twice in a step",
    meaning: "A state has one new value at the end of a step, and two ops of the graph give it one.",
    causes: ["A batch norm called twice in a graph that trains: each call would update its statistics."],
    remedy: "Call such a module once in a training graph, or make one for each call.",
    program: [
      `const norm = nn.batchNorm(6, { name: "norm" });
const inputs = { x: mesh.input([8, 6], "float32") };
graph(mesh, { name: "example", mode: "train", inputs }, ({ x }) => ({ y: norm(norm(x)) }));`,
      `const [first, second] = [nn.batchNorm(6, { name: "first" }), nn.batchNorm(6, { name: "second" })];
const inputs = { x: mesh.input([8, 6], "float32") };
graph(mesh, { name: "example", mode: "train", inputs }, ({ x }) => ({ y: second(first(x)) }));`,
    ],
  },
  SL1034: {
    error: "GraphError",
    title: "An output that is no tensor of the graph",
    meaning: "The function given to `graph` returns an object of tensors that it made; one of them is something else.",
    causes: ["A number or an array among the outputs.", "A tensor of another graph."],
    remedy: "Return tensors of this graph, by name: `return { loss }`.",
    program: [
      `const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp(), scale: 0.5 }));`,
      `const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp().mul(0.5) }));`,
    ],
  },
  SL1035: {
    error: "PlacementError",
    title: "A placement outside the graph's",
    meaning: "An input, a state or the target of a `.to(…)` has ranks that belong to no placement given to `graph`.",
    causes: [
      "The input was declared with another placement than the graph.",
      "A stage was added, and its placement is missing in the list that `graph` was given.",
    ],
    remedy: "Take one of the graph's placements, or give `graph` a list of all placements.",
    program: [
      `const far = placement("cpu", { data: 2 }, { ranks: [4, 5] });
graph(mesh, { name: "example", inputs: { x: far.input([8], "float32") } }, ({ x }) => ({ y: x.exp() }));`,
      'graph(mesh, { name: "example", inputs: { x: mesh.input([8], "float32") } }, ({ x }) => ({ y: x.exp() }));',
    ],
  },
  SL1036: {
    error: "GraphError",
    title: "An output named step",
    meaning:
      "What `session.run` yields holds the outputs by name and the number of the step as `step`, so no output can have this name.",
    causes: ["A step counter of one's own among the outputs."],
    remedy: "Give the output another name.",
    inGraph: ["x.exp(), step: x.sum()", "x.exp(), total: x.sum()"],
  },
  SL1037: {
    error: "GraphError",
    title: "An operand that is no tensor",
    meaning: "An op was given something that is no tensor of a graph.",
    causes: [
      "A module or an input by a name that does not exist, which is `undefined`.",
      "An array of data where a tensor is wanted.",
    ],
    remedy: "Give a tensor. Data comes into a graph as an input, a number as it is where the method takes one.",
    inGraph: ["x.matmul(undefined)", "x.matmul(w)"],
  },
  SL1040: {
    error: "ShapeError",
    title: "A dim without a number",
    meaning: "An input has a dim with a name, and `compile` was not told its number.",
    causes: ["`dims` left out, or one of several names forgotten."],
    remedy: "Bind every name: `compile(graph, { dims: { batch: 128 } })`.",
    program: [
      `const inputs = { x: mesh.input(["batch", 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() }));
compile(built, { dims: {} });`,
      `const inputs = { x: mesh.input(["batch", 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() }));
compile(built, { dims: { batch: 8 } });`,
    ],
  },
  SL1041: {
    error: "ShapeError",
    title: "A number for a dim that is not there",
    meaning: "`dims` binds a name that no dim of the graph has.",
    causes: ["A misspelt name.", "A dim that was a name before and is a number now."],
    remedy: "Bind the names that the inputs were declared with. The message lists them.",
    program: [
      `const inputs = { x: mesh.input(["batch", 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() }));
compile(built, { dims: { bacth: 8 } });`,
      `const inputs = { x: mesh.input(["batch", 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() }));
compile(built, { dims: { batch: 8 } });`,
    ],
  },
  SL1042: {
    error: "ShapeError",
    title: "A dim bound to what is no extent",
    meaning: "`dims` binds a name to something that is no whole number from 1 on.",
    causes: ["A batch size divided by the number of machines.", "A number read from a setting as text."],
    remedy: "Bind whole numbers. A dim need not divide evenly over the mesh.",
    program: [
      `const inputs = { x: mesh.input(["batch", 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() }));
compile(built, { dims: { batch: 100 / 8 } });`,
      `const inputs = { x: mesh.input(["batch", 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: x.exp() }));
compile(built, { dims: { batch: 12 } });`,
    ],
  },
  SL1050: {
    error: "GraphError",
    title: "An op without a gradient",
    meaning: "Between a parameter and the loss lies an op that cannot be differentiated.",
    causes: [
      "A result that is meant to be looked at became part of the loss.",
      "An op of one's own without a gradient.",
    ],
    remedy: "Use another op there, or cut the path with `.stopGradient()` if nothing is to be learnt through it.",
    unmet: "Every op that a tensor's methods make has a gradient, or stops it.",
  },
  SL1051: {
    error: "GraphError",
    title: "A loss without parameters",
    meaning: "`minimize` changes the parameters that the loss depends on, and it depends on none.",
    causes: ["The loss is computed from inputs alone.", "`.stopGradient()` between the parameters and the loss."],
    remedy: "Call a module on the way from the inputs to the loss.",
    program: [
      `const inputs = { x: mesh.input([8, 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const loss = x.square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});
compile(built);`,
      `const net = nn.linear(6, 4, { name: "fc" });
const inputs = { x: mesh.input([8, 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const loss = net(x).square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});
compile(built);`,
    ],
  },
  SL1052: {
    error: "GraphError",
    title: "A parameter trained by two losses",
    meaning: "Two calls of `minimize` reach the same parameter, which can take one step at a time.",
    causes: ["A main loss and an auxiliary loss that are minimised apart."],
    remedy: "Add the losses up, with weights if need be, and minimise the sum.",
    program: [
      `const net = nn.linear(6, 4, { name: "fc" });
const inputs = { x: mesh.input([8, 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const [loss, size] = [net(x).square().mean(), net(x).abs().mean()];
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  g.minimize(size, optim.sgd({ lr: 0.1 }));
  return { loss, size };
});
compile(built);`,
      `const net = nn.linear(6, 4, { name: "fc" });
const inputs = { x: mesh.input([8, 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const [loss, size] = [net(x).square().mean(), net(x).abs().mean()];
  g.minimize(loss.add(size), optim.sgd({ lr: 0.1 }));
  return { loss, size };
});
compile(built);`,
    ],
  },
  SL1142: {
    error: "GraphError",
    title: "A graph that lacks a part",
    meaning:
      "`graph(mesh, { name, inputs }, build)` needs all of these: a name, an object of inputs, each made by `mesh.input`, and a function that builds the graph. A `model` is a module.",
    causes: ["The function given in the place of the description.", "A shape in the place of an input."],
    remedy: "Write it as the message shows.",
    program: [
      'graph(mesh, { name: "example", inputs: { x: [8, 6] } }, ({ x }) => ({ y: x.exp() }));',
      'graph(mesh, { name: "example", inputs: { x: mesh.input([8, 6], "float32") } }, ({ x }) => ({ y: x.exp() }));',
    ],
  },
};
