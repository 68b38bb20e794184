/** @file Completion scripts know every command, option and choice; bash's is asked. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { programs, sluice } from "./support.ts";

/** What bash would offer behind this line; the last word is the one that is being typed. */
async function offered(line: string): Promise<string[]> {
  const { out } = await sluice("completion bash");
  const words = line.split(" ");
  const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_sluice sluice '${words.at(-1)}' '${words.at(-2)}'
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { cwd: programs, encoding: "utf8" }).split("\n").filter(Boolean);
}

describe("bash", () => {
  it.each([
    ["sluice ", [...commands.map(({ name }) => name), "--help", "--version"]],
    ["sluice pl", ["plan"]],
    ["sluice plan mlp.ts --cl", ["--cluster"]],
    ["sluice graph mlp.ts --format ", ["svg", "dot", "mermaid", "json", "html"]],
    ["sluice graph mlp.ts --format m", ["mermaid"]],
    ["sluice graph ml", ["mlp.ts"]],
    ["sluice graph mlp.ts -o ml", ["mlp.ts"]],
    ["sluice completion ", ["bash", "zsh", "fish"]],
    ["sluice run mlp.ts --steps ", []],
    ["sluice doctor ", []],
    ["sluice doctor --j", ["--json"]],
  ])("%s", async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });
});

describe.each(["bash", "zsh", "fish"])("the script for %s", (shell) => {
  it("names all there is", async () => {
    const { code, out } = await sluice(`completion ${shell}`);
    expect(code).toBe(0);
    for (const { name, options } of commands) {
      expect(out).toContain(name);
      for (const option of Object.keys(options))
        expect(out).toContain(shell === "fish" ? `-l ${option}` : `--${option}`);
    }
    expect(out).toContain("svg dot mermaid json html");
  });
});

it("as JSON is the commands", async () => {
  const rows = JSON.parse((await sluice("completion --json")).out);
  expect(rows.map(({ name }: { name: string }) => name)).toEqual(commands.map(({ name }) => name));
});
