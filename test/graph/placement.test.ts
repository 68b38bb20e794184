import { LayoutError, layout, PlacementError, placement, S, ShapeError } from "sluice";
import { describe, expect, test } from "vitest";
import { toLayout, userLayout } from "../../src/graph/layout.ts";
import { mesh, thrown } from "./support.ts";

describe("placement", () => {
  test("counts ranks from 0, the last axis fastest", () => {
    expect(mesh.ranks).toEqual([0, 1, 2, 3]);
    expect(mesh.axes).toEqual({ data: 2, model: 2 });
    expect(mesh.data.axes.map(({ name }) => name)).toEqual(["data", "model"]);
  });

  test("slices leave the named axes out", () => {
    const cube = placement("cpu", { stage: 2, data: 2, model: 3 }, { ranks: [...Array(12).keys()].map((i) => i + 4) });
    expect(cube.slice({ stage: 1 }).ranks).toEqual([10, 11, 12, 13, 14, 15]);
    expect(cube.slice({ data: 1, model: 2 }).ranks).toEqual([9, 15]);
    expect(cube.slice({ data: 1 }).axes).toEqual({ stage: 2, model: 3 });
  });

  test("a slice of one rank is a mesh, too", () => {
    const one = mesh.slice({ data: 1, model: 0 });
    expect(one.ranks).toEqual([2]);
    expect(one.data.axes.map(({ size }) => size)).toEqual([1]);
    expect(placement("cpu", { stage: 3 }).slice({ stage: 2 }).ranks).toEqual([2]);
  });

  const wrong: [string, () => unknown, string, RegExp][] = [
    ["no axes", () => placement("cpu", {}), "SL1003", /has no axes/],
    ["a name that is a number", () => placement("cpu", { 2: 2 }), "SL1003", /cannot be named "2"/],
    ["size 0", () => placement("cpu", { data: 0 }), "SL1004", /axis "data" has size 0/],
    ["half a rank", () => placement("cpu", { data: 1.5 }), "SL1004", /size 1\.5/],
    ["too few ranks", () => placement("cpu", { data: 2 }, { ranks: [0] }), "SL1005", /1 ranks for a mesh of 2/],
    ["a rank twice", () => placement("cpu", { data: 2 }, { ranks: [1, 1] }), "SL1005", /rank 1 is named twice/],
    ["a negative rank", () => placement("cpu", { data: 2 }, { ranks: [0, -1] }), "SL1005", /-1 is not a rank/],
    [
      "another device",
      () => placement("tpu" as "cpu", { data: 2 }),
      "SL1002",
      /unknown device "tpu"[\s\S]*choices: cpu/,
    ],
    ["a slice of no axis", () => mesh.slice({ dta: 0 } as never), "SL1006", /did you mean "data"/],
    ["a slice beyond the axis", () => mesh.slice({ data: 2 }), "SL1007", /has size 2[\s\S]*choices: 0 … 1/],
  ];
  test.each(wrong)("refuses %s", (_, body, code, message) => {
    const error = thrown(body);
    expect(error).toBeInstanceOf(PlacementError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.at).toMatch(/^test\/graph\/placement\.test\.ts:\d+$/);
  });
});

describe("input", () => {
  test.each([
    [() => mesh.input([1.5, 2], "float32"), "SL1001"],
    [() => mesh.input([""], "float32"), "SL1001"],
    [() => mesh.input([2], "float8" as "float32"), "SL1000"],
  ])("refuses what is no type", (body, code) => {
    const error = thrown(body);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.code).toBe(code);
  });

  const wrong: [object, string, RegExp][] = [
    [{ modle: S(0) }, "SL1021", /no axis "modle"[\s\S]*choices: data, model[\s\S]*did you mean "model"/],
    [{ data: "S(x)" }, "SL1022", /"S\(x\)" on axis "data" is not an SBP[\s\S]*choices: S\(0\), S\(1\), B, P\(sum\)/],
    [{ data: S(2) }, "SL1023", /S\(2\) on axis "data": the tensor \[batch,784\] has 2 dims/],
    [{ data: "P(mean)" }, "SL1024", /P\(mean\)[\s\S]*choices: .*P\(max\)/],
  ];
  test.each(wrong)("refuses the layout %o", (given, code, message) => {
    const error = thrown(() => mesh.input(["batch", 784], "float32", given));
    expect(error).toBeInstanceOf(LayoutError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.at).toMatch(/placement\.test\.ts:\d+$/);
  });
});

describe("layouts", () => {
  const to = (given: object, shape: readonly number[] = [8, 4]) => toLayout(mesh.data, given as never, shape, "x");

  test("follow the mesh's order, whatever the object's", () => {
    expect(to({ model: S(0), data: S(0) })).toEqual([
      ["data", { kind: "S", dim: 0 }],
      ["model", { kind: "S", dim: 0 }],
    ]);
  });

  test("or the order given to layout(…)", () => {
    const inner = layout(mesh, [
      ["model", S(0)],
      ["data", S(0)],
    ]);
    expect(inner).toEqual({ model: "S(0)", data: "S(0)" });
    expect(to(inner).map(([axis]) => axis)).toEqual(["model", "data"]);
    expect(to(userLayout(to(inner), mesh.data))).toEqual(to(inner));
  });

  test("leave out what says nothing", () => {
    const line = placement("cpu", { data: 2, model: 1 });
    expect(toLayout(line.data, { data: "B", model: "S(0)" }, [4], "x")).toEqual([]);
  });

  test("take a partition only if it fits", () => {
    expect(to({ data: "S(0:5,3)" })[0]![1]).toEqual({ kind: "S", dim: 0, part: { sizes: [5, 3] } });
    const error = thrown(() => to({ data: "S(0:5,4)" }));
    expect(error.code).toBe("SL1025");
    expect(error.message).toMatch(/5\+4 make 9, the local extent is 8/);
  });

  test("an axis named twice is an error", () => {
    const pairs = () =>
      layout(mesh, [
        ["data", S(0)],
        ["data", S(1)],
      ]);
    expect(thrown(pairs).code).toBe("SL1020");
  });
});
