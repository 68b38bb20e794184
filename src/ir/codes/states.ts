/** @file Error codes of states, of gradients of one's own, and of what is frozen. */
import type { Entry } from "./entry.ts";

type Code = "SL1032" | "SL1053" | "SL1092" | "SL1093" | "SL1094" | "SL1095" | "SL1140" | "SL1147";

export const stateCodes: Readonly<Record<Code, Entry>> = {
  SL1032: {
    error: "GraphError",
    title: "Two states of one name",
    meaning:
      "A state (a parameter, a moment, a running statistic, one of your own) is found by its name, and two that differ in kind, shape or dtype have the same one.",
    causes: ["A state of one's own that is called like a parameter.", "A state declared twice with different shapes."],
    remedy: "Give one of them another name.",
    inGraph: [
      'x.add(g.state("kept", [6], "float32")).mul(g.state("kept", [], "float32"))',
      'x.add(g.state("kept", [6], "float32")).mul(g.state("factor", [], "float32"))',
    ],
  },
  SL1053: {
    error: "GraphError",
    title: "A frozen parameter that is not there",
    meaning:
      "A name or a pattern of `frozen` means no parameter of the graph. It would have no effect, so it is refused.",
    causes: ["A misspelt name.", "A layer that was renamed or taken out."],
    remedy: "Take a name of those that the message lists, or take the pattern out.",
    program: [
      `const net = nn.sequential(nn.linear(6, 6, { name: "fc1" }), nn.linear(6, 4, { name: "fc2" }));
const inputs = { x: mesh.input([8, 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const loss = net(x).square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }), { frozen: ["fc3.*"] });
  return { loss };
});
compile(built);`,
      `const net = nn.sequential(nn.linear(6, 6, { name: "fc1" }), nn.linear(6, 4, { name: "fc2" }));
const inputs = { x: mesh.input([8, 6], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const loss = net(x).square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }), { frozen: ["fc1.*"] });
  return { loss };
});
compile(built);`,
    ],
  },
  SL1092: {
    error: "ShapeError",
    title: "A gradient of another type than its input",
    meaning:
      "The backward function of `customGradient` gives for each input a gradient of the input's shape and dtype.",
    causes: [
      "A gradient that was not reduced over dims that the forward function repeats.",
      "Gradients in another order than the inputs.",
    ],
    remedy: "Compare the two types in the message.",
    inGraph: [
      "customGradient([x], (a) => a.sign(), (grad) => [grad.sum(0)])",
      "customGradient([x], (a) => a.sign(), (grad) => [grad])",
    ],
  },
  SL1093: {
    error: "GraphError",
    title: "Functions of a gradient that return another thing",
    meaning:
      "The forward function of `customGradient` gives one tensor. The backward function of `customGradient` gives a list with one gradient for each input.",
    causes: [
      "Inputs that need no gradient left out of the list.",
      "A gradient without the brackets.",
      "An async function.",
    ],
    remedy: "Return a list. Give `undefined` in the place of an input without a gradient.",
    inGraph: [
      "customGradient([x, bias], (a, b) => a.mul(b), (grad) => [grad])",
      "customGradient([x, bias], (a, b) => a.mul(b), (grad) => [grad, undefined])",
    ],
  },
  SL1094: {
    error: "GraphError",
    title: "A state of no fixed size",
    meaning:
      "What is kept from step to step has a size that does not change: every dim of `g.state` is a whole number from 0 on.",
    causes: ["The batch dim, which has a name.", "A quotient that does not come out even."],
    remedy: "Give numbers. What has one element for each row of the batch cannot be kept.",
    inGraph: ['x.add(g.state("kept", ["batch", 6], "float32"))', 'x.add(g.state("kept", [8, 6], "float32"))'],
  },
  SL1095: {
    error: "GraphError",
    title: "An assignment to what is no state",
    meaning: "`g.assign` says what a state becomes when the step ends, and was given another tensor.",
    causes: ["A tensor computed from the state, instead of the state."],
    remedy: "Keep what `g.state` returned and assign to it.",
    program: [
      `const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const total = g.state("total", [], "float32").add(x.sum());
  g.assign(total, total);
  return { total };
});`,
      `const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const before = g.state("total", [], "float32");
  const total = before.add(x.sum());
  g.assign(before, total);
  return { total };
});`,
    ],
  },
  SL1140: {
    error: "GraphError",
    title: "A state without a name",
    meaning: "A state of one's own is found by its name, in layouts, checkpoints and sessions, and this one has none.",
    causes: ["A name taken from a setting that is missing.", "The shape given first."],
    remedy: "Give a name that no other state of the graph has.",
    inGraph: ['x.add(g.state("", [6], "float32"))', 'x.add(g.state("kept", [6], "float32"))'],
  },
  SL1147: {
    error: "GraphError",
    title: "A gradient kept beyond its backward function",
    meaning:
      "The gradient that the backward function of `customGradient` is given stands for one that the backward pass computes later. An output or a state depends on it, and in the forward pass there is none.",
    causes: ["A variable outside the function that was set to the gradient, to look at it."],
    remedy: "Use the gradient only in what the backward function returns.",
    program: [
      `const inputs = { x: mesh.input([8], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => {
  let kept;
  const y = customGradient([x], (a) => a.sign(), (grad) => [(kept = grad)]);
  return { y, kept };
});
compile(built);`,
      `const inputs = { x: mesh.input([8], "float32") };
const built = graph(mesh, { name: "example", inputs }, ({ x }) => {
  const y = customGradient([x], (a) => a.sign(), (grad) => [grad]);
  return { y };
});
compile(built);`,
    ],
  },
};
