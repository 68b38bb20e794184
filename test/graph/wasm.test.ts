/**
 * @file Kernels of the engine against the reference: every case in float32, in every other dtype that its op takes in its
 * place (16-bit floats where elements are only moved), and its rules in float64.
 */
import { describe, expect, test } from "vitest";
import { opDef } from "../../src/graph/registry.ts";
import { type DType, isFloat, isHalf, isInteger } from "../../src/ir/dtype.ts";
import { fromElements, toElements } from "../../src/ir/element.ts";
import { onWhole } from "../../src/testing/apply.ts";
import { onEngine } from "../../src/testing/engine.ts";
import { difference, sequence, type Value } from "../../src/testing/value.ts";
import { type Case, cases, shapesOf, typesOf, values } from "./cases.ts";
import { execute } from "./kernels.ts";
import { check, meshOf } from "./reference.ts";

/** Of values, relative to 1 or more. */
const tolerances: Readonly<Record<DType, number>> = {
  float32: 1e-5,
  float64: 1e-12,
  float16: 0,
  bfloat16: 0,
  int32: 0,
  int64: 0,
  bool: 0,
};

/** The case with other numbers for its float32, in operands and attributes; nothing where the op takes none. */
function inDtype(c: Case, dtype: DType): Case[] {
  const types = typesOf(c).map((type) => (type.dtype === "float32" ? { ...type, dtype } : type));
  const attrs = c.attrs.dtype === "float32" ? { ...c.attrs, dtype } : c.attrs;
  const moves = opDef(c.kind).moves === true;
  if (isHalf(dtype) && !moves) return [];
  const changed = { ...c, attrs, dtypes: types.map(({ dtype }) => dtype) };
  if (shapesOf(changed) === shapesOf({ ...c, dtypes: typesOf(c).map(({ dtype }) => dtype) })) return [];
  try {
    opDef(c.kind).infer(types, attrs);
    return [changed];
  } catch {
    return [];
  }
}

const others = (["float64", "int32", "int64", "float16", "bfloat16"] as const).flatMap((dtype) =>
  cases.flatMap((c) => inDtype(c, dtype)),
);
const all = [...cases, ...others];

/** As a dtype holds it. */
const held = (value: Value): Value => ({
  ...value,
  data: fromElements(value.dtype, toElements(value.dtype, value.data)),
});

describe("every op gives on the engine what the reference gives", () => {
  test.each(all.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    const ins = values(c, sequence(23)).map(held);
    const expected = onWhole(c.kind, ins, c.attrs, execute).map((v) => (isHalf(v.dtype) ? held(v) : v));
    const least = Math.max(0, ...ins.filter(({ dtype }) => isFloat(dtype)).map(({ dtype }) => tolerances[dtype]));
    onWhole(c.kind, ins, c.attrs, onEngine).forEach(({ data, dtype }, i) => {
      expect(data.length).toBe(expected[i]!.data.length);
      const tolerance = isInteger(dtype) ? 0 : Math.max(least, tolerances[dtype]);
      data.forEach((x, at) => {
        const y = expected[i]!.data[at]!;
        expect(difference(x, y, Math.max(1, Math.abs(y))), `output ${i}[${at}]: ${x} against ${y}`).toBeLessThanOrEqual(
          tolerance,
        );
      });
    });
  });

  test("in float64 every op that takes float32, and in all dtypes every one that moves elements", () => {
    const kindsIn = (of: readonly Case[], dtype: DType) =>
      new Set(of.filter((c) => c.attrs.dtype === dtype || c.dtypes?.includes(dtype)).map(({ kind }) => kind));
    const floats = new Set(cases.filter((c) => typesOf(c).some(({ dtype }) => dtype === "float32")).map((c) => c.kind));
    expect([...floats].filter((kind) => !kindsIn(others, "float64").has(kind))).toEqual([]);
    const movers = [...floats].filter((kind) => opDef(kind).moves);
    for (const dtype of ["float16", "bfloat16", "int64"] as const)
      expect(movers.filter((kind) => !kindsIn(others, dtype).has(kind))).toEqual([]);
  });
});

describe("rules hold on the engine in float64", () => {
  const meshes = [meshOf(2), meshOf(3), meshOf(2, 2)];
  const double = others.filter(({ dtypes }) => dtypes?.includes("float64"));
  test.each(double.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    const { run, untrue } = check(c, opDef(c.kind).rules, meshes, 17, onEngine);
    expect(run).toBeGreaterThan(0);
    expect(untrue).toEqual([]);
  });
});
