/** @file Error codes of ops that users define. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL1130"
  | "SL1131"
  | "SL1132"
  | "SL1133"
  | "SL1134"
  | "SL1135"
  | "SL1136"
  | "SL1137"
  | "SL1138"
  | "SL4030"
  | "SL4031"
  | "SL4032"
  | "SL4033"
  | "SL4034"
  | "SL4035";

export const ownOpCodes: Readonly<Record<Code, Entry>> = {
  SL1130: {
    error: "ShapeError",
    title: "Operands that an op of one's own does not take",
    meaning:
      "The shape rule of an op made with `defineOp` refuses the operands with `opError`. The words are those of the op's author.",
    causes: ["Shapes or dtypes that the op is not made for."],
    remedy: "Do what the message says, or look at `infer` of the op.",
    program: [
      `const halve = defineOp({
  kind: "halve",
  module: import.meta.url,
  infer([x]) {
    if (x.shape.length !== 2) throw opError("takes a matrix", "add a dim with .unsqueeze(1)");
    return [x];
  },
  kernel({ ins: [x], outs: [y] }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[i] / 2;
  },
});
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: halve(x) }));`,
      `const halve = defineOp({
  kind: "halve",
  module: import.meta.url,
  infer([x]) {
    if (x.shape.length !== 2) throw opError("takes a matrix", "add a dim with .unsqueeze(1)");
    return [x];
  },
  kernel({ ins: [x], outs: [y] }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[i] / 2;
  },
});
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: halve(x.unsqueeze(1)) }));`,
    ],
  },
  SL1131: {
    error: "GraphError",
    title: "A definition that lacks something",
    meaning:
      "`defineOp` wants a kind, the URL of the module, a shape rule and a kernel; what else is given must be of its type, and of a name that `defineOp` knows.",
    causes: ["`module` left out: threads would not know which file to load.", "A misspelt name: `rule` for `rules`."],
    remedy: "Add what the message names.",
    program: [
      'defineOp({ kind: "same", infer: ([x]) => [x], kernel: ({ ins, outs }) => outs[0].data.set(ins[0].data) });',
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
defineOp({ kind: "same", module: import.meta.url, infer: ([x]) => [x], kernel });`,
    ],
  },
  SL1132: {
    error: "GraphError",
    title: "Two ops of one kind",
    meaning: "An op is known by its kind, in graphs and plans, and there is another one of this kind.",
    causes: [
      "A kind that Sluice itself has: `relu`.",
      "Two packages that define an op of the same name.",
      "A function that makes several ops and gives all of them one kind.",
      "A definition in a function that is called again: call `defineOp` once, at the top of its module.",
    ],
    remedy: "Give the op a kind of its own, with the name of your package in front of it.",
    program: [
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
defineOp({ kind: "relu", module: import.meta.url, infer: ([x]) => [x], kernel });`,
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
defineOp({ kind: "my_relu", module: import.meta.url, infer: ([x]) => [x], kernel });`,
    ],
  },
  SL1133: {
    error: "GraphError",
    title: "A shape rule that gives no types",
    meaning: "`infer` of an op gives a list with the shape and dtype of each output, and gave something else.",
    causes: ["The type of the one output without the list.", "A shape given for a type."],
    remedy: "Give a list: `[{ shape, dtype }]`.",
    program: [
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const same = defineOp({ kind: "unlisted", module: import.meta.url, infer: ([x]) => x, kernel });
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: same(x) }));`,
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const same = defineOp({ kind: "unlisted", module: import.meta.url, infer: ([x]) => [x], kernel });
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: same(x) }));`,
    ],
  },
  SL1134: {
    error: "LayoutError",
    title: "A rule that does not fit its op",
    meaning:
      "A rule of an op names an SBP for each input and each output on one mesh axis. This one is of another form, or splits a dim that is not there.",
    causes: [
      "A rule for another number of inputs.",
      "Dims counted from 1.",
      "Keys of other names than `ins` and `outs`.",
    ],
    remedy:
      "Give each rule `ins` and `outs` in the order of the op's tensors. `checkOp` of `sluice/testing` proves them.",
    program: [
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const rules = () => [{ ins: [S(1)], outs: [S(1)] }];
const same = defineOp({ kind: "misruled", module: import.meta.url, infer: ([x]) => [x], rules, kernel });
const inputs = { x: mesh.input([8], "float32") };
compile(graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: same(x) })));`,
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const rules = () => [{ ins: [S(0)], outs: [S(0)] }];
const same = defineOp({ kind: "misruled", module: import.meta.url, infer: ([x]) => [x], rules, kernel });
const inputs = { x: mesh.input([8], "float32") };
compile(graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: same(x) })));`,
    ],
  },
  SL1135: {
    error: "GraphError",
    title: "A call of an op that is no call",
    meaning: "An op of one's own is called with its tensors and then, if it has any, one object of attributes.",
    causes: ["A number given where an object of attributes is wanted.", "No tensor, or `undefined` for one."],
    remedy: "Call it as the message shows.",
    program: [
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const same = defineOp({ kind: "called", module: import.meta.url, infer: ([x]) => [x], kernel });
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: same(x, 2) }));`,
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const same = defineOp({ kind: "called", module: import.meta.url, infer: ([x]) => [x], kernel });
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: same(x, { times: 2 }) }));`,
    ],
  },
  SL1136: {
    error: "GraphError",
    title: "An attribute that JSON cannot hold",
    meaning: "Attributes of an op are part of the plan, which is JSON, and this value would be lost on the way.",
    causes: ["NaN or an infinity.", "A function, a date or a typed array.", "An object that contains itself."],
    remedy: "Give numbers, strings, booleans, null, and arrays and plain objects of these.",
    program: [
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const same = defineOp({ kind: "endless", module: import.meta.url, infer: ([x]) => [x], kernel });
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: same(x, { limit: Infinity }) }));`,
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const same = defineOp({ kind: "endless", module: import.meta.url, infer: ([x]) => [x], kernel });
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: same(x, { limit: null }) }));`,
    ],
  },
  SL1137: {
    error: "GraphError",
    title: "An op of too many tensors",
    meaning: "A kernel of one's own takes 64 inputs and outputs at most, together.",
    causes: ["A list of tensors spread into one call."],
    remedy: "Join tensors before with `concat` or `stack`, or call the op several times.",
    program: [
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const first = defineOp({ kind: "crowded", module: import.meta.url, infer: ([x]) => [x], kernel });
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: first(...Array(64).fill(x)) }));`,
      `const kernel = ({ ins, outs }) => outs[0].data.set(ins[0].data);
const first = defineOp({ kind: "crowded", module: import.meta.url, infer: ([x]) => [x], kernel });
const inputs = { x: mesh.input([8], "float32") };
graph(mesh, { name: "example", inputs }, ({ x }) => ({ y: first(stack(Array(64).fill(x), 0)) }));`,
    ],
  },
  SL1138: {
    error: "GraphError",
    title: "A gradient that is not like its input",
    meaning:
      "`gradient` of an op gives for each input a function that makes a tensor of the input's shape and dtype, or undefined.",
    causes: [
      "A gradient that was not reduced over dims that the op repeats.",
      "The tensor given instead of a function that makes it.",
    ],
    remedy: "Compare the two types in the message.",
    unmet: "test/define/errors.test.ts defines an op with a wrong gradient.",
  },
  SL4030: {
    error: "SessionError",
    title: "An op defined in the main file",
    meaning:
      "Executor threads load the file that defines an op. The program's main file would start the whole program again in each. Plans that do not use the op run all the same.",
    causes: ["`defineOp` beside `launch`, in one file."],
    remedy: "Move `defineOp` to a file of its own and import it.",
    unmet: "It takes a program of its own; test/define/thread.test.ts runs one.",
  },
  SL4031: {
    error: "SessionError",
    title: "An op that threads cannot load",
    meaning:
      "Executor threads load the file that defines an op, and this failed, ended the thread or was not done after 10 s, or the file does not define it there.",
    causes: [
      "`defineOp` in a function that only the main program calls.",
      "A file in TypeScript without a loader that threads inherit.",
      "`await` at the top of the file: under tsx threads load it as CommonJS, which has none; elsewhere it may wait for what never comes.",
      "Two copies of sluice.",
    ],
    remedy:
      "Call `defineOp` at the top of a module that loads by itself, with no `await` there. The message says what went wrong.",
    unmet: "It takes files of its own; test/define/thread.test.ts has them.",
  },
  SL4032: {
    error: "SessionError",
    title: "A kernel of one's own that failed",
    meaning:
      "The kernel of an op made with `defineOp` threw, or returned something: kernels are synchronous and write into their outputs. The session cannot go on.",
    causes: [
      "A mistake in the kernel.",
      "A kernel that does not expect a shard of extent 0.",
      "An `async` kernel, or one that returns its output.",
      "An arrow function whose value is that of its expression: `=> y.data.fill(0)`.",
    ],
    remedy:
      "Look at the line that the message names. `checkOp` of `sluice/testing` runs the kernel in your own process.",
    unmet: "It takes files of its own; test/define/thread.test.ts has them.",
  },
  SL4033: {
    error: "PlanError",
    title: "A plan with an op that is not defined here",
    meaning: "The plan calls an op made with `defineOp`, and this program has not defined it.",
    causes: ["A plan read from a file, in a program that does not import the op."],
    remedy: "Import the file that defines the op before `launch`.",
    unmet: "It takes two programs; test/define/thread.test.ts has them.",
  },
  SL4034: {
    error: "PlanError",
    title: "An op defined after the session had begun",
    meaning: "Threads load the ops when they start, and this one was defined later.",
    causes: ["A file with an op that is imported between `launch` and `session.load`."],
    remedy: "Import it before `launch`.",
    unmet: "It takes files of its own; test/define/thread.test.ts has them.",
  },
  SL4035: {
    error: "SessionError",
    title: "A session started in an executor thread",
    meaning: "A file that defines an op also starts a session, and so would every thread that loads it.",
    causes: ["`defineOp` in a file that does other things."],
    remedy: "Move `defineOp` to a file of its own.",
    unmet: "It takes files of its own; test/define/thread.test.ts has them.",
  },
};
