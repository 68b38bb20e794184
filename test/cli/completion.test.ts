/** @file Completion scripts know every command, option and choice. The shells that are there are asked what they offer. */
import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { clusters } from "../../src/clusters.ts";
import { folder, programs, sluice } from "./support.ts";

const has = (shell: string): boolean => {
  const there = spawnSync(shell, ["--version"]).error === undefined;
  if (!there) console.log(`${shell} is not there: its completion is not tried`);
  return there;
};
const presets = Object.keys(clusters);

/** What bash would offer behind this line, which it splits at blanks and at `=`; the last word is being typed. */
async function offered(line: string, cwd = programs): Promise<string[]> {
  const { out } = await sluice("completion bash");
  const words = line.split(/ |(?<==)|(?==)/);
  const script = `${out}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_sluice sluice '${words.at(-1)}' '${words.at(-2)}'
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", script], { cwd, encoding: "utf8" }).split("\n").filter(Boolean);
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
    ["sluice plan mlp.ts --cluster 8", ["8-gpu-server"]],
    ["sluice plan mlp.ts --cluster ml", ["mlp.ts"]],
    ["sluice plan mlp.ts --cluster=1", ["1024-gpus"]],
    ["sluice graph --format=m", ["mermaid"]],
    ["sluice doctor ", []],
    ["sluice doctor --j", ["--json"]],
  ])("%s", async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });
});

it("bash offers clusters beside files, whose names may have blanks", async () => {
  const cwd = folder({ "two servers.json": "" });
  expect(await offered("sluice plan --cluster ", cwd)).toEqual([...presets, "two servers.json"]);
  expect(await offered("sluice plan --cluster=", cwd)).toEqual([...presets, "two servers.json"]);
});

describe.runIf(has("fish"))("fish", () => {
  it.each([
    ["sluice pl", ["plan"]],
    ["sluice plan mlp.ts --cl", ["--cluster"]],
    ["sluice plan --cluster=1", ["--cluster=1024-gpus"]],
    ["sluice plan --cluster th", ["this-machine"]],
    ["sluice plan --cluster ml", ["mlp.ts"]],
    ["sluice graph --format m", ["mermaid"]],
    ["sluice completion ", ["bash", "fish", "zsh"]],
    ["sluice run --steps ", []],
  ])("%s", async (line, words) => {
    const at = folder({ sluice: (await sluice("completion fish")).out });
    const command = `source ${at}/sluice; complete -C '${line}'`;
    const told = execFileSync("fish", ["--no-config", "-c", command], { cwd: programs, encoding: "utf8" });
    expect(told.split("\n").flatMap((each) => each.split("\t")[0] || [])).toEqual(words);
  });
});

describe.runIf(has("zsh"))("zsh", () => {
  // In a terminal of its own, in which a tab is pressed; the quotes keep what is typed from looking like what is waited for.
  const session = `
zmodload zsh/zpty
zpty it zsh -f -i
zpty -w it "fpath=($1 \\$fpath); autoload -Uz compinit; compinit -u -D; PS1='REA''DY>'; unsetopt beep"
zpty -r it out '*READY>*'
zpty -n -w it "$2"$'\\t\\x15'"print E''ND"$'\\n'
zpty -r it out '*END*'
print -r -- "$out"
zpty -d it`;
  it.each([
    ["sluice pl", ["sluice plan"]],
    ["sluice plan mlp.ts --cl", ["--cluster"]],
    ["sluice plan --cluster ", [...presets, "mlp.ts"]],
    ["sluice plan --cluster=8", ["--cluster=8-gpu-server"]],
    ["sluice graph mlp.ts --format m", ["mermaid"]],
    ["sluice completion ", ["bash", "zsh", "fish"]],
    ["sluice trace ml", ["mlp.ts"]],
  ])("%s", async (line, words) => {
    const at = folder({ _sluice: (await sluice("completion zsh")).out });
    const told = execFileSync("zsh", ["-f", "-c", session, "zsh", at, line], {
      cwd: programs,
      encoding: "utf8",
      timeout: 30_000,
    });
    for (const word of words) expect(told).toContain(word);
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
