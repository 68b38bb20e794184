/** @file Error codes of `sluice/testing`: what a check of an op finds. */
import type { Entry } from "./entry.ts";

type Code = "SL6030" | "SL6031" | "SL6032" | "SL6033" | "SL6034";

export const checkCodes: Readonly<Record<Code, Entry>> = {
  SL6030: {
    error: "CheckError",
    title: "A false rule",
    meaning:
      "Run by this signature, the op gives another value than on whole tensors. The message has the signature, the mesh, the element and both numbers.",
    causes: [
      "A partial value passed through a function that is not linear, or a maximum through one that falls.",
      "A kernel that takes a local extent for the whole one.",
    ],
    remedy: "Take the rule out, or let the kernel look at `global` and `region` of its operands.",
    program: [
      `const square = defineOp({
  kind: "squared",
  module: import.meta.url,
  infer: ([x]) => [x],
  rules: () => [{ ins: ["P(sum)"], outs: ["P(sum)"] }],
  kernel: ({ ins, outs }) => outs[0].data.set(ins[0].data.map((v) => v * v)),
});
checkOp(square, [{ shapes: [[5]] }]);`,
      `const square = defineOp({
  kind: "squared",
  module: import.meta.url,
  infer: ([x]) => [x],
  rules: () => [{ ins: ["S(0)"], outs: ["S(0)"] }],
  kernel: ({ ins, outs }) => outs[0].data.set(ins[0].data.map((v) => v * v)),
});
checkOp(square, [{ shapes: [[5]] }]);`,
    ],
  },
  SL6031: {
    error: "CheckError",
    title: "A wrong gradient",
    meaning: "The gradient that the op gives is not the one that finite differences of its kernel show.",
    causes: ["A factor that was left out.", "A gradient made of another op whose own is wrong."],
    remedy: "Mend `gradient`. Where the function has a kink, any slope between those of its sides counts as right.",
    program: [
      `const twice = defineOp({
  kind: "twice",
  module: import.meta.url,
  infer: ([x]) => [x],
  gradient: ({ grads: [g] }) => [() => g],
  kernel: ({ ins, outs }) => outs[0].data.set(ins[0].data.map((v) => 2 * v)),
});
checkOp(twice, [{ shapes: [[5]] }]);`,
      `const twice = defineOp({
  kind: "twice",
  module: import.meta.url,
  infer: ([x]) => [x],
  gradient: ({ grads: [g] }) => [() => g.mul(2)],
  kernel: ({ ins, outs }) => outs[0].data.set(ins[0].data.map((v) => 2 * v)),
});
checkOp(twice, [{ shapes: [[5]] }]);`,
    ],
  },
  SL6032: {
    error: "CheckError",
    title: "An output that is not written",
    meaning: "Run twice on the same operands, the kernel left different numbers in an element of its output.",
    causes: ["A loop that ends too early.", "A sum that is added to what was there before.", "A random number."],
    remedy: "Write every element, and let what is random depend on the seed and the global index alone.",
    program: [
      `const copy = defineOp({
  kind: "copy",
  module: import.meta.url,
  infer: ([x]) => [x],
  kernel: ({ ins, outs }) => outs[0].data.set(ins[0].data.subarray(1)),
});
checkOp(copy, [{ shapes: [[5]] }]);`,
      `const copy = defineOp({
  kind: "copy",
  module: import.meta.url,
  infer: ([x]) => [x],
  kernel: ({ ins, outs }) => outs[0].data.set(ins[0].data),
});
checkOp(copy, [{ shapes: [[5]] }]);`,
    ],
  },
  SL6033: {
    error: "CheckError",
    title: "An input that is written",
    meaning:
      "The kernel changed one of its inputs. Inputs of a kernel are copies, so what is written there is lost; in one of Sluice's own ops it would reach others that read the same memory.",
    causes: ["Work in place, to save memory.", "`sort`, `reverse` or `fill` of an input."],
    remedy: "Copy the input into the output, and work there.",
    program: [
      `const sorted = defineOp({
  kind: "sorted",
  module: import.meta.url,
  infer: ([x]) => [x],
  kernel: ({ ins, outs }) => outs[0].data.set(ins[0].data.sort()),
});
checkOp(sorted, [{ shapes: [[5]] }]);`,
      `const sorted = defineOp({
  kind: "sorted",
  module: import.meta.url,
  infer: ([x]) => [x],
  kernel({ ins, outs }) {
    outs[0].data.set(ins[0].data);
    outs[0].data.sort();
  },
});
checkOp(sorted, [{ shapes: [[5]] }]);`,
    ],
  },
  SL6034: {
    error: "OptionError",
    title: "A check of nothing",
    meaning: "`checkOp` takes an op and a list of cases, and got no op, no case, or a case that makes no operands.",
    causes: [
      "A misspelt kind.",
      "A plain function in place of what `defineOp` returned.",
      "A shape with a name in it.",
    ],
    remedy: "Give shapes of whole numbers, one for each input.",
    program: ['checkOp("relu", []);', 'checkOp("relu", [{ shapes: [[5, 4]] }]);'],
  },
};
