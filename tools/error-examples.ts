/**
 * @file Runs the examples of the error codes, as a user's program would run: JavaScript with the names of the package, in
 * an empty folder, in a file of its own, so that messages name its lines.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInThisContext } from "node:vm";
import * as sluice from "sluice";
import * as cli from "sluice/cli";
import * as data from "sluice/data";
import * as testing from "sluice/testing";
import type { Entry } from "../src/ir/codes/entry.ts";

/** Tensors that expressions in a graph may use. */
const tensors: Readonly<Record<string, string>> = {
  x: 'mesh.input([8, 6], "float32", { data: S(0) })',
  w: 'mesh.input([6, 4], "float32", { model: S(1) })',
  bias: 'mesh.input([6], "float32")',
  ids: 'mesh.input([8], "int32", { data: S(0) })',
  mask: 'mesh.input([8, 6], "bool")',
  image: 'mesh.input([8, 3, 16, 16], "float32", { data: S(0) })',
  named: 'mesh.input(["batch", 6], "float32", { data: S(0) })',
};

/** What programs may take for granted, by the name that they use; written out in front of them. */
const preambles: readonly (readonly [name: string, text: string])[] = [
  [
    "digits",
    `const images = array([100, 784], "float32", new Float32Array(100 * 784));
const digits = dataset(images, array([100], "int32", new Int32Array(100)));`,
  ],
  ["batch", 'const batch = { x: array([8, 6], "float32", new Float32Array(48)) };'],
  ["plan", "const plan = compile(training);"],
  [
    "training",
    `const net = nn.linear(6, 4, { name: "fc" });
const training = graph(mesh, { name: "training", inputs: { x: mesh.input([8, 6], "float32") } }, ({ x }, g) => {
  const loss = net(x).square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});`,
  ],
  [
    "piped",
    `const [first, second] = [nn.linear(6, 6, { name: "first" }), nn.linear(6, 4, { name: "second" })];
const inputs = { x: front.input(["batch", 6], "float32") };
const piped = graph([front, back], { name: "piped", inputs }, ({ x }, g) => {
  const loss = second(first(x).relu().to(back)).square().mean();
  g.minimize(loss, optim.sgd({ lr: 0.1 }));
  return { loss };
});`,
  ],
  [
    "front",
    'const pipe = placement("cpu", { stage: 2, data: 1 });\nconst [front, back] = [pipe.slice({ stage: 0 }), pipe.slice({ stage: 1 })];',
  ],
  ["mesh", 'const mesh = placement("cpu", { data: 2, model: 2 });'],
];

const modules = {
  sluice,
  "sluice/data": data,
  "sluice/cli": cli,
  "sluice/testing": testing,
  "node:fs": { writeFileSync },
};

const mentions = (text: string, name: string) => new RegExp(`(?<![\\w"]|[^.]\\.)${name}\\b(?!:)`).test(text);

function inGraph(expression: string, other: string): string {
  const used = Object.keys(tensors).filter((name) => mentions(`${expression} ${other}`, name));
  const builder = /\bg\./.test(expression) ? ", g" : "";
  return `const inputs = {
${used.map((name) => `  ${name}: ${tensors[name]},`).join("\n")}
};
const built = graph(mesh, { name: "example", inputs }, ({ ${used.join(", ")} }${builder}) => ({
  y: ${expression},
}));
compile(built${used.includes("named") ? ", { dims: { batch: 8 } }" : ""});`;
}

/** The two programs of an entry, wrong and mended, each with its imports; undefined for a code that no program meets. */
export function programs(entry: Entry): readonly [wrong: string, mended: string] | undefined {
  if ("unmet" in entry) return undefined;
  const [wrong, mended] =
    "program" in entry
      ? entry.program
      : [inGraph(entry.inGraph[0], entry.inGraph[1]), inGraph(entry.inGraph[1], entry.inGraph[0])];
  return [whole(wrong), whole(mended)];
}

function whole(text: string): string {
  let body = text;
  for (const [name, preamble] of preambles)
    if (mentions(body, name) && !body.includes(`const ${name} `)) body = `${preamble}\n${body}`;
  const imports = Object.entries(modules).flatMap(([from, module]) => {
    const names = Object.keys(module)
      .filter((name) => mentions(body, name))
      .sort();
    return names.length ? [`import { ${names.join(", ")} } from "${from}";`] : [];
  });
  return `${imports.join("\n")}\n\n${body}`;
}

/** Each run is an evaluation of its own of the one file. */
let runs = 0;

/**
 * Runs a program to its end and gives what it threw, undefined if nothing. Sessions that it left open are closed. While
 * it runs the working directory is an empty folder.
 */
export async function outcome(program: string): Promise<unknown> {
  const home = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), "sluice-example-"));
  const sessions: { close(): Promise<void> }[] = [];
  // One thread is started faster than one for each core.
  const launch = async (plan: sluice.Plan, options?: sluice.SessionOptions) => {
    const session = await sluice.launch(plan, { threads: 1, ...options });
    sessions.push(session);
    return session;
  };
  const progress = (options: cli.ProgressOptions) => cli.progress({ ...options, out: { write: () => {} } });
  const scope = { ...Object.assign({}, ...Object.values(modules)), launch, progress, console: { log: () => {} } };
  // The lines of the imports stay, so that lines are counted as they are shown.
  const body = program.replace(/^import .*$/gm, "").replaceAll("import.meta.url", `"file:///model.js?${++runs}"`);
  try {
    process.chdir(folder);
    const filename = join(process.cwd(), "model.js");
    const text = `(async ({ ${Object.keys(scope).join(", ")} }) => {${body}\n})`;
    await (runInThisContext(text, { filename }) as (names: object) => Promise<void>)(scope);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    process.chdir(home);
    await Promise.all(sessions.map((session) => session.close()));
    rmSync(folder, { recursive: true });
  }
}
