/** @file Error codes of the ops that tensors have as methods. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL1009"
  | "SL1010"
  | "SL1011"
  | "SL1012"
  | "SL1013"
  | "SL1014"
  | "SL1015"
  | "SL1016"
  | "SL1017"
  | "SL1018"
  | "SL1019"
  | "SL1080"
  | "SL1081"
  | "SL1082"
  | "SL1083"
  | "SL1084"
  | "SL1085"
  | "SL1086"
  | "SL1087"
  | "SL1088"
  | "SL1089"
  | "SL1090"
  | "SL1091";

export const opCodes: Readonly<Record<Code, Entry>> = {
  SL1009: {
    error: "ShapeError",
    title: "A number that is not finite",
    meaning: "An op with a number, such as `x.mul(2)`, was given NaN, or an infinity where it takes none.",
    causes: ["A division by a number that is 0.", "A setting that is missing: `Number(undefined)` is NaN."],
    remedy: "Give a finite number. To bound values use `.clamp`, which takes infinities.",
    inGraph: ["x.div(0)", "x.div(2)"],
  },
  SL1010: {
    error: "ShapeError",
    title: "Shapes that do not broadcast",
    meaning:
      "Element by element, dims are aligned from the right; two that meet must be equal, or one of them 1. Names of dims are equal only to themselves.",
    causes: ["A vector along another dim than the last.", "A dim that a reduction took away."],
    remedy: "Put a dim of extent 1 where the operand lacks one: `v.unsqueeze(1)`.",
    inGraph: ["x.add(x.sum(1))", "x.add(x.sum(1).unsqueeze(1))"],
  },
  SL1011: {
    error: "ShapeError",
    title: "A dim that the tensor does not have",
    meaning:
      "An op along a dim was given one that is not there. Dims count from 0; negative ones do not count from the end.",
    causes: ["Counting from 1.", "`-1` for the last dim, as in NumPy.", "A dim that a reduction took away."],
    remedy: "Take one of the dims that the message lists.",
    inGraph: ["x.softmax(-1)", "x.softmax(1)"],
  },
  SL1012: {
    error: "ShapeError",
    title: "A dtype that the op does not take",
    meaning: "The operand has another element type than the op works on.",
    causes: ["Class ids or a mask in arithmetic that takes floats.", "A number where a truth value is wanted."],
    remedy: "Convert it with `.cast(dtype)`, or make a truth value with a comparison.",
    inGraph: ["x.logicalNot()", "x.greater(0).logicalNot()"],
  },
  SL1013: {
    error: "ShapeError",
    title: "Shapes that must be equal and are not",
    meaning: "Two operands of an op that does not broadcast differ in shape.",
    causes: ["A state assigned a value of another shape.", "A dim that a reduction took away."],
    remedy: "Give both the same shape.",
    program: [
      `const inputs = { x: mesh.input([8, 6], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  g.assign(g.state("latest", [6], "float32"), x.sum());
  return { y: x.exp() };
});`,
      `const inputs = { x: mesh.input([8, 6], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  g.assign(g.state("latest", [6], "float32"), x.sum(0));
  return { y: x.exp() };
});`,
    ],
  },
  SL1014: {
    error: "ShapeError",
    title: "A reduction over dims that do not lie side by side",
    meaning: "One reduction takes one dim or neighbouring ones.",
    causes: ["An op of one's own that reduces, say, dims 0 and 2 in one go."],
    remedy: "Reduce in several steps.",
    unmet: "Methods of tensors reduce one dim or all.",
  },
  SL1015: {
    error: "ShapeError",
    title: "A shape that does not repeat to another",
    meaning: "`broadcastTo` repeats dims of extent 1 and adds new ones; here a dim would have to change.",
    causes: ["An op of one's own, or its gradient, that gives the wrong dims."],
    remedy: "Say for each dim of the tensor which dim of the result it becomes, in rising order.",
    unmet: "Only gradients make this op, with shapes that fit.",
  },
  SL1016: {
    error: "ShapeError",
    title: "A matmul of too few dims",
    meaning: "`matmul` multiplies matrices: the last two dims of both operands. One of them has fewer.",
    causes: ["A vector, such as a bias or one row."],
    remedy: "Make it a matrix of one row or column with `.unsqueeze`.",
    inGraph: ["bias.matmul(w)", "bias.unsqueeze(0).matmul(w)"],
  },
  SL1017: {
    error: "ShapeError",
    title: "Inner dims of a matmul differ",
    meaning: "`a.matmul(b)` sums over the last dim of a and the last but one of b, so these must be equal.",
    causes: [
      "The operands the wrong way round.",
      "A weight that is stored transposed.",
      "A layer made for another width.",
    ],
    remedy: "Compare the two shapes in the message; `.transpose()` swaps the last two dims.",
    inGraph: ["x.matmul(x)", "x.matmul(x.transpose())"],
  },
  SL1018: {
    error: "ShapeError",
    title: "Labels that do not fit the logits",
    meaning: "Logits are `[..., classes]`, labels hold one class id for each row: the same shape without the last dim.",
    causes: ["One-hot labels where ids are wanted.", "A batch of labels of another size than that of the inputs."],
    remedy:
      "Give ids of the shape that the message names. For distributions over classes there is `nn.denseCrossEntropy`.",
    inGraph: ["nn.softmaxCrossEntropy(x, ids.unsqueeze(1))", "nn.softmaxCrossEntropy(x, ids)"],
  },
  SL1019: {
    error: "ShapeError",
    title: "A loss that is not one number",
    meaning: "`minimize` takes a tensor of no dims.",
    causes: ["A loss for each row of the batch, not reduced."],
    remedy: "Reduce it with `.mean()` or `.sum()`.",
    program: [
      `const net = nn.linear(6, 4, { name: "fc" });
const inputs = { x: mesh.input([8, 6], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const loss = net(x).square();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});`,
      `const net = nn.linear(6, 4, { name: "fc" });
const inputs = { x: mesh.input([8, 6], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }, g) => {
  const loss = net(x).square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});`,
    ],
  },
  SL1080: {
    error: "ShapeError",
    title: "Bounds that hold no number",
    meaning: "`clamp(low, high)` was given a low bound above the high one, or NaN.",
    causes: ["The bounds the wrong way round."],
    remedy: "Give the low bound first.",
    inGraph: ["x.clamp(1, 0)", "x.clamp(0, 1)"],
  },
  SL1081: {
    error: "ShapeError",
    title: "A reshape to another number of elements",
    meaning: "`reshape` keeps all elements, so the products of the dims must be equal. A named dim stays as it is.",
    causes: [
      "A layer before that was changed.",
      "A named dim that is merged with others.",
      "`squeeze` of a dim that is not 1.",
    ],
    remedy: "Give dims with the same product and the same names.",
    inGraph: ["x.reshape([8, 2, 4])", "x.reshape([8, 2, 3])"],
  },
  SL1082: {
    error: "ShapeError",
    title: "No order of the dims",
    meaning: "`permute` takes every dim of the tensor once, in the new order.",
    causes: [
      "A dim left out or named twice.",
      "`transpose` of a vector.",
      "An order for a tensor of another number of dims.",
    ],
    remedy: "Name each dim once.",
    inGraph: ["x.permute([1, 1])", "x.permute([1, 0])"],
  },
  SL1083: {
    error: "ShapeError",
    title: "A slice that is not in the dim",
    meaning:
      "`slice(dim, start, stop)` takes the elements from start up to, not including, stop, within the dim's extent. Of a dim with a name the end is not known while the graph is built.",
    causes: ["A negative index, as in NumPy.", "A length given for `stop`.", "`stop` left out on a dim with a name."],
    remedy: "Give 0 ≤ start ≤ stop ≤ extent.",
    inGraph: ["x.slice(1, 4, 7)", "x.slice(1, 4, 6)"],
  },
  SL1084: {
    error: "ShapeError",
    title: "A padding that is no number of elements",
    meaning: "`pad(dim, before, after)` adds whole numbers of elements, from 0 on.",
    causes: ["A negative padding, to cut.", "Half a window that does not come out even."],
    remedy: "Give whole numbers from 0 on; `.slice` cuts.",
    inGraph: ["x.pad(1, -1, 0)", "x.pad(1, 1, 0)"],
  },
  SL1085: {
    error: "ShapeError",
    title: "Adding to a dim with a name",
    meaning: "The extent of a dim with a name is not known while the graph is built, so the new one cannot be said.",
    causes: ["Padding or joining along the batch dim."],
    remedy: "Declare that dim of the input as a number.",
    inGraph: ["named.pad(0, 1, 1)", "x.pad(0, 1, 1)"],
  },
  SL1086: {
    error: "ShapeError",
    title: "Shapes that differ beyond the dim",
    meaning: "Joining tensors along a dim, or picking along one, wants all other dims equal.",
    causes: ["The wrong dim.", "A part that was cut or padded otherwise than the others."],
    remedy: "Compare the shapes in the message, leaving that dim out.",
    inGraph: ["concat([x, x.slice(1, 0, 2)], 0)", "concat([x, x.slice(1, 0, 2)], 1)"],
  },
  SL1087: {
    error: "ShapeError",
    title: "Rows that do not fit the ids",
    meaning: "`rows.scatterAdd(ids, size)` adds one row for each id, so its shape begins with the shape of the ids.",
    causes: ["Ids and rows of different batches."],
    remedy: "Give rows of the shape that the message names.",
    inGraph: ["x.slice(0, 0, 4).scatterAdd(ids, 10)", "x.scatterAdd(ids, 10)"],
  },
  SL1088: {
    error: "ShapeError",
    title: "No number of classes",
    meaning: "`oneHot(depth)` makes `depth` columns, a whole number from 0 on.",
    causes: ["A setting that is missing.", "A number read as text."],
    remedy: "Give the number of classes.",
    inGraph: ["ids.oneHot(2.5)", "ids.oneHot(10)"],
  },
  SL1089: {
    error: "ShapeError",
    title: "More largest elements than there are",
    meaning: "`topK(k, dim)` takes k of the dim's elements, so k is a whole number up to its extent.",
    causes: ["The wrong dim.", "Fewer classes than k."],
    remedy: "Give a smaller k, or another dim.",
    inGraph: ["x.topK(10, 1).values", "x.topK(3, 1).values"],
  },
  SL1090: {
    error: "GraphError",
    title: "No list of tensors",
    meaning:
      "A function of several tensors takes a list with at least one, and was given another thing or an empty list.",
    causes: ["A list filled in a loop that ran zero times.", "The tensor itself, without brackets."],
    remedy: "Give a list of tensors.",
    inGraph: ["concat([], 0)", "concat([x, x], 0)"],
  },
  SL1091: {
    error: "ShapeError",
    title: "A number that the tensor's dtype does not hold",
    meaning:
      "A number beside a tensor of integers is taken as an integer, and this one is none. Or a state starts from a number that its dtype does not hold.",
    causes: [
      "A fraction added to ids or counts.",
      "A division of integers by a number, which multiplies by a fraction.",
    ],
    remedy: "Give a whole number, or cast the tensor first.",
    inGraph: ["ids.add(0.5)", 'ids.cast("float32").add(0.5)'],
  },
};
