/** @file Error codes of modules, optimizers and random draws. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL1060"
  | "SL1061"
  | "SL1062"
  | "SL1063"
  | "SL1064"
  | "SL1100"
  | "SL1101"
  | "SL1102"
  | "SL1103"
  | "SL1104"
  | "SL1105"
  | "SL1106"
  | "SL1107"
  | "SL1108"
  | "SL1109"
  | "SL1110"
  | "SL1111"
  | "SL1112"
  | "SL1113"
  | "SL1114"
  | "SL1115"
  | "SL1116"
  | "SL1117"
  | "SL1118"
  | "SL1119"
  | "SL1120"
  | "SL1144";

export const networkCodes: Readonly<Record<Code, Entry>> = {
  SL1060: {
    error: "GraphError",
    title: "A hyperparameter out of its range",
    meaning: "An optimizer or a normalisation was given a number that it cannot work with.",
    causes: [
      "A negative or missing learning rate.",
      "A momentum of 1, which never forgets.",
      "Nesterov's method without momentum.",
    ],
    remedy: "Give a number of the range that the message names.",
    program: ["optim.sgd({ lr: -0.1 });", "optim.sgd({ lr: 0.1 });"],
  },
  SL1061: {
    error: "GraphError",
    title: "Two parameters of one name",
    meaning: "A parameter is found by its name, in layouts and checkpoints, and two have the same one.",
    causes: ["A layer copied together with its name.", "Two unnamed layers of one kind side by side."],
    remedy:
      "Name the modules apart, with `{ name }` or `nn.scope(name, module)`. To share parameters use one module twice.",
    program: [
      `const inputs = { x: mesh.input([8, 6], "float32") };
const [first, second] = [nn.linear(6, 6, { name: "fc" }), nn.linear(6, 4, { name: "fc" })];
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: second(first(x)) }));`,
      `const inputs = { x: mesh.input([8, 6], "float32") };
const [first, second] = [nn.linear(6, 6, { name: "fc1" }), nn.linear(6, 4, { name: "fc2" })];
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: second(first(x)) }));`,
    ],
  },
  SL1062: {
    error: "GraphError",
    title: "No layers",
    meaning: "A module of layers was given none.",
    causes: ["A list of layers filled in a loop that ran zero times."],
    remedy: "Give at least one module.",
    program: ["nn.sequential();", "nn.sequential(nn.linear(6, 4), nn.relu());"],
  },
  SL1063: {
    error: "GraphError",
    title: "A width that is none",
    meaning: "The sizes of a linear layer and of an embedding are whole numbers from 1 on.",
    causes: ["A division that does not come out even.", "A setting that is missing."],
    remedy: "Give whole numbers from 1 on.",
    program: ["nn.linear(6, 0);", "nn.linear(6, 4);"],
  },
  SL1064: {
    error: "ShapeError",
    title: "An input of another width than the layer's",
    meaning: "`nn.linear(inputs, outputs)` takes tensors whose last dim is `inputs`.",
    causes: ["The layer before gives another width.", "An image that was not flattened."],
    remedy: "Make the layer for the width that the message shows, or reshape the tensor.",
    inGraph: ["nn.linear(5, 4)(x)", "nn.linear(6, 4)(x)"],
  },
  SL1100: {
    error: "ShapeError",
    title: "A norm over dims that are not there",
    meaning: "Layer norm and RMS norm work over the last dims of a tensor, and it has fewer.",
    causes: ["An op of one's own that normalises with the wrong number of dims."],
    remedy: "Give a number of dims from 1 to what the tensor has.",
    unmet: "The modules compare shapes before, with SL1103.",
  },
  SL1101: {
    error: "ShapeError",
    title: "Gain or bias of another shape than the norm's",
    meaning: "Gain and bias of a norm have the shape of the dims that are normalised.",
    causes: ["An op of one's own that passes other tensors."],
    remedy: "Give gain and bias of the shape that the message names.",
    unmet: "The modules make their own gain and bias.",
  },
  SL1102: {
    error: "GraphError",
    title: "A norm of no widths",
    meaning: "A layer norm is made for the extents of the last dims: whole numbers from 1 on, at least one.",
    causes: ["An empty list.", "A setting that is missing."],
    remedy: "Give a number, or a list of numbers for several dims.",
    program: ["nn.layerNorm([]);", "nn.layerNorm([6]);"],
  },
  SL1103: {
    error: "ShapeError",
    title: "An input that does not end as the norm wants",
    meaning: "A layer norm takes tensors whose last dims are those that it was made for.",
    causes: ["The layer before gives another width.", "Dims in another order."],
    remedy: "Make the norm for the dims that the message shows, or permute the tensor.",
    inGraph: ["nn.layerNorm(8)(x)", "nn.layerNorm(6)(x)"],
  },
  SL1104: {
    error: "ShapeError",
    title: "A norm ratio that is no number",
    meaning: "An op inside LAMB takes two numbers, and was given tensors with dims.",
    causes: ["An optimizer of one's own."],
    remedy: "Reduce them first.",
    unmet: "Only `optim.lamb` makes this op, with numbers.",
  },
  SL1105: {
    error: "ShapeError",
    title: "A random draw between numbers that are none",
    meaning:
      "Bounds, mean and deviation of a draw are finite numbers, the low bound the lower one, the deviation not below 0.",
    causes: ["A setting that is missing: `Number(undefined)` is NaN.", "The bounds the wrong way round."],
    remedy: "Give finite numbers.",
    inGraph: [
      "x.add(g.random.uniform([6], { low: 0, high: Infinity }))",
      "x.add(g.random.uniform([6], { low: 0, high: 1 }))",
    ],
  },
  SL1106: {
    error: "ShapeError",
    title: "A step that is no number",
    meaning: "Random ops are functions of the number of the step, which is a tensor of no dims.",
    causes: ["An op of one's own that passes another tensor."],
    remedy: "Take the step that Sluice counts.",
    unmet: "Draws and dropout take the step that Sluice counts.",
  },
  SL1107: {
    error: "ShapeError",
    title: "A dropout op of a rate that cannot be",
    meaning: "A rate is a number from 0 on, below 1.",
    causes: ["An op of one's own that passes another number."],
    remedy: "Give a number from 0 on, below 1.",
    unmet: "`nn.dropout` refuses such a rate before, with SL1108.",
  },
  SL1108: {
    error: "GraphError",
    title: "A dropout of a rate that cannot be",
    meaning: "`nn.dropout(rate)` sets that share of the elements to 0; at 1 nothing would be left.",
    causes: ["A rate in percent.", "The share to keep given for the share to drop."],
    remedy: "Give a number from 0 on, below 1.",
    program: ["nn.dropout(10);", "nn.dropout(0.1);"],
  },
  SL1109: {
    error: "GraphError",
    title: "A batch norm of no channels",
    meaning: "A batch norm is made for a number of channels, a whole number from 1 on.",
    causes: ["A setting that is missing.", "A division that does not come out even."],
    remedy: "Give the number of channels.",
    program: ["nn.batchNorm(0);", "nn.batchNorm(6);"],
  },
  SL1110: {
    error: "ShapeError",
    title: "An input of another number of channels than the batch norm's",
    meaning: "`nn.batchNorm(c)` takes `[..., c]`, `nn.batchNorm2d(c)` takes `[..., c, height, width]`.",
    causes: ["Images with the channels last.", "The layer before gives another number of channels."],
    remedy: "Make the batch norm for the channels that the message shows, or permute the tensor.",
    inGraph: ["nn.batchNorm2d(16)(image)", "nn.batchNorm2d(3)(image)"],
  },
  SL1111: {
    error: "ShapeError",
    title: "An image of unknown size",
    meaning: "Convolutions and pools take images whose height and width are numbers.",
    causes: ["Height or width declared with a name."],
    remedy: "Declare the input with numbers for its last two dims; the batch may have a name.",
    inGraph: ["nn.maxPool2d(1)(named)", "nn.maxPool2d(1)(x)"],
  },
  SL1112: {
    error: "ShapeError",
    title: "A window that cannot be moved so",
    meaning: "Windows and strides are whole numbers from 1 on, padding from 0 on.",
    causes: ["A stride of 0.", "Half a window that does not come out even, as padding."],
    remedy: "Give whole numbers.",
    inGraph: ["nn.maxPool2d(2, { stride: 0 })(image)", "nn.maxPool2d(2, { stride: 1 })(image)"],
  },
  SL1113: {
    error: "ShapeError",
    title: "A window larger than the image",
    meaning: "The window, or the filter, does not fit into the image with its padding once.",
    causes: ["Pools before that made the image too small.", "Height and width not the last two dims."],
    remedy: "Pad the image, or take a smaller window.",
    inGraph: ["nn.maxPool2d(20)(image)", "nn.maxPool2d(2)(image)"],
  },
  SL1114: {
    error: "ShapeError",
    title: "A convolution of too few dims",
    meaning: "A convolution takes images `[..., C, H, W]` and filters `[K, C, R, S]`.",
    causes: ["An op of one's own that passes other tensors."],
    remedy: "Give the image a dim for its channels with `.unsqueeze`.",
    unmet: "`nn.conv2d` compares channels before, with SL1119.",
  },
  SL1115: {
    error: "ShapeError",
    title: "Filters, an image and a gradient that do not fit",
    meaning:
      "Every filter has as many channels as the image, and a gradient has the shape of what the filters make of it.",
    causes: ["An op of one's own that passes other tensors."],
    remedy: "Make the filters for the image's channels, and give the gradient of their output.",
    unmet: "`nn.conv2d` compares channels before, with SL1119.",
  },
  SL1116: {
    error: "ShapeError",
    title: "A pool of what is no image, or all padding",
    meaning:
      "A pool takes `[..., H, W]`, and pads by half a window at most, so that no window holds padding alone. Its gradient takes that of the pooled image.",
    causes: [
      "Padding as large as the window.",
      "A vector given to a pool.",
      "An op of one's own that passes another gradient.",
    ],
    remedy: "Pad by half a window at most.",
    inGraph: ["nn.avgPool2d(2, { padding: 2 })(image)", "nn.avgPool2d(2, { padding: 1 })(image)"],
  },
  SL1117: {
    error: "ShapeError",
    title: "Queries, keys and values that do not fit",
    meaning:
      "Attention takes queries `[..., T, d]`, keys `[..., U, d]` and values `[..., U, e]`, the dims before them equal.",
    causes: ["Heads and sequence in another order.", "Keys and values of different lengths."],
    remedy: "Compare the three shapes in the message.",
    inGraph: ["nn.attention(x, x.slice(1, 0, 4), x)", "nn.attention(x.slice(1, 0, 4), x.slice(1, 0, 4), x)"],
  },
  SL1118: {
    error: "GraphError",
    title: "A convolution of sizes that are none",
    meaning: "Channels and window of `nn.conv2d` are whole numbers from 1 on.",
    causes: ["A setting that is missing.", "A division that does not come out even."],
    remedy: "Give whole numbers from 1 on.",
    program: ["nn.conv2d(3, 0, 3);", "nn.conv2d(3, 8, 3);"],
  },
  SL1119: {
    error: "ShapeError",
    title: "An image of another number of channels than the convolution's",
    meaning: "`nn.conv2d(inputs, outputs, window)` takes `[..., inputs, height, width]`.",
    causes: ["Images with the channels last.", "The layer before gives another number of channels."],
    remedy: "Make the convolution for the channels that the message shows, or permute the tensor.",
    inGraph: ["nn.conv2d(1, 8, 3)(image)", "nn.conv2d(3, 8, 3)(image)"],
  },
  SL1120: {
    error: "ShapeError",
    title: "Attention without a scale",
    meaning:
      "Scores are scaled by 1/√d, and d, the last dim of the queries, is a name; or the scale given is not finite.",
    causes: ["The width of the heads declared with a name."],
    remedy: "Give `{ scale }`, or declare the width as a number.",
    inGraph: ["nn.attention(x, x, x, { scale: NaN })", "nn.attention(x, x, x)"],
  },
  SL1144: {
    error: "GraphError",
    title: "An optimizer that is none",
    meaning: "`minimize` takes a loss and what a function of `optim` returns.",
    causes: ["The function itself, not called: `optim.sgd`.", "The options alone: `{ lr: 0.1 }`.", "Nothing at all."],
    remedy: "Call one of the functions that the message lists.",
    program: [
      `const net = nn.linear(6, 4);
const inputs = { x: mesh.input([8, 6], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const loss = net(x).square().mean();
  g.minimize(loss, optim.sgd);
  return { loss };
});`,
      `const net = nn.linear(6, 4);
const inputs = { x: mesh.input([8, 6], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const loss = net(x).square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});`,
    ],
  },
};
