/** @file `sluice` as a process: its exit code, Ctrl-C, a pipe that is closed, and programs that leave something open. */
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { folder, programs } from "./support.ts";

const bin = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const start = (args: readonly string[], cwd = programs, stdio?: StdioOptions): ChildProcess =>
  spawn(process.execPath, ["--import", import.meta.resolve("tsx"), bin, ...args], { cwd, ...(stdio && { stdio }) });

async function ended(child: ChildProcess) {
  const told = { out: "", err: "" };
  child.stdout!.on("data", (chunk) => (told.out += chunk));
  child.stderr!.on("data", (chunk) => (told.err += chunk));
  const [code] = await once(child, "close");
  return { code: code as number, ...told };
}

it("finishes the steps that have begun when it is interrupted, and exits with 130", async () => {
  const child = start(["run", "mlp.ts", "--steps", "1000000000", "--json"]);
  child.stdout!.once("data", () => child.kill("SIGINT"));
  const { code, out, err } = await ended(child);
  expect(code).toBe(130);
  expect(err).toContain("sluice: interrupted; steps that have begun are finished.");
  const steps = out.trimEnd().split("\n");
  expect(JSON.parse(steps.at(-1)!).step).toBe(steps.length - 1);
});

it("ends when nobody reads on", async () => {
  const child = start(["graph", "mlp.ts"]);
  child.stdout!.destroy();
  expect(await ended(child)).toMatchObject({ code: 0, err: "" });
});

it.skipIf(process.platform !== "linux")("says that what it prints goes nowhere", async () => {
  const full = openSync("/dev/full", "w");
  const child = start(["plan", "mlp.ts"], programs, [0, full, "pipe"]);
  let err = "";
  child.stderr!.on("data", (chunk) => (err += chunk));
  const [code] = await once(child, "close");
  expect([code, err]).toEqual([1, "sluice: standard output cannot be written: its disk is full\n"]);
  const deaf = start(["plan", "nofile.ts"], programs, [0, "pipe", full]);
  expect((await once(deaf, "close"))[0]).toBe(2);
  closeSync(full);
});

it("ends though the program has left something open, with the code of its error", async () => {
  const open = "setInterval(() => {}, 1000);\nexport default { mesh: { data: 1 }, graph: () => 3 };\n";
  const { code, err } = await ended(start(["plan", "open.mjs"], folder({ "open.mjs": open })));
  expect(err).toContain("compile takes a graph, got 3");
  expect(code).toBe(1);
});

it("says that a program never finishes loading, where Node would end without a word", async () => {
  const files = { "never.mjs": "await new Promise(() => {});\nexport default {};\n" };
  const { code, err } = await ended(start(["plan", "never.mjs"], folder(files)));
  expect(err).toMatch(
    /^never\.mjs: it fails while it is loaded: a top-level await never settles\n {2}next: .*\n.*SL8011/,
  );
  expect(code).toBe(1);
});

it("names the line of a mistake in syntax", async () => {
  const cwd = folder({ "syntax.mjs": "const a = 1;\nexport default {\n" });
  const { code, err } = await ended(start(["plan", "syntax.mjs"], cwd));
  expect(err).toMatch(
    /^syntax\.mjs: it fails while it is loaded: SyntaxError: .* · at syntax\.mjs:3\n {2}next: mend it/,
  );
  expect(err).not.toContain("esbuild");
  expect(code).toBe(1);
});

it.each([
  ["Promise.reject(new Error('unheard'))", "unheard"],
  ["setTimeout(() => { throw new Error('late'); })", "late"],
])("tells what goes wrong where nobody waits for it: %s", async (line, message) => {
  const cwd = folder({ "program.mjs": `${line};\nawait new Promise((done) => setTimeout(done, 10_000));\n` });
  const { code, err } = await ended(start(["plan", "program.mjs"], cwd));
  expect(err).toMatch(new RegExp(`^sluice: the program failed\\nError: ${message}\\n.*program\\.mjs:1`));
  const json = await ended(start(["plan", "program.mjs", "--json"], cwd));
  expect(JSON.parse(json.err)).toMatchObject({ error: { name: "Error", message }, exit: 1 });
  expect([code, json.code]).toEqual([1, 1]);
});
