import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  compile,
  defineOp,
  type Graph,
  graph,
  launch,
  nn,
  type OpDefinition,
  opError,
  optim,
  Plan,
  placement,
  type Shape,
  type Tensor,
} from "sluice";
import { describe, expect, test } from "vitest";
import { checkDefined } from "../../src/actors/defined.ts";
import { thrown } from "../graph/support.ts";
import { leaky } from "./ops.ts";

type Any = Tensor<Shape, "float32">;
type Unary = (x: Any, attrs?: object) => Any;
const module = new URL("./ops.ts", import.meta.url).href;
const good: OpDefinition<Unary> = {
  kind: "copied",
  module,
  infer: ([x]) => [x],
  kernel: ({ ins: [x], outs: [y] }) => y.data.set(x.data),
};
const mesh = placement("cpu", { data: 2 });
const inputs = { x: mesh.input([4, 3], "float32") };

/** A graph of one call. */
const graphOf = (op: (x: Any) => unknown) =>
  graph(mesh, { name: "g", inputs }, ({ x }) => ({ y: op(x as never) as Any }));
const plain = () => compile(graphOf((x) => x.relu()) as Graph<"data", typeof inputs, { y: Any }, never>);
let defined = 0;
/** A fresh op. */
const define = (more: object) => defineOp<Unary>({ ...good, kind: `copied${defined++}`, ...more });

describe("a definition", () => {
  test.each([
    ["no kind", { kind: undefined }, /kind is undefined.*kind: "hardSwish".*SL1131/s],
    ["a kind that is no name", { kind: "hard-swish" }, /kind is "hard-swish".*SL1131/s],
    ["no module", { module: undefined }, /module is undefined.*import\.meta\.url.*SL1131/s],
    ["a module that is no file", { module: "https://example.org/op.js" }, /the URL of a file is due.*SL1131/s],
    ["no kernel", { kernel: undefined }, /kernel of op "copied" is undefined, a function is due.*SL1131/s],
    ["a misspelt name", { rule: () => [] }, /op "copied" has rule, which.*did you mean rules\?.*SL1131/s],
    ["a name that means nothing", { backend: "cuda" }, /has backend, which.*a definition has kind, module, .*SL1131/s],
    ["rules that are no function", { rules: [] }, /rules of op "copied" is .*SL1131/s],
    ["a kind of Sluice's own", { kind: "relu" }, /an op "relu" already, one of Sluice's own.*SL1132/s],
    ["a kind of the compiler's", { kind: "boxing" }, /an op "boxing" already.*SL1132/s],
    [
      "a kind of another file's",
      { kind: "leaky", module: import.meta.url },
      /already, defined at test\/define\/ops\.ts:\d+.*SL1132/s,
    ],
  ])("%s", (_, more, message) => {
    const error = thrown(() => defineOp<Unary>({ ...good, ...more } as OpDefinition<Unary>));
    expect(error.message).toMatch(message);
    expect(error.at).toMatch(/test\/define\/errors\.test\.ts:\d+/);
  });
});

describe("a call", () => {
  test("says what does not fit, with the operands and the user's line", () => {
    const op = define({
      infer: () => {
        throw opError("takes vectors", "flatten it first");
      },
    });
    expect(thrown(() => graphOf((x) => op(x))).message).toMatch(
      /^copied\d\(x: f32\[4,3\]\): takes vectors · at test\/define\/errors\.test\.ts:\d+\n {2}next: flatten it first\n.*SL1130/,
    );
  });

  test.each([
    ["no tensor", [], /it takes a tensor first, got undefined.*SL1135/s],
    ["a number for a tensor", [3], /it takes a tensor first, got 3.*SL1135/s],
  ])("%s", (_, args, message) => {
    const op = define({}) as unknown as (...all: unknown[]) => Any;
    expect(thrown(() => graphOf(() => op(...args))).message).toMatch(message);
  });

  test.each([
    ["two objects", [{}, {}], /takes one object of attributes, got an object, an object.*SL1135/s],
    ["a number", [3], /takes one object of attributes, got 3.*SL1135/s],
    ["an attribute that is a function", [{ a: { b: [1, () => 1] } }], /attribute a\.b\[1\] is .*JSON.*SL1136/s],
    ["an attribute that is infinite", [{ low: Number.NEGATIVE_INFINITY }], /attribute low is -Infinity.*SL1136/s],
  ])("%s behind the tensors", (_, rest, message) => {
    const op = define({}) as unknown as (...all: unknown[]) => Any;
    expect(thrown(() => graphOf((x) => op(x, ...rest))).message).toMatch(message);
  });

  test("an attribute that contains itself; one that is there twice is none", () => {
    const op = define({}) as unknown as (...all: unknown[]) => Any;
    const list: unknown[] = [1];
    expect(() => graphOf((x) => op(x, { a: list, b: [list, list] }))).not.toThrow();
    list.push({ list });
    const { message } = thrown(() => graphOf((x) => op(x, { a: { list } })));
    expect(message).toMatch(/attribute a\.list\[1\]\.list contains itself.*SL1136/s);
  });

  test.each([
    ["nothing", undefined, /infer gives undefined, not a list/],
    ["no shape", [{ dtype: "float32" }], /infer gives no shape for output 0/],
    ["a dtype that is none", [{ shape: [1], dtype: "f32" }], /infer gives dtype "f32" for output 0/],
    ["a negative dim", [{ shape: [-1], dtype: "float32" }], /infer gives a dim -1 for output 0/],
  ])("of an op whose shape rule gives %s", (_, types, message) => {
    const op = define({ infer: () => types });
    const error = thrown(() => graphOf((x) => op(x)));
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: "SL1133", subject: expect.stringMatching(/^op "copied/) });
  });
});

describe("a rule", () => {
  test.each([
    [
      "with too few inputs",
      { ins: [], outs: ["S(0)"] },
      /rule {2}-> S\(0\) does not fit: the op has 1 inputs and 1 outputs/,
    ],
    ["of a dim that is not there", { ins: ["S(2)"], outs: ["S(2)"] }, /S\(2\) on an operand of shape \[4,3\]/],
    ["with no SBP", { ins: ["split"], outs: ["B"] }, /"split" is no SBP/],
    ["with an unknown reduction", { ins: ["P(mean)"], outs: ["B"] }, /no reduction "mean"/],
    ["with keys of other names", { in: ["S(0)"], out: ["S(0)"] }, /rule 0 has the keys in, out; a rule has two lists/],
    ["that is a text", "S(0) -> S(0)", /rule 0 is "S\(0\) -> S\(0\)"; a rule has two lists/],
  ])("%s is the user's mistake, at the line of the definition", (_, rule, message) => {
    const op = define({ rules: () => [rule] });
    const error = thrown(() => compile(graphOf((x) => op(x)) as never));
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("internal");
    expect(error).toMatchObject({ name: "LayoutError", code: "SL1134", at: expect.stringContaining("errors.test.ts") });
  });
});

test("rules that are no list", () => {
  const op = define({ rules: () => ({ ins: ["S(0)"], outs: ["S(0)"] }) });
  expect(thrown(() => compile(graphOf((x) => op(x)) as never)).message).toMatch(
    /rules gives an object, not a list.*SL1134/s,
  );
});

describe("a gradient", () => {
  const training = (op: (x: Any) => Any) => {
    const net = nn.linear(3, 3, { name: "fc" });
    return graph(mesh, { name: "g", model: net, inputs }, ({ x }, g) => {
      const loss = op(net(x) as never).mean();
      g.minimize(loss, optim.sgd({ lr: 1 }));
      return { loss };
    });
  };

  test("that is missing between the loss and a parameter", () => {
    const g = training((x) => leaky(x, { slope: 0.1 }));
    expect(thrown(() => compile(g)).message).toMatch(/^leaky: leaky has no gradient.*SL1050/s);
  });

  test.each([
    ["is not like its input", ({ grads: [g] }: { grads: [Any] }) => [() => g.sum()], /gradient of input 0 is f32\[\]/],
    ["is no tensor", () => [() => 1], /gradient of input 0 is 1/],
    ["is a tensor", ({ grads: [g] }: { grads: [Any] }) => [g], /input 0 is the tensor f32\[4,3\], a function is due/],
    ["is a number", () => [1], /gradient of input 0 is 1, a function is due/],
    ["is no list", () => "none", /gradient gives "none", it has 1 inputs/],
  ])("that %s", (_, gradient, message) => {
    const error = thrown(() => compile(training(define({ gradient }))));
    expect(error.message).toMatch(message);
    expect(error.code).toBe("SL1138");
  });
});

describe("a session", () => {
  test("refuses an op of the main file, before any thread runs it again", async () => {
    const script = fileURLToPath(new URL("./main.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", script], { timeout: 30_000 });
    expect(stdout).toMatch(
      /^op "same": it is defined in the program's main file.*file of its own and import it.*SL4030/s,
    );
    expect(stdout).toMatch(/^other: ready$/m); // does not use it
    expect(stdout).toMatch(/^later op "same": it is defined in the program's main file/m);
    expect(stdout.match(/\[SL4030/g)).toHaveLength(2);
  });

  test("refuses a plan with an op that nobody has defined, or not in time", async () => {
    const text = JSON.stringify(compile(graphOf((x) => leaky(x, { slope: 1 })) as never));
    const unheard = new Plan(JSON.parse(text.replaceAll('\\"kind\\":\\"leaky\\"', '\\"kind\\":\\"unheard\\"')));
    await expect(launch(unheard)).rejects.toThrow(/uses op "unheard", which is not defined.*import the file.*SL4033/s);

    const known = compile(graphOf((x) => leaky(x, { slope: 1 })) as never) as Plan;
    expect(thrown(() => checkDefined(known.data, [])).message).toMatch(
      /"leaky" was defined after.*"ops\.ts" before launch.*SL4034/s,
    );

    // What is defined from here on stays: its module lacks it, so no session can start after this one.
    const other = defineOp<Unary>({ ...good, kind: "late" });
    await expect(launch(plain())).rejects.toThrow(
      /cannot load op .*"late".*does not define .*one copy of sluice.*SL4031/s,
    );
    expect(other.kind).toBe("late");
  });
});
