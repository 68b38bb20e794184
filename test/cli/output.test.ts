/** @file Files that commands write: where none can be is said before the program is even loaded, and one is whole or absent. */
import { chmodSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { firstLine, folder, programs, sluice } from "./support.ts";

const mlp = join(programs, "mlp.ts");
const lines = ["graph FILE -o", "plan FILE -o", "trace FILE --steps 2 -o"];
const given = (line: string, file: string, output: string) =>
  `${line} ${output}`.split(" ").map((word) => (word === "FILE" ? file : word));

describe.each(lines)("%s", (line) => {
  const cwd = folder({ "throws.mjs": 'throw new Error("it was loaded");', "file.txt": "", "graph.svg": "" });
  it.each([
    ["nowhere/to.svg", "there is no folder nowhere", "mkdir -p nowhere"],
    ["file.txt/to.svg", "file.txt is no folder", "give another one"],
    [".", "it is a folder", "give the name of a file in it"],
  ])("%s", async (output, what, next) => {
    const format = line.startsWith("graph") ? ["--format", "svg"] : [];
    const { code, out, err } = await sluice([...given(line, "throws.mjs", output), ...format], { cwd });
    expect(firstLine(err)).toBe(`--output ${output}: ${what}`);
    expect(err).toContain(`next: ${next}`);
    expect([code, out]).toEqual([2, ""]);
  });
  it("leaves nothing beside what it writes", async () => {
    const at = folder();
    const { code, err } = await sluice(given(line, mlp, "to.json"), { cwd: at });
    expect([code, err]).toEqual([0, ""]);
    JSON.parse(readFileSync(join(at, "to.json"), "utf8"));
    expect(readdirSync(at)).toEqual(["to.json"]);
  });
});

// The superuser may write everywhere.
describe.skipIf(process.getuid?.() === 0 || process.platform === "win32")("what must not be written", () => {
  it("is named", async () => {
    const at = folder({ "mine.svg": "kept" });
    chmodSync(join(at, "mine.svg"), 0o444);
    const { code, err } = await sluice(["graph", mlp, "-o", "mine.svg"], { cwd: at });
    expect(firstLine(err)).toBe("--output mine.svg: it must not be written");
    chmodSync(at, 0o555);
    const there = await sluice(["trace", mlp], { cwd: at });
    expect(firstLine(there.err)).toBe("--output trace.json: the folder . must not be written to");
    expect([code, there.code]).toEqual([2, 2]);
    chmodSync(at, 0o755);
  });
});

describe.skipIf(process.platform === "win32")("what is there", () => {
  it("is followed where it is a link, and written to where it is a device", async () => {
    const at = folder({ "real.dot": "old" });
    symlinkSync("real.dot", join(at, "link.dot"));
    await sluice(["graph", mlp, "-o", "link.dot"], { cwd: at });
    expect(readFileSync(join(at, "real.dot"), "utf8")).toMatch(/^digraph/);
    const { code } = await sluice(["graph", mlp, "--format", "dot", "-o", "/dev/null"], { cwd: at });
    expect(code).toBe(0);
  });
  it.skipIf(process.platform !== "linux")("is not lost when the disk is full", async () => {
    const { code, err } = await sluice(["graph", mlp, "--format", "dot", "-o", "/dev/full"]);
    expect(firstLine(err)).toBe("/dev/full: it cannot be written: its disk is full");
    expect(err).toContain("[SL8004: ");
    expect(code).toBe(1);
  });
});

describe("graph --json", () => {
  const asJson = async (line: string, cwd = programs) => {
    const { code, out, err } = await sluice(["graph", mlp, "--json", ...line.split(" ")], { cwd });
    expect([code, err, out.trimEnd().split("\n").length]).toEqual([0, "", 1]);
    return JSON.parse(out);
  };
  it("is JSON in every format", async () => {
    for (const format of ["svg", "dot", "mermaid", "html"]) {
      const { out } = await sluice(["graph", mlp, "--format", format]);
      const { text, ...rest } = await asJson(`--format ${format}`);
      expect([text.trimEnd(), rest]).toEqual([out.trimEnd(), { format }]);
    }
  });
  it("says what was written, in the format of the file's name", async () => {
    const at = folder();
    const said = await asJson("-o drawn.mmd", at);
    const text = readFileSync(join(at, "drawn.mmd"));
    expect(said).toEqual({ file: "drawn.mmd", format: "mermaid", bytes: text.length });
    expect(text.toString()).toContain("flowchart TB");
  });
});
