/** @file Files that are no programs: what is wrong is said, with the place and the next step. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isCommonJs, readsTypeScript } from "../../src/cli/typescript.ts";
import { firstLine, folder, programs, sluice } from "./support.ts";

const cwd = folder({
  "nothing.mjs": "export const net = 1; export const mesh = 2;",
  "throws.mjs": '\nfunction read() {\n  throw new RangeError("no data");\n}\nread();\n',
  "syntax.mjs": "export default {",
  "object.mjs": "throw { a: 1 };",
  "library.mjs": 'export function read() {\n  throw new RangeError("too far");\n}',
  "calls.mjs": 'import { read } from "./library.mjs";\nread();',
  "imports.mjs": 'import "no-such-package";',
  "number.mjs": "export default 3;",
  "misspelt.mjs": "export default { mesh: { data: 2 }, grahp: () => {} };",
  "meshless.mjs": "export default { graph: () => {} };",
  "size.mjs": "export default { mesh: { data: 1.5 }, graph: () => {} };",
  "samples.mjs":
    'export default { mesh: { data: 1 }, graph: () => {}, compile: { dims: { batch: 4 } }, samples: { unit: "rows", size: "bach" } };',
  "graph.mjs": "export default { mesh: { data: 2 }, graph: () => 3 };",
  "builds.mjs":
    'export default {\n  mesh: { data: 2 },\n  graph: () => {\n    throw new TypeError("no such layer");\n  },\n};',
  "common.cjs": "exports.__esModule = true; exports.default = { mesh: { data: 1 }, graph: () => 3 };",
});

describe("a file that is no program", () => {
  it.each([
    ["nothing.mjs", "nothing.mjs: it has no default export: it exports net, mesh", "export default defineProgram"],
    ["throws.mjs", "throws.mjs: it fails while it is loaded: RangeError: no data", "throws.mjs:3"],
    ["syntax.mjs", "syntax.mjs: it fails while it is loaded: ", "next: mend it"],
    ["imports.mjs", "imports.mjs: it fails while it is loaded: ", "no-such-package"],
    ["calls.mjs", "calls.mjs: it fails while it is loaded: RangeError: too far", "library.mjs:2"],
    ["object.mjs", "object.mjs: it fails while it is loaded: it throws an object", "next: mend it"],
    ["number.mjs", "defineProgram: options are an object, got 3 · at number.mjs", "choices: mesh, graph"],
    ["misspelt.mjs", 'defineProgram: there is no option "grahp" · at misspelt.mjs', 'did you mean "graph"?'],
    ["meshless.mjs", "defineProgram, option mesh: it is undefined · at meshless.mjs", "choices: { data: 2 }"],
    ["size.mjs", "defineProgram, option mesh, data: it is 1.5 · at size.mjs", "a whole number ≥ 1"],
    ["samples.mjs", 'defineProgram, option samples, size: it is "bach" · at samples.mjs', '"batch"'],
    ["graph.mjs", "compile takes a graph, got 3", "give what graph(mesh, …) returned"],
    ["common.cjs", "compile takes a graph, got 3", "give what graph(mesh, …) returned"],
    ["builds.mjs", "sluice: the program failed", "builds.mjs:4"],
  ])("%s", async (name, what, more) => {
    const { code, out, err } = await sluice(`plan ${name}`, { cwd });
    expect(firstLine(err)).toContain(what);
    expect(err).toContain(more);
    expect([code, out]).toEqual([1, ""]);
    // What loads it, and what called that, is not the user's.
    if (err.includes("SL8011")) expect(err).not.toMatch(/^\s*at |node_modules|node:internal/m);
  });
});

describe("TypeScript", () => {
  const typed = "export default { mesh: { data: 1 }, graph: () => 3 as number };";
  it("asks for tsx where nothing reads it", async () => {
    const { code, err } = await sluice("plan train.mts", { cwd: folder({ "train.mts": typed }) });
    const asks = /^train\.mts: TypeScript cannot be loaded: Node [\d.]+ does not read it, and there is no tsx/;
    expect(firstLine(err)).toMatch(readsTypeScript() ? /^compile takes a graph, got 3/ : asks);
    expect(code).toBe(1);
  });
  it("is CommonJS by its ending, or by its package", () => {
    const at = (type: string) => folder({ "package.json": JSON.stringify({ type }) });
    const kinds = [
      ["module", "a.ts"],
      ["module", "a.cts"],
      ["commonjs", "a.ts"],
      ["commonjs", "a.mts"],
    ] as const;
    expect(kinds.map(([type, name]) => isCommonJs(join(at(type), name)))).toEqual([false, true, true, false]);
    expect(isCommonJs(join(folder(), "a.ts"))).toBe(true);
  });
});

describe("a program", () => {
  it("that its own error stops is told with its line", async () => {
    const { code, err } = await sluice("plan mismatch.ts");
    expect(firstLine(err)).toMatch(/^nn\.linear\(17, 4\): expected \[\.\.\., 17\], got .* · at .*mismatch\.ts:12$/);
    expect(code).toBe(1);
  });
  it.each(["run", "trace", "bench"])("without batches cannot %s", async (command) => {
    const { code, err } = await sluice(`${command} unfed.ts`);
    expect(firstLine(err)).toBe("unfed.ts: it has nothing to feed");
    expect(code).toBe(1);
  });
  it.each([
    ["async () => []", "a promise"],
    ["() => 7", "7"],
    ["() => {}", "undefined"],
  ])("whose batches are %s is told what they should be", async (batches, given) => {
    const own = JSON.stringify(join(programs, "mlp.ts"));
    const cwd = folder({ "own.mjs": `import own from ${own};\nexport default { ...own, batches: ${batches} };` });
    const { code, err } = await sluice("run own.mjs", { cwd });
    expect(firstLine(err)).toBe(`own.mjs: batches returns ${given}, which gives none`);
    expect(err).toContain("async function*");
    expect(code).toBe(1);
  });
  it("that throws is told with its own lines alone", async () => {
    const { err } = await sluice("plan builds.mjs", { cwd });
    expect(err).toMatch(/^sluice: the program failed\nTypeError: no such layer\n {4}at .*builds\.mjs:4:\d+\)?\n/);
    expect(err).not.toMatch(/src.cli|node:/);
  });
});
