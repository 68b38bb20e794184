import { describe, expect, it } from "vitest";
import { array } from "../../src/ir/array.ts";
import type { DType } from "../../src/ir/dtype.ts";
import { FeedError } from "../../src/ir/errors.ts";

describe("array", () => {
  it("keeps the data itself and the shape as given", () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const a = array([2, 3], "float32", data);
    expect(a.shape).toEqual([2, 3]);
    expect(a.data).toBe(data);
  });

  it("takes scalars and empty arrays", () => {
    expect(array([], "int32", Int32Array.of(5)).shape).toEqual([]);
    expect(array([0, 784], "float32", new Float32Array(0)).data).toHaveLength(0);
  });

  it.each([
    ["SL6003", () => array([2, 3], "float32", new Float32Array(5)), "6 elements, the data 5"],
    ["SL6002", () => array([2], "int32", new Float32Array(2) as unknown as Int32Array), "int32 takes Int32Array"],
    ["SL6002", () => array([2], "float32", [1, 2] as unknown as Float32Array), "the data is Array"],
    ["SL6002", () => array([1], "float8" as DType, new Float32Array(1)), "choices: bool, int32, int64"],
    ["SL6001", () => array([-1], "bool", new Uint8Array(0)), "dim 0 is -1"],
    ["SL6001", () => array([2, 1.5], "bool", new Uint8Array(3)), "dim 1 is 1.5"],
  ])("answers %s: %s", (code, make, text) => {
    expect(make).toThrow(FeedError);
    expect(make).toThrow(text);
    expect(make).toThrow(code);
  });
});
