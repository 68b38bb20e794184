/** @file What is typed wrong gets an answer that says what would be right, and exit code 2. */
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { firstLine, folder, sluice } from "./support.ts";

describe("help", () => {
  it("lists the commands and exit codes, without arguments too", async () => {
    const { code, out } = await sluice("");
    expect(code).toBe(0);
    for (const { name, summary } of commands) expect(out).toContain(`${name.padEnd(10)}  ${summary}`);
    expect(out).toMatch(/\n {2}3 {4}the plan does not fit/);
    expect((await sluice("--help")).out).toBe(out);
    expect((await sluice("help")).out).toBe(out);
  });
  it.each(commands.map(({ name }) => name))("of %s has its options and examples", async (name) => {
    const { code, out } = await sluice(`${name} --help`);
    expect(code).toBe(0);
    const { options, examples } = commands.find((each) => each.name === name)!;
    for (const option of [...Object.keys(options), "json", "help"]) expect(out).toContain(`--${option}`);
    for (const [line] of examples) expect(out).toContain(line);
    expect(out.split("\n").every((line) => line.length <= 130)).toBe(true);
    expect((await sluice(`help ${name}`)).out).toBe(out);
  });
  it("says the version of the package", async () => {
    expect((await sluice("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("wrong use", () => {
  it.each([
    ["rnu mlp.ts", 'sluice: there is no command "rnu"', "did you mean run?"],
    ["run", "sluice run: FILE is missing: a program file", "sluice run FILE"],
    ["run mlp.ts again.ts", 'sluice run: "again.ts" is one argument too many', "give one FILE"],
    ["doctor mlp.ts", 'sluice doctor: "mlp.ts" is one argument too many', "give options by --name"],
    ["run mlp.ts --stpes 3", "sluice run: there is no option --stpes", "did you mean --steps?"],
    ["plan mlp.ts -x", "sluice plan: there is no option -x", "sluice plan --help"],
    ["run mlp.ts --steps", "sluice run: --steps has no value", "--steps N"],
    ["run mlp.ts --steps --mesh data=2", "sluice run: --steps has no value", "--steps N"],
    ["run mlp.ts --steps 0", '--steps: it cannot be "0"', "a whole number ≥ 1"],
    ["run mlp.ts --steps 1.5", '--steps: it cannot be "1.5"', "a whole number ≥ 1"],
    ["run mlp.ts --json=yes", '--json: it cannot be "yes"', "no value"],
    ["plan mlp.ts --mesh foo", '--mesh foo: "foo" is no name with its size', "write --mesh data=2,model=2"],
    ["plan mlp.ts --mesh data=0", '--mesh data=0: the size of data is "0"', "a whole number ≥ 1"],
    ["plan mlp.ts --mesh data=2,", '--mesh data=2,: "" is no name with its size', "write --mesh"],
    ["plan mlp.ts --mesh dta=2", '--mesh dta=2: the program has no mesh axis "dta"', "did you mean data?"],
    ["plan mlp.ts --mesh data=2,data=4", '--mesh data=2,data=4: "data" is given twice', "write --mesh"],
    ["plan mlp.ts --dims batch=-1", '--dims batch=-1: the size of batch is "-1"', "a whole number ≥ 1"],
    ["plan mlp.ts --dims seq=4", '--dims seq=4: the program has no named dim "seq"', "write --dims batch=2"],
    ["plan mlp.ts --cluster 1024gpus", '--cluster: there is no cluster "1024gpus"', "did you mean 1024-gpus?"],
    ["graph mlp.ts --format pdf", '--format: it cannot be "pdf"', "svg, dot, mermaid, json, html"],
    ["graph mlp.ts -o graph.pdf", '--output: it cannot be "graph.pdf"', "an ending of .svg"],
    ["graph mlp.ts --logical --physical", "--physical: it cannot be", "one of --logical and --physical"],
    ["completion csh", 'SHELL: it cannot be "csh"', "bash, zsh, fish"],
    ["completion", "sluice completion: SHELL is missing", "sluice completion SHELL"],
    ["plan nofile.ts", "nofile.ts: there is no such file", "give the path of a program file"],
    ["plan mpl.ts", "mpl.ts: there is no such file", "did you mean mlp.ts?"],
    ["plan .", ".: it is no file", "give the path of a program file"],
  ])("%s", async (line, what, next) => {
    const { code, out, err } = await sluice(line);
    expect(firstLine(err)).toContain(what);
    expect(err).toContain(next);
    expect(err).toMatch(/\n {2}\[SL80\d\d: sluice\/docs\/errors\/SL80\d\d\.md\]\n$/);
    expect([code, out]).toEqual([2, ""]);
  });

  it("is JSON where JSON was asked for", async () => {
    const { code, out, err } = await sluice("plan mlp.ts --mesh data=0 --json");
    const { error, exit } = JSON.parse(err);
    expect(error).toMatchObject({ name: "OptionError", code: "SL8003", what: 'the size of data is "0"' });
    expect([exit, code, out]).toEqual([2, 2, ""]);
  });
});

describe("a cluster file", () => {
  const files = {
    "text.json": "ranks: 8",
    "key.json": '{ "rank": 8 }',
    "beta.json": '{ "links": { "local": { "alpha": 1e-6, "beta": 300 } } }',
    "figure.json": '{ "memory": "80 GB" }',
  };
  const cwd = folder({ ...files, "empty.mjs": "" });
  it.each([
    ["text.json", "text.json: it is no JSON"],
    ["key.json", "key.json: rank: "],
    ["beta.json", "beta.json: links.local.beta: "],
    ["figure.json", "figure.json: memory: "],
    ["none.json", "none.json: the file cannot be read"],
  ])("that is none: %s", async (name, what) => {
    const { code, err } = await sluice(`plan empty.mjs --cluster ${name}`, { cwd });
    expect(firstLine(err)).toContain(what);
    expect(err).toContain('next: write { "ranks": 16');
    expect(err).toContain("[SL8020: ");
    expect(code).toBe(2);
  });
});
