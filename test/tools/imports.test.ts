import { describe, expect, it } from "vitest";
import { checkImports } from "../../tools/imports.ts";

/** Problems as they are printed. */
const check = (files: Record<string, string>): string[] =>
  checkImports(new Map(Object.entries(files))).map(({ file, line, text }) => `${file}:${line} ${text}`);

describe("import arrows", () => {
  it("lets every layer import what stands below it", () => {
    expect(
      check({
        "src/index.ts": 'export { compile } from "./compiler/driver.ts"; export * from "./view/dot.ts";',
        "src/compiler/driver.ts": 'import "../graph/op.ts"; import "../sbp/rule.ts"; import "../ir/plan.ts";',
        "src/graph/op.ts": 'import "../sbp/rule.ts"; import "./ops/add.ts";',
        "src/graph/ops/add.ts": 'import "../../ir/plan.ts";',
        "src/sbp/rule.ts": 'import "../ir/plan.ts";',
        "src/actors/session.ts": 'import { map } from "rxjs"; import "../kernels/wasm.ts"; import "../sbp/rule.ts";',
        "src/kernels/wasm.ts": 'import { readFile } from "node:fs/promises"; import "../ir/plan.ts";',
        "src/data/loader.ts": 'import "../actors/session.ts";',
        "src/view/dot.ts": 'import "../actors/session.ts"; import "../graph/op.ts";',
        "src/testing/check.ts": 'import "../kernels/wasm.ts"; import "../graph/op.ts";',
        "src/ir/plan.ts": "",
        "src/sbp/rule.test.ts": 'import "../compiler/driver.ts"; import { compile } from "sluice";',
        "examples/mnist.ts": 'import { mnist } from "./shared/data.ts"; import { compile } from "sluice";',
      }),
    ).toEqual([]);
  });

  it("names the file, the line, what is imported and what would be allowed", () => {
    expect(
      check({
        "src/sbp/cost.ts":
          '/** @file */\nimport type { Graph } from "../ir/graph.ts";\nimport { add } from "../graph/add.ts";\n',
        "src/graph/add.ts": 'export const add = import("../compiler/pass.ts");',
        "src/actors/a.ts": 'export * from "../compiler/pass.ts";',
        "src/kernels/k.ts": 'type Session = import("../actors/a.ts").Session;',
        "src/ir/graph.ts": 'import "../sbp/cost.ts";',
        "src/compiler/pass.ts": "",
      }),
    ).toEqual([
      "src/sbp/cost.ts:3 imports src/graph/add.ts; sbp may only import ir",
      "src/graph/add.ts:1 imports src/compiler/pass.ts; graph may only import ir, sbp",
      "src/actors/a.ts:1 imports src/compiler/pass.ts; actors may only import ir, kernels, sbp",
      "src/kernels/k.ts:1 imports src/actors/a.ts; kernels may only import ir",
      "src/ir/graph.ts:1 imports src/sbp/cost.ts; ir may only import itself",
    ]);
  });

  it.each([
    ["a file of the top", "src/graph/a.ts", "../index.ts", "graph may only import ir, sbp"],
    ["the package by its name", "src/view/a.ts", "sluice", "src may only import its own files by path"],
    ["a file outside src", "src/view/a.ts", "../../tools/b.ts", "view may only import files of src"],
    ["a test", "src/ir/a.ts", "./b.test.ts", "ir may only import what is published, no tests"],
    ["from an unknown folder", "src/misc/a.ts", "../sbp/b.ts", "misc is no layer of the house"],
    ["src from an example", "examples/a.ts", "../src/index.ts", "examples may only import sluice"],
  ])("refuses %s", (_, file, specifier, why) => {
    expect(check({ [file]: `import x from "${specifier}";` })).toEqual([expect.stringContaining(`; ${why}`)]);
  });
});

describe("import cycles", () => {
  it("finds the shortest cycle once, whatever hangs on it", () => {
    expect(
      check({
        "src/ir/entry.ts": 'import "./a.ts";',
        "src/ir/a.ts": 'import "./leaf.ts";\nimport "./b.ts";',
        "src/ir/b.ts": 'export { c } from "./c.ts";',
        "src/ir/c.ts": 'import { type A } from "./a.ts";',
        "src/ir/leaf.ts": "",
      }),
    ).toEqual([
      "src/ir/a.ts:2 imports src/ir/b.ts, which imports src/ir/c.ts, which imports src/ir/a.ts; " +
        "a file may only import files that do not lead back to it",
    ]);
  });

  it("allows cycles of types alone", () => {
    expect(
      check({
        "src/ir/a.ts": 'import { b } from "./b.ts";',
        "src/ir/b.ts": 'import type { A } from "./a.ts"; export type { A } from "./a.ts";',
      }),
    ).toEqual([]);
  });
});
