import fc from "fast-check";
import {
  array,
  compile,
  type DType,
  graph,
  launch,
  nn,
  optim,
  placement,
  S,
  type Tensor,
  toFloat32,
  toHalf,
} from "sluice";
import { describe, expect, test } from "vitest";
import { dtypes, isFloat, promote } from "../../src/ir/dtype.ts";
import { fromElement, toElement, toElements } from "../../src/ir/element.ts";
import { thrown } from "./support.ts";

const mesh = placement("cpu", { a: 2 });
const shape = [5, 2] as const;
const given = [-3, 2, 7, 0, -1, 4, 5, -6, 1, 2];

/** What a graph makes of one input, split by rows over two ranks. */
async function evaluate<D extends DType>(
  dtype: D,
  body: (x: Tensor<[5, 2], D>) => Tensor,
  data: readonly number[] = given,
): Promise<Evaluated> {
  const plan = compile(
    graph(mesh, { name: "g", inputs: { x: mesh.input(shape, dtype, { a: S(0) }) } }, ({ x }) => ({
      y: body(x as never) as Tensor<number[], DType>,
    })),
  );
  await using session = await launch(plan);
  const x = array([...shape], dtype, toElements(dtype, data));
  for await (const { y } of session.run([{ x }] as never))
    return (typeof y === "number" ? { dtype: "float64", data: [y] } : y) as Evaluated;
  throw new Error("no step");
}
type Evaluated = { readonly dtype: DType; readonly data: ArrayLike<number | bigint> };
const numbers = ({ dtype, data }: Evaluated) => Array.from(data as ArrayLike<number>, (e) => fromElement(dtype, e));

describe("promotion", () => {
  test("takes the dtype that holds both: floats before integers before bool, then the wider", () => {
    expect(promote("int32", "float16")).toBe("float16");
    expect(promote("bool", "int64")).toBe("int64");
    expect(promote("float16", "bfloat16")).toBe("float32");
    expect(promote("float32", "float64")).toBe("float64");
    for (const a of dtypes)
      for (const b of dtypes) {
        expect(promote(a, b)).toBe(promote(b, a));
        expect(promote(a, promote(a, b))).toBe(promote(a, b));
      }
  });

  test("is an explicit cast in the graph, on the operand that gives way", async () => {
    const mixed = await evaluate("int32", (x) => x.mul(x.cast("float64")).sub(x.greater(0)));
    expect(mixed.dtype).toBe("float64");
    expect(numbers(mixed)).toEqual(given.map((v) => v * v - Number(v > 0)));
  });
});

describe("integers", () => {
  test.each(["int32", "int64"] as const)("%s computes in whole numbers", async (dtype) => {
    const run = async (body: (x: Tensor<[5, 2], typeof dtype>) => Tensor) => numbers(await evaluate(dtype, body));
    expect(await run((x) => x.mul(x).add(1).neg())).toEqual(given.map((v) => -(v * v + 1)));
    expect(await run((x) => x.sum(0))).toEqual([9, 2]);
    expect(await run((x) => x.max(0).maximum(x.min(0)))).toEqual([7, 4]);
    expect(await run((x) => x.cumsum(0).argmax(0))).toEqual([4, 3].map(() => expect.any(Number)));
    expect(await run((x) => x.topK(1, 0).values)).toEqual([7, 4]);
    const quotient = await evaluate(dtype, (x) => x.div(2));
    expect(quotient.dtype).toBe("float32");
    expect(numbers(quotient)).toEqual(given.map((v) => v / 2));
  });

  test("int64 keeps what a double cannot", async () => {
    const big = await evaluate("int64", (x) =>
      x
        .mul(2 ** 52)
        .mul(8)
        .add(1),
    );
    expect(Array.from(big.data)).toEqual(given.map((v) => BigInt(v) * 2n ** 55n + 1n));
  });

  test("least and largest numbers stay what they are", async () => {
    const ends = [-(2 ** 31), 0, 2 ** 31 - 1, 5, 1, 2, 3, 4, 5, 6];
    const run = async (body: (x: Tensor<[5, 2], "int32">) => Tensor) => numbers(await evaluate("int32", body, ends));
    expect(await run((x) => x.reshape([10]).argmin(0).add(0))).toEqual([0]);
    expect(
      await run((x) =>
        x
          .sub(-(2 ** 31))
          .reshape([10])
          .slice(0, 0, 2),
      ),
    ).toEqual([0, -(2 ** 31)]);
    expect(await run((x) => x.less(0).cast("int32").sum())).toEqual([1]);
  });

  test("ids of int64 that are no rows read zeros, however large", async () => {
    const far = await evaluate("int64", (x) => {
      const ids = x.mul(2 ** 32).add(1); // 1 beyond a multiple of 2³²: int32 would take it for row 1
      return x
        .cast("float32")
        .reshape([10])
        .gather(ids.reshape([10]));
    });
    expect(numbers(far)).toEqual(given.map((v) => (v === 0 ? given[1] : 0)));
  });

  test("empty reductions give the identity of the dtype", async () => {
    const none = (kind: "max" | "min" | "sum") => evaluate("int32", (x) => x.slice(0, 0, 0)[kind](0));
    expect(numbers(await none("max"))).toEqual([-(2 ** 31), -(2 ** 31)]);
    expect(numbers(await none("min"))).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
    expect(numbers(await none("sum"))).toEqual([0, 0]);
  });

  test("refuse numbers that are none, and functions of floats", () => {
    const build = (body: (x: Tensor<[5, 2], "int32">) => unknown) =>
      thrown(() =>
        graph(mesh, { name: "g", inputs: { x: mesh.input(shape, "int32") } }, ({ x }) => ({ y: body(x) as never })),
      );
    for (const wrong of [0.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN])
      expect(build((x) => x.maximum(x).mul(wrong)).code).toBe(Number.isNaN(wrong) ? "SL1009" : "SL1091");
    expect(build((x) => x.less(2 ** 31))).toMatchObject({ code: "SL1091" });
    expect(build((x) => x.clamp(0, 2 ** 40))).toMatchObject({ code: "SL1091" });
    expect(build((x) => x.pad(0, 1, 0, Number.NEGATIVE_INFINITY))).toMatchObject({ code: "SL1091" });
    expect(build((x) => (x as never as Tensor<[5, 2], "float32">).exp())).toMatchObject({ code: "SL1012" });
    expect(build((x) => (x as never as Tensor<[5, 2], "float32">).mean())).toMatchObject({ code: "SL1012" });
  });
});

describe("16-bit floats", () => {
  const halves = ["float16", "bfloat16"] as const;

  test.each(halves)("%s: a pattern's number has that pattern, and numbers go to the nearest", (dtype) => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const value = fromElement(dtype, bits);
      if (!Number.isNaN(value)) expect(toElement(dtype, value)).toBe(bits);
    }
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        const bits = Number(toElement(dtype, value)) & 0x7fff;
        const [below, here, above] = [bits - 1, bits, bits + 1].map((b) => fromElement(dtype, Math.max(0, b)));
        const off = (other: number) => Math.abs(Math.abs(value) - other);
        if (Number.isFinite(here)) expect(off(here!)).toBeLessThanOrEqual(Math.min(off(below!), off(above!)));
      }),
    );
  });

  test.each(halves)("%s is computed in float32 and rounded once an op", async (dtype) => {
    const third = await evaluate(dtype, (x) => x.div(3));
    expect(third.dtype).toBe(dtype);
    expect(Array.from(third.data)).toEqual(given.map((v) => toElement(dtype, Math.fround(v * Math.fround(1 / 3)))));
    expect(numbers(await evaluate(dtype, (x) => x.sum(0)))).toEqual([9, 2]);
    expect(numbers(await evaluate(dtype, (x) => x.reshape([10]).slice(0, 2, 5)))).toEqual([7, 0, -1]);
    expect(numbers(await evaluate(dtype, (x) => x.pad(1, 0, 1, 1.5).slice(1, 2)))).toEqual(Array(5).fill(1.5));
  });

  test("moves have no casts round them, computing ops have", () => {
    const kinds = (body: (x: Tensor<[5, 2], "bfloat16">) => Tensor) =>
      compile(
        graph(mesh, { name: "g", inputs: { x: mesh.input(shape, "bfloat16") } }, ({ x }) => ({ y: body(x) })),
      ).data.graph.ops.map(({ kind }) => kind);
    expect(kinds((x) => x.transpose().reshape([10]))).toEqual(["input", "transpose", "reshape"]);
    expect(kinds((x) => x.exp().neg())).toEqual(["input", "cast", "exp", "cast", "cast", "neg", "cast"]);
  });

  test("arrays widen and narrow", () => {
    const source = array([3], "float32", Float32Array.of(1, -0.1, 70000));
    expect([...toFloat32(toHalf(source, "float16")).data]).toEqual([1, -0.0999755859375, Number.POSITIVE_INFINITY]);
    expect(thrown(() => toHalf(source, "float32" as never))).toMatchObject({ code: "SL6002" });
  });
});

describe("float64", () => {
  test("computes to double precision", async () => {
    const found = numbers(await evaluate("float64", (x) => x.exp().sin().mul(x.tanh()).add(x.erf()).softmax(1)));
    const row = (v: number) => Math.sin(Math.exp(v)) * Math.tanh(v);
    expect(found.every(Number.isFinite)).toBe(true);
    const plain = numbers(await evaluate("float64", (x) => x.exp().sin().mul(x.tanh())));
    plain.forEach((y, i) => {
      expect(Math.abs(y - row(given[i]!))).toBeLessThan(1e-13);
    });
  });

  test("the gradient of a float64 loss reaches float32 parameters through casts", () => {
    const net = nn.linear(2, 1, { name: "fc" });
    const training = graph(mesh, { name: "g", model: net, inputs: { x: mesh.input(shape, "float32") } }, ({ x }, g) => {
      const loss = net(x).cast("float64").square().mean();
      g.minimize(loss, optim.sgd({ lr: 0.1 }));
      return { loss };
    });
    const { ops, values } = compile(training).data.graph;
    const update = ops.find(({ name }) => name === "fc.weight.update")!;
    expect(update.inputs.map((id) => values[id]!.dtype)).toEqual(["float32", "float32", "float32"]);
    expect(ops.some(({ kind, outputs }) => kind === "matmul" && values[outputs[0]!]!.dtype === "float64")).toBe(false);
    expect(isFloat(values[update.inputs[0]!]!.dtype)).toBe(true);
  });
});
