/** @file What is typed wrong gets an answer that says what would be right, and exit code 2. */
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands/index.ts";
import { firstLine, folder, sluice } from "./support.ts";

describe("help", () => {
  it("lists the commands, an example of each and exit codes, without arguments too", async () => {
    const { code, out } = await sluice("");
    expect(code).toBe(0);
    for (const { name, summary, examples } of commands) {
      expect(out).toContain(`${name.padEnd(10)}  ${summary}`);
      expect(out.split("\nexamples\n")[1]).toContain(examples[0]![0]);
    }
    expect(out).toMatch(/\n {2}3 {4}the plan does not fit the memory/);
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
    for (const asked of ["help", "--help", "-h"]) expect((await sluice(`${asked} ${name}`)).out).toBe(out);
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
    ["plan mlp.ts -mesh data=2", "sluice plan: there is no option -mesh", "did you mean --mesh?"],
    ["plan mlp.ts -x", "sluice plan: there is no option -x", "sluice plan --help"],
    ["run mlp.ts --steps", "sluice run: --steps has no value", "--steps N"],
    ["run mlp.ts --steps --mesh data=2", "sluice run: --steps has no value", "--steps N"],
    ["run mlp.ts --steps 0", '--steps: it cannot be "0"', "a whole number ≥ 1"],
    ["bench mlp.ts --warmup -1", '--warmup: it cannot be "-1"', "a whole number ≥ 0"],
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
    [
      "plan mlp.ts --mesh data=100000",
      "--mesh data=100000: the program compiles with its own data=2,model=1",
      "SL1004",
    ],
    ["graph mlp.ts --expand fc3", '--expand fc3: there is no module "fc3"', 'did you mean "fc1"?'],
    ["graph mlp.ts --expand nothere", '--expand nothere: there is no module "nothere"', "choices: all, fc1, fc2"],
    ["graph mlp.ts --format pdf", '--format: it cannot be "pdf"', "svg, dot, mermaid, json, html"],
    ["graph mlp.ts -o graph.pdf", '--output: it cannot be "graph.pdf"', "an ending of .svg"],
    ["graph mlp.ts --logical --physical", "--logical and --physical: they are two pictures", "give one of them"],
    ["completion csh", 'SHELL: it cannot be "csh"', "bash, zsh, fish"],
    ["completion", "sluice completion: SHELL is missing", "sluice completion SHELL"],
    ["plan nofile.ts", "nofile.ts: there is no such file", "give the path of a program file"],
    ["plan mpl.ts", "mpl.ts: there is no such file", "did you mean mlp.ts?"],
    ["plan mlp", "mlp: there is no such file", "did you mean mlp.ts?"],
    ["plan mlp.ts/x.ts", "mlp.ts/x.ts: there is no such file", "give the path of a program file"],
    ["plan .", ".: it is no file", "give the path of a program file"],
  ])("%s", async (line, what, next) => {
    const { code, out, err } = await sluice(line);
    expect(firstLine(err)).toContain(what);
    expect(err).toContain(next);
    expect(err).toMatch(/\n {2}\[SL80\d\d: sluice\/docs\/errors\/SL80\d\d\.md\]\n$/);
    expect([code, out]).toEqual([2, ""]);
  });

  it.each(["up", "ls", "run a.ts", "run x.mjs", "plan mlp.ts -x", "plan mlp.ts --ui"])(
    "%s is near to nothing",
    async (line) => {
      const { code, err } = await sluice(line);
      expect(err).not.toContain("did you mean");
      expect(code).toBe(2);
    },
  );

  it("is JSON where JSON was asked for", async () => {
    const { code, out, err } = await sluice("plan mlp.ts --mesh data=0 --json");
    const { error, exit } = JSON.parse(err);
    expect(error).toMatchObject({ name: "OptionError", code: "SL8003", what: 'the size of data is "0"' });
    expect([exit, code, out]).toEqual([2, 2, ""]);
  });
});

describe("a cluster file", () => {
  const keys = "about, ranks, perHost, memory, devices, precision, links";
  const link = "seconds a byte, from 0 to 0.001: 4e-11 for 25 GB/s";
  const one = {
    "text.json": ["ranks: 8", "it is no JSON"],
    "list.json": ["[]", `it is an array, where it should be an object with any of ${keys}`],
    "key.json": ['{ "rank": 8 }', "there is no rank: did you mean ranks?"],
    "far.json": ['{ "gpus": 8 }', `there is no gpus: the keys are ${keys}`],
    "beta.json": [
      '{ "links": { "local": { "alpha": 1e-6, "beta": 300 } } }',
      `links.local.beta is 300, where it should be ${link}`,
    ],
    "half.json": ['{ "links": { "local": { "alpha": 1e-6 } } }', "links.local.beta is missing"],
    "axes.json": ['{ "links": { "axes": [] } }', "links.axes is an array, where it should be an object"],
    "figure.json": ['{ "memory": "80 GB" }', 'memory is "80 GB", where it should be a whole number of bytes a rank'],
    "endless.json": ['{ "memory": 1e999 }', "memory is Infinity, where it should be a whole number of bytes a rank"],
  } as const;
  const files = Object.fromEntries(Object.entries(one).map(([name, [text]]) => [name, text]));
  const many = `{ "rank": 3, "ranks": -1.5, "precision": "fp32", "links": { "remote": 3, "axes": { "data": { "alpha": 0, "beta": 0, "gamma": 1 } } } }`;
  const cwd = folder({ ...files, "many.json": many, "empty.mjs": "" });
  const none = [
    ["none.json", "it cannot be read: there is no such file"],
    ["./", "it cannot be read: it is a folder"],
  ] as const;
  it.each([...Object.entries(one).map(([name, [, what]]) => [name, what] as const), ...none])(
    "that is none: %s",
    async (name, what) => {
      const { code, err } = await sluice(`plan empty.mjs --cluster ${name}`, { cwd });
      expect(firstLine(err).startsWith(`${name}: ${what}`), err).toBe(true);
      expect(err).toContain('next: a cluster is such as { "ranks": 16');
      expect(err).toContain("[SL8020: ");
      expect(code).toBe(2);
    },
  );
  it("is told all of its mistakes", async () => {
    const { err } = await sluice("plan empty.mjs --cluster many.json", { cwd });
    expect(err.split("\n").slice(0, 6)).toEqual([
      "many.json: it has 5 mistakes",
      "  ranks is -1.5, where it should be a whole number of ranks, 1 or more",
      '  precision is "fp32", where it should be "float32", "bfloat16" or "float16"',
      "  links.remote is 3, where it should be an object with any of alpha, beta",
      "  there is no links.axes.data.gamma: the keys are alpha, beta",
      "  there is no rank: did you mean ranks?",
    ]);
  });
});
