import { graph, nn } from "sluice";
import { describe, expect, test } from "vitest";
import { bindDims } from "../../src/graph/bind.ts";
import { mesh, op, thrown, training } from "./support.ts";

const declare = { a: mesh.input(["m", "k"], "float32"), b: mesh.input(["n", 10], "float32") };

describe("binding dims", () => {
  test("makes numbers of names, everywhere", () => {
    const bound = bindDims(training().logical, { batch: 128 });
    expect(bound.values.flatMap((v) => v.shape).every((dim) => typeof dim === "number")).toBe(true);
    expect(bound.values[op(bound, "fc1.matmul").outputs[0]!]!.shape).toEqual([128, 512]);
    expect(op(bound, "image").attrs.shape).toEqual([128, 784]);
  });

  const wrong: [Record<string, number>, string, RegExp][] = [
    [{}, "SL1040", /graph "mnist": dim "batch" is not bound[\s\S]*dims: \{ batch: … \}/],
    [{ bacth: 128 }, "SL1041", /no dim is named "bacth"[\s\S]*did you mean "batch"/],
    [{ batch: 0 }, "SL1042", /"batch" cannot be 0/],
    [{ batch: 1.5 }, "SL1042", /"batch" cannot be 1\.5/],
    [{ batch: Number.NaN }, "SL1042", /"batch" cannot be NaN/],
  ];
  test.each(wrong)("refuses %o", (dims, code, message) => {
    const error = thrown(() => bindDims(training().logical, dims));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe("shapes that do not fit are said with op, shapes and line", () => {
  test("while the graph is built", () => {
    const error = thrown(() =>
      graph(
        mesh,
        { name: "g", inputs: { x: mesh.input([128, 784], "float32"), w: mesh.input([256, 10], "float32") } },
        (i) => ({
          out: i.x.matmul(i.w as never),
        }),
      ),
    );
    expect(error.code).toBe("SL1017");
    expect(error.message.split("\n")[0]).toMatch(
      /^matmul\(x: f32\[128,784\], w: f32\[256,10\]\): inner dims differ: 784 vs 256 · at test\/graph\/bind\.test\.ts:\d+$/,
    );
  });

  test("names differ until they are the same name", () => {
    const error = thrown(() =>
      graph(mesh, { name: "g", inputs: declare }, ({ a, b }) => ({ out: a.matmul(b as never) })),
    );
    expect(error.message).toMatch(/matmul\(a: f32\[m,k\], b: f32\[n,10\]\): inner dims differ: k vs n/);
  });

  test("what only numbers tell comes when they are bound", () => {
    const inputs = { a: mesh.input(["m", 1], "float32"), b: mesh.input(["m", 4], "float32") };
    const { logical } = graph(mesh, { name: "g", inputs }, ({ a, b }) => ({ out: a.add(b) }));
    expect(bindDims(logical, { m: 1 }).values.at(-1)!.shape).toEqual([1, 4]);
    const damaged = {
      ...logical,
      values: logical.values,
      ops: logical.ops.map((o) => (o.name === "b" ? { ...o, attrs: { ...o.attrs, shape: [5, 4] } } : o)),
    };
    const error = thrown(() => bindDims(damaged, { m: 3 }));
    expect(error.message).toMatch(/add\(a: f32\[3,1\], b: f32\[5,4\]\): shapes do not broadcast: dim 0 is 3 and 5/);
    expect(error.at).toMatch(/bind\.test\.ts/);
  });

  test("labels, dtypes and widths", () => {
    const inputs = { x: mesh.input(["batch", 8], "float32"), y: mesh.input(["other"], "int32") };
    const build = (body: (i: { x: never; y: never }) => object) =>
      thrown(() => graph(mesh, { name: "g", inputs }, (i) => body(i as never) as never)).message;
    expect(build(({ x, y }) => ({ out: nn.softmaxCrossEntropy(x, y) }))).toMatch(
      /want labels \[batch\], got \[other\]/,
    );
    expect(build(({ x, y }) => ({ out: (x as { matmul(y: never): object }).matmul(y) }))).toMatch(
      /takes floats, got int32/,
    );
    expect(build(({ x }) => ({ out: nn.linear(9, 4)(x) }))).toMatch(
      /nn\.linear\(9, 4\): expected \[\.\.\., 9\], got x: f32\[batch,8\]/,
    );
  });
});
