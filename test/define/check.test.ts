import { defineOp, type OpDefinition, opError, P, S, type Shape, ShapeError, type Tensor } from "sluice";
import { CheckError, checkOp } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { checkWith } from "../../src/testing/check.ts";
import { execute } from "../graph/kernels.ts";
import { thrown } from "../graph/support.ts";
import { balance, hardSwish, leaky, stamp } from "./ops.ts";

const module = new URL("./ops.ts", import.meta.url).href;
type Any = Tensor<Shape, "float32">;
type Unary = (x: Any) => Any;
const triple: OpDefinition<Unary> = {
  kind: "triple",
  module,
  infer: ([x]) => [x],
  rules: ({ ins: [x] }) => x.shape.map((_, d) => ({ ins: [S(d)], outs: [S(d)] })),
  gradient: ({ grads: [g] }) => [() => g.mul(3)],
  kernel({ ins: [x], outs: [y] }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = 3 * x.data[i]!;
  },
};
type Site = Parameters<OpDefinition<Unary>["kernel"]>[0];
const single = defineOp<Unary>({
  ...triple,
  kind: "single",
  infer([x]) {
    if (x.dtype !== "float32") throw opError("takes float32");
    return [x];
  },
});
let defined = 0;
const define = (more: object) => defineOp<Unary>({ ...triple, kind: `triple${defined++}`, ...more });
const cases = [{ shapes: [[5, 4]] }];

describe("a true op", () => {
  test.each([
    ["hardSwish", hardSwish, [{ shapes: [[5, 4]] }, { shapes: [[7]] }], 2],
    ["leaky", leaky, [{ shapes: [[5, 4]], attrs: { slope: 0.1 } }], 0],
    ["balance", balance, [{ shapes: [[5, 4]] }], 1],
    ["stamp", stamp, [{ shapes: [[5, 4]] }], 0],
  ])("%s passes", (_, op, cases, gradients) => {
    const report = checkOp(op, cases);
    expect(report).toMatchObject({ op: op.kind, cases: cases.length, gradients, missing: [] });
    expect(report.signatures).toBeGreaterThan(10);
  });

  test.each([
    [
      "matmul",
      {
        shapes: [
          [5, 4],
          [4, 3],
        ],
        attrs: { transposeA: false, transposeB: false },
      },
      2,
    ],
    ["softmax", { shapes: [[5, 4]], attrs: { dim: 1 } }, 1],
    ["maximum", { shapes: [[5, 4], [4]] }, 2],
    ["sqrt", { shapes: [[5, 4]], from: 0.5, to: 3 }, 1],
    ["topK", { shapes: [[5, 4]], attrs: { k: 2, dim: 1 } }, 1],
  ] as const)("so do Sluice's own, on the engine: %s", (kind, c, gradients) => {
    expect(checkOp(kind, [c]).gradients).toBe(gradients);
  });
});

test("the check can run on other kernels", () => {
  const c = { shapes: [[5, 4]], attrs: { dim: 1 } };
  expect(checkWith("softmax", [c], {}, execute)).toEqual(checkOp("softmax", [c]));
});

test("integers exactly, of both lengths", () => {
  const shapes = [[5, 4], [4]];
  for (const dtype of ["int32", "int64"] as const)
    expect(checkOp("add", [{ shapes, dtypes: [dtype, dtype] }]).signatures).toBeGreaterThan(10);
});

test("in float64 where the op takes it, in float32 where it does not", () => {
  const cases = [{ shapes: [[5, 4]] }, { shapes: [[3]], dtypes: ["float32"] as const }];
  expect(checkOp(hardSwish, cases).inDouble).toBe(2);
  expect(checkOp(single, cases).inDouble).toBe(0);
  expect(checkOp("softmax", [{ shapes: [[5, 4]], attrs: { dim: 1 } }]).inDouble).toBe(1);
});

describe("it sees", () => {
  test("a false rule: which, where, and both numbers", () => {
    const op = define({ rules: () => [{ ins: ["P(max)"], outs: ["P(sum)"] }] });
    const error = thrown(() => checkOp(op, cases));
    expect(error).toBeInstanceOf(CheckError);
    expect(error.message).toMatch(
      /^triple\d+\(f64\[5,4\]\) on cpu.*: \{a: P\(max\)\} → \{a: P\(sum\)\} is false: output 0 at \[\d, \d\] is -?[\dI].* and -?\d.* on whole tensors\n {2}next: take the rule out.*SL6030/s,
    );
  });

  test("a false rule of small numbers", () => {
    const tiny = define({
      rules: () => [{ ins: ["P(sum)"], outs: ["P(sum)"] }],
      kernel({ ins: [x], outs: [y] }: Parameters<OpDefinition<Unary>["kernel"]>[0]) {
        for (let i = 0; i < y.data.length; i++) y.data[i] = 1e-9 * x.data[i]! ** 2;
      },
    });
    expect(thrown(() => checkOp(tiny, cases)).code).toBe("SL6030");
  });

  test("a rule that only uneven shards show", () => {
    const first = define({
      kernel({ ins: [x], outs: [y] }: Parameters<OpDefinition<Unary>["kernel"]>[0]) {
        const rows = x.global[0]! / (x.shape[0]! || 1); // as if all ranks held as many
        for (let i = 0; i < y.data.length; i++) y.data[i] = 3 * x.data[i]! + (Number.isInteger(rows) ? 0 : 1);
      },
    });
    expect(checkOp(first, [{ shapes: [[12]] }]).signatures).toBeGreaterThan(5);
    expect(thrown(() => checkOp(first, cases)).code).toBe("SL6030");
  });

  test("outputs that are copies and differ", () => {
    const op = define({
      rules: () => [{ ins: ["S(0)"], outs: ["B"] }],
      infer: () => [{ shape: [1], dtype: "float32" }],
      gradient: undefined,
      kernel({ ins: [x], outs: [y] }: Parameters<OpDefinition<Unary>["kernel"]>[0]) {
        y.data[0] = x.shape[0]!;
      },
    });
    expect(thrown(() => checkOp(op, cases)).message).toMatch(
      /is [123] (on one rank and [123] on another|and 5 on whole)/,
    );
  });

  test("a wrong gradient", () => {
    const op = define({ gradient: ({ grads: [g] }: { grads: [Any] }) => [() => g.mul(2.9)] });
    expect(thrown(() => checkOp(op, cases)).message).toMatch(
      /the gradient of input 0 at \[0, 0\] is .*, differences give .*SL6031/s,
    );
  });

  test("an element that is not written", () => {
    const op = define({
      kernel: ({ ins: [x], outs: [y] }: Parameters<OpDefinition<Unary>["kernel"]>[0]) =>
        y.data.set(x.data.subarray(0, 7)),
    });
    expect(thrown(() => checkOp(op, cases)).message).toMatch(/it leaves output 0 at \[1, 3\] as it was.*SL6032/s);
  });

  test("a kernel that writes into its input", () => {
    const op = define({
      kernel({ ins: [x], outs: [y] }: Parameters<OpDefinition<Unary>["kernel"]>[0]) {
        for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[i]! *= 3;
      },
    });
    expect(thrown(() => checkOp(op, cases)).message).toMatch(/writes into its input 0.*SL6033/s);
  });

  test.each([
    [
      "is asynchronous",
      async () => {},
      /kernels are synchronous.*next: compute all .*neither async nor await.*SL4032/s,
    ],
    ["rejects, later", () => Promise.reject(new Error("too late")), /kernels are synchronous.*SL4032/s],
    ["returns a number", () => 3, /returned 3 .*next: write into the data of outs, and return nothing.*SL4032/s],
    ["returns its output", ({ outs: [y] }: Site) => y.data.fill(1), /returned an object, Float\d+Array/],
    ["is a generator", function* () {}, /returned an object/],
  ])("a kernel that %s", async (_, kernel, message) => {
    expect(thrown(() => checkOp(define({ kernel }), cases)).message).toMatch(message);
    await new Promise((resolve) => setTimeout(resolve)); // a rejection that nobody heard would end the test run
  });

  test("nothing of a kernel's own view of the whole buffer: it holds the output alone", () => {
    const op = define({
      kernel({ ins: [x], outs: [y] }: Site) {
        const wide = new (y.data.constructor as Float32ArrayConstructor)(y.data.buffer);
        expect(wide.length).toBe(y.data.length);
        for (let i = 0; i < 1e4; i++) wide[i] = 3 * (x.data[i] ?? 0);
      },
    });
    expect(checkOp(op, cases).gradients).toBe(1);
    expect(checkOp(hardSwish, cases).cases).toBe(1);
  });

  test("a kernel that writes past its operand, and the next check is none the worse", () => {
    const op = define({
      kernel: ({ outs: [y] }: Site) => void new Float32Array(y.data.buffer, 0, 4 * y.data.length).fill(1),
    });
    expect(thrown(() => checkOp(op, cases)).message).toMatch(/threw: Invalid typed array length.*SL4032/s);
    expect(checkOp(hardSwish, cases).cases).toBe(1);
  });

  test("a kernel that gives its output's memory away", () => {
    const op = define({
      kernel: ({ outs: [y] }: Site) =>
        void structuredClone(y.data.buffer, { transfer: [y.data.buffer as ArrayBuffer] }),
    });
    expect(thrown(() => checkOp(op, cases)).message).toMatch(/given the memory of an operand away.*SL4032/s);
  });

  test("a kernel that throws, and goes on with the next op", () => {
    const op = define({
      kernel() {
        throw new Error("no luck");
      },
    });
    expect(thrown(() => checkOp(op, cases)).message).toMatch(/op "triple\d+" threw: no luck.*SL4032/s);
    expect(checkOp(hardSwish, cases).cases).toBe(1);
  });

  test("rules that are missing", () => {
    const op = define({});
    const { missing } = checkOp(op, [...cases, { shapes: [[3, 2, 2]] }], { missing: true });
    expect(missing.map(({ text }) => text)).toEqual(["P(sum) → P(sum)", "P(max) → P(max)", "P(min) → P(min)"]);
    expect(missing[1]).toEqual({
      text: "P(max) → P(max)",
      ins: [P("max")],
      outs: [P("max")],
      calls: [`${op.kind}(f64[5,4])`, `${op.kind}(f64[3,2,2])`],
    });
    const all = define({
      rules: (site: Parameters<NonNullable<OpDefinition<Unary>["rules"]>>[0]) => [
        ...triple.rules!(site),
        ...["P(sum)", "P(max)", "P(min)"].map((p) => ({ ins: [p], outs: [p] })),
      ],
    });
    expect(checkOp(all, cases, { missing: true }).missing).toEqual([]);
  });
});

describe("what cannot be checked is said", () => {
  test.each([
    ["no op", () => checkOp("hardSwich", cases), /there is no op "hardSwich".*SL6034/s],
    ["a misspelt kind", () => checkOp("softmx", cases), /did you mean "softmax"/],
    ["no function of defineOp", () => checkOp((() => 1) as never, cases), /there is no op undefined.*SL6034/s],
    [
      "16-bit floats",
      () => checkOp("add", [{ shapes: [[2], [2]], dtypes: ["bfloat16", "bfloat16"] }]),
      /operands of bfloat16.*check it in float32.*SL6034/s,
    ],
    ["no cases", () => checkOp(hardSwish, []), /there are no cases.*SL6034/s],
    ["an extent that is none", () => checkOp(hardSwish, [{ shapes: [[2.5]] }]), /the case is .*2\.5.*SL6034/s],
    ["an unknown dtype", () => checkOp(hardSwish, [{ shapes: [[2]], dtypes: ["f32" as never] }]), /SL6034/],
  ])("%s", (_, body, message) => {
    expect(thrown(body).message).toMatch(message);
  });

  test("operands that do not fit", () => {
    const c = { shapes: [[5, 4]], dtypes: ["int32"] as const };
    expect(thrown(() => checkOp(hardSwish, [c]))).toBeInstanceOf(ShapeError);
    expect(thrown(() => checkOp(hardSwish, [c])).message).toMatch(/^hardSwish\(i32\[5,4\]\): takes floats, got int32/);
  });
});
