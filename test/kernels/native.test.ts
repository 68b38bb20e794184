/** @file The native engine: how it is built, kept and proven, and what happens where it cannot be had. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { kernels } from "../../src/ir/kernel-table.ts";
import type { Call } from "../../src/ir/program.ts";
import { encode, fixed } from "../../src/kernels/encode.ts";
import { createExecutor, type Engine, findEngines, loadEngine } from "../../src/kernels/engine.ts";
import { buildLibrary } from "../../src/kernels/native/build.ts";
import { findCompiler } from "../../src/kernels/native/compiler.ts";
import { selfTest } from "../../src/kernels/native/self-test.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-native-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** A program that stands in for a compiler, and a cache of its own. */
function stage(name: string, script: string) {
  const root = mkdtempSync(join(folder, `${name}-`));
  const cc = join(root, name);
  writeFileSync(cc, `#!/bin/sh\n${script}\n`);
  chmodSync(cc, 0o755);
  return { cc, env: { PATH: "/usr/bin:/bin", CC: cc, XDG_CACHE_HOME: root }, cache: join(root, "sluice"), root };
}
/** Writes something slowly, as a compiler does, and counts how often. */
const slow = (log: string) =>
  `echo run >> ${log}\nfor out; do :; done\nprintf 'half ' > "$out"\nsleep 0.2\nprintf whole >> "$out"`;
const quiet = () => vi.spyOn(console, "warn").mockImplementation(() => {});

describe("the compiler", () => {
  test("is what CC says, with its arguments, and nothing else", () => {
    const { cc, env } = stage("mycc", "");
    expect(findCompiler({ ...env, CC: `${cc} -m64  -g` })).toEqual({ name: cc, path: cc, args: ["-m64", "-g"] });
    expect(findCompiler({ PATH: env.PATH, CC: "no-such-cc" })).toBeUndefined();
  });
  test("is else the first of cc, clang and gcc in the path", () => {
    const { root } = stage("gcc", "");
    expect(findCompiler({ PATH: root })?.name).toBe("gcc");
    writeFileSync(join(root, "clang"), "", { mode: 0o755 });
    expect(findCompiler({ PATH: `/no/such/folder:${root}` })?.path).toBe(join(root, "clang"));
    writeFileSync(join(root, "cc"), "", { mode: 0o644 }); // not to be run
    expect(findCompiler({ PATH: root })?.name).toBe("clang");
    expect(findCompiler({ PATH: "" })).toBeUndefined();
  });
});

describe("the library", () => {
  test("is built once, and anew for another compiler or other flags of it", () => {
    const warn = quiet();
    const { root, env, cc, cache } = stage("cc", "");
    writeFileSync(cc, `#!/bin/sh\n${slow(join(root, "log"))}\n`);
    const first = buildLibrary(env);
    expect(readFileSync(first.file, "utf8")).toBe("half whole");
    expect(buildLibrary(env)).toEqual(first);
    expect(readFileSync(join(root, "log"), "utf8")).toBe("run\n");
    expect(warn.mock.calls.map(([line]) => line)).toEqual([expect.stringContaining(cc)]);
    expect(buildLibrary({ ...env, CC: `${cc} -g` }).file).not.toBe(first.file);
    writeFileSync(cc, `${readFileSync(cc, "utf8")}# another release\n`);
    expect(buildLibrary(env).file).not.toBe(first.file);
    expect(readdirSync(cache)).toHaveLength(3);
  });

  test("is whole whoever builds it at the same time", async () => {
    const { root, env, cc, cache } = stage("cc", "");
    writeFileSync(cc, `#!/bin/sh\n${slow(join(root, "log"))}\n`);
    const source = fileURLToPath(new URL("../../src/kernels/native/build.ts", import.meta.url));
    const body = `
      const { workerData: w, parentPort } = require("node:worker_threads");
      const { buildLibrary } = require("tsx/cjs/api").require(w.source, w.source);
      const { file } = buildLibrary(w.env);
      parentPort.postMessage({ file, text: require("node:fs").readFileSync(file, "utf8") });
    `;
    const built = await Promise.all(
      [0, 1, 2].map(() => {
        const worker = new Worker(body, { eval: true, workerData: { source, env }, stderr: true });
        return new Promise<{ file: string; text: string }>((done, fail) => {
          worker.once("message", done);
          worker.once("error", fail);
        });
      }),
    );
    expect(new Set(built.map(({ text }) => text))).toEqual(new Set(["half whole"]));
    expect(readdirSync(cache).map((name) => join(cache, name))).toEqual([built[0]!.file]);
  });

  test("says which compiler failed, on what command, and what it said first", () => {
    quiet();
    const { env, cc, cache } = stage(
      "cc",
      "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo kern.c:$i: bad >&2; done; exit 3",
    );
    const message = messageOf(() => buildLibrary(env));
    expect(message).toContain(`${cc} failed with exit code 3`);
    expect(message).toMatch(/-ffp-contract=off .*kern\.c -o /);
    expect(message).toContain("kern.c:1: bad\n");
    expect(message).not.toContain("kern.c:12");
    expect(message).toContain("SL4036");
    expect(readdirSync(cache)).toEqual([]);
  });

  test("is not built where its folder cannot be", () => {
    const { env, cc } = stage("cc", "");
    expect(messageOf(() => buildLibrary({ ...env, XDG_CACHE_HOME: cc }))).toMatch(/cache cannot be written/);
  });

  test("is proven before it is used", () => {
    const idle = () => ({ run() {}, workspace: () => 0 });
    const table = Object.entries(kernels).map(([name, { signature }]) => `${name}:${signature}\n`);
    expect(() => selfTest(table.join(""), idle)).toThrow(/a product is 0, not/);
    expect(() => selfTest(table.slice(1).join(""), idle)).toThrow(/not those of the table/);
    for (const { engine } of findEngines())
      if (engine) selfTest(table.join(""), (memory) => createExecutor(engine, memory, engine.reserved + engine.stack));
  });
});

test("where there is no compiler kernels run as WebAssembly, and one line says why", () => {
  const warn = quiet();
  vi.stubEnv("CC", "no-such-cc");
  vi.stubEnv("SLUICE_ENGINE", "");
  vi.resetModules();
  return import("../../src/kernels/engine.ts").then((fresh) => {
    expect(fresh.loadEngine().name).toBe("wasm");
    expect(fresh.loadEngine().name).toBe("wasm");
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^sluice: kernels run on wasm: .*CC names, no-such-cc.*$/)],
    ]);
    expect(messageOf(() => fresh.loadEngine("native"))).toMatch(/no-such-cc[\s\S]*SL4036/);
    expect(fresh.findEngines().map(({ name, engine }) => [name, engine?.name])).toEqual([
      ["native", undefined],
      ["wasm", "wasm"],
    ]);
    vi.stubEnv("SLUICE_ENGINE", "abacus");
    expect(messageOf(() => fresh.loadEngine())).toMatch(/no engine "abacus"[\s\S]*native, wasm[\s\S]*SL4036/);
  });
});

test("what is drawn and what is rounded has the same bits on every engine", () => {
  const bits = (engine: Engine) => {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
    const executor = createExecutor(engine, memory, engine.reserved + engine.stack);
    const n = 4099;
    const at = (k: number) => ({ buffer: (1 << 19) + k * 32768 });
    const drawn = (kind: number, out: number, suffix = ""): Call => ({
      kernel: `philox${suffix}`,
      args: [kind, -1.5, 2.25, 7, 9, 11, 1, 1, 1, n, 0, 0, 0, 1, 0, at(out)],
    });
    const calls: Call[] = [
      drawn(0, 0),
      drawn(1, 1),
      drawn(1, 2, "_f64"),
      { kernel: "unary", args: [1, n, at(1), at(4)] },
      { kernel: "unary_f64", args: [1, n, at(2), at(6)] },
      { kernel: "affine", args: [n, 1.1, 0.3, at(1), at(8)] },
    ];
    const code = encode(calls, { address: ({ buffer }) => fixed(buffer), traffic: () => 0 });
    const start = engine.reserved + engine.stack;
    new Float64Array(memory.buffer, start, code.length).set(code);
    executor.run(start, 0, start + (1 << 16));
    return [...new Int32Array(memory.buffer, 1 << 19, (9 * 32768) / 4)];
  };
  const [first, ...rest] = findEngines().flatMap(({ engine }) => (engine ? [bits(engine)] : []));
  expect(new Set(first).size).toBeGreaterThan(10_000);
  for (const other of rest) expect(other).toEqual(first);
});

test.skipIf(!existsSync("/sys/kernel/mm/transparent_hugepage/enabled"))(
  "large pages are asked for within the part that is named, and nothing is where that holds no whole page",
  () => {
    const pages = (16 << 20) / 65536;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const executor = createExecutor(loadEngine("native"), memory, 0);
    /** Bytes of this process that are flagged for them. */
    const flagged = () =>
      [...readFileSync("/proc/self/smaps", "utf8").matchAll(/^Size: +(\d+) kB$[\s\S]*?^VmFlags:(.*)$/gm)]
        .filter(([, , flags]) => flags!.split(" ").includes("hg"))
        .reduce((sum, [, size]) => sum + 1024 * Number(size), 0);
    const before = flagged();
    executor.largePages!(64, 1 << 20);
    expect(flagged()).toBe(before);
    executor.largePages!(64, 9 << 20);
    const asked = flagged() - before;
    expect(asked % (2 << 20)).toBe(0);
    expect([6 << 20, 8 << 20]).toContain(asked);
  },
);

test("the engine that is asked for is the one that is there", () => {
  for (const { name, engine } of findEngines()) if (engine) expect(loadEngine(name).name).toBe(name);
});

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was thrown";
}
