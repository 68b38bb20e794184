/**
 * @file What the public types cost the compiler, against a budget: 60,000 type instantiations for all type tests and
 * examples together, and as many for a generated program of 500 ops. Only what a user's program makes the compiler do
 * is counted, not the check of Sluice's own files. Instantiations are the same on every machine, so they are asserted;
 * times are printed beside them. Method: hono's and TypeScript's own type benchmarks count the same number.
 */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const BUDGET = 60_000;
const OPS = 500;

/** Programs that exist only in memory, by path. */
type Virtual = ReadonlyMap<string, string>;

interface Cost {
  /** Instantiations that checking the file added to what the files before it had asked for. */
  readonly instantiations: number;
  readonly seconds: number;
  readonly errors: readonly string[];
}

/** Checks files one after the other with one checker. */
export function measure(root: string, files: readonly string[], virtual: Virtual = new Map()): Map<string, Cost> {
  const options = readOptions(root);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = virtual.get(path);
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram({ rootNames: [...files], options, host });
  const costs = new Map<string, Cost>();
  for (const path of files) {
    const before = program.getInstantiationCount();
    const start = performance.now();
    const source = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    costs.set(path, {
      instantiations: program.getInstantiationCount() - before,
      seconds: (performance.now() - start) / 1000,
      errors: found.map((each) => ts.flattenDiagnosticMessageText(each.messageText, "\n")),
    });
  }
  return costs;
}

function readOptions(root: string): ts.CompilerOptions {
  const path = join(root, "tsconfig.json");
  const { config, error } = ts.readConfigFile(path, ts.sys.readFile);
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  return ts.parseJsonConfigFileContent(config, ts.sys, root).options;
}

/** The price of the imports alone. */
const FLOOR = 'import { placement } from "sluice";\nexport const mesh = placement("cpu", { data: 2, model: 2 });\n';

/** A program of `ops` statements, one op each, over operators of every kind. */
function longProgram(ops: number): string {
  const kinds = [
    "matmul(w)",
    "add(bias)",
    "relu()",
    "mul(x)",
    "to(mesh, { data: S(0) })",
    "sub(x)",
    "mul(0.5)",
    "exp()",
  ];
  const lines = [
    'import { placement, S, type Tensor } from "sluice";',
    'const mesh = placement("cpu", { data: 2, model: 2 });',
    'declare const x: Tensor<["batch", 64], "float32">;',
    'declare const w: Tensor<[64, 64], "float32">;',
    'declare const bias: Tensor<[64], "float32">;',
    "const t0 = x;",
  ];
  for (let i = 0; i < ops; i++) lines.push(`const t${i + 1} = t${i}.${kinds[i % kinds.length]};`);
  lines.push(`export const last: Tensor<["batch", 64], "float32"> = t${ops};`);
  return lines.join("\n");
}

function under(folder: string, ends: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(ends))
    .sort()
    .map((name) => join(folder, name));
}

/** Prints the costs of a group of files; true if the group stays within the budget. */
function report(root: string, name: string, files: readonly string[], virtual: Virtual): boolean {
  let total = 0;
  let errors = 0;
  console.log(`${name}:`);
  for (const [path, cost] of measure(root, files, virtual)) {
    total += cost.instantiations;
    errors += cost.errors.length;
    const figure = cost.instantiations.toLocaleString("en").padStart(9);
    console.log(`${figure}  ${cost.seconds.toFixed(2)} s  ${relative(root, path)}`);
    if (cost.errors.length)
      console.log(`${" ".repeat(11)}${cost.errors.length} type errors, the first: ${cost.errors[0]}`);
  }
  const fits = total <= BUDGET && errors === 0;
  console.log(
    `${total.toLocaleString("en").padStart(9)}  of ${BUDGET.toLocaleString("en")} instantiations: ${fits ? "ok" : "FAILED"}\n`,
  );
  return fits;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = dirname(import.meta.dirname);
  const floor = join(root, "examples", "(imports alone).ts");
  const long = join(root, "examples", `(${OPS} ops).ts`);
  const virtual = new Map([
    [floor, FLOOR],
    [long, longProgram(OPS)],
  ]);
  const written = [...under(join(root, "test", "types"), ".test-d.ts"), ...under(join(root, "examples"), ".ts")];
  const fits = [
    report(root, "type tests and examples", [floor, ...written], virtual),
    report(root, `a program of ${OPS} ops`, [floor, long], virtual),
  ];
  process.exitCode = fits.every(Boolean) ? 0 : 1;
}
