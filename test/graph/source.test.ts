/** @file Which line is the user's. */
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { lineIn } from "../../src/graph/source.ts";

const root = resolve(import.meta.dirname, "../..");

test("no line of the package is the user's, neither as it was built nor as source maps name it", () => {
  const frames = [
    `at stackFrames (${join(root, "src/graph/source.ts")}:18:15)`,
    `at Object.reshape (${pathToFileURL(join(root, "dist/graph/tensor.js"))}:7:1)`,
    "at Module.run (node:internal/modules/esm:1:1)",
    `at ${join(root, "examples/mnist.ts")}:37:5`,
    "at main (/elsewhere/train.ts:3:9)",
  ];
  expect(lineIn(frames)).toBe("examples/mnist.ts:37");
  expect(lineIn(frames.slice(0, 3))).toBeUndefined();
});
