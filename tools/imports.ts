/**
 * @file Keeps the arrows of the house: which folder may import which, and no cycles between files. The check itself is
 * a pure function over {path → text}; the end of the file reads the working tree. `npm run lint` runs it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The layers of `src`, and what each may import besides `ir` and itself. `docs/internals.md` says why. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  ir: [],
  sbp: [],
  graph: ["sbp"],
  compiler: ["graph", "sbp"],
  kernels: [],
  actors: ["kernels", "sbp"],
  data: ["actors"],
  metrics: [],
};

/** Layers that read everything: the files beside `src/index.ts`, and those that only look, steer or check. */
const READERS = ["src/*.ts", "view", "cli", "testing"];

export interface ImportProblem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly text: string;
}

interface Import {
  readonly line: number;
  readonly specifier: string;
  /** `import type` and `export type` leave nothing behind at run time; `import { type T }` does. */
  readonly typeOnly: boolean;
}

/**
 * Imports that point where they must not, and files that import each other at run time: each file that lies on a cycle
 * is named in at least one.
 *
 * @param files Paths from the repository's root, with `/`, to source texts. Only imports between these files count
 *   for cycles.
 * @returns Problems in the order of files and lines.
 * @example
 * checkImports(new Map([["src/ir/a.ts", 'import "../graph/b.ts";'], ["src/graph/b.ts", ""]]));
 * // [{ file: "src/ir/a.ts", line: 1, text: "imports src/graph/b.ts; ir may only import itself" }]
 */
export function checkImports(files: ReadonlyMap<string, string>): ImportProblem[] {
  const imports = new Map([...files].map(([path, text]) => [path, importsOf(path, text)]));
  const problems: ImportProblem[] = [];
  for (const [file, list] of imports)
    for (const { line, specifier } of list) {
      const rule = broken(file, specifier);
      if (rule) problems.push({ file, line, text: `imports ${target(file, specifier)}; ${rule}` });
    }
  problems.push(...cycles(imports));
  const order = [...files.keys()];
  return problems.sort((a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line);
}

/** All imports of a file: declarations, re-exports, `import()` calls and `import("…")` types. */
function importsOf(path: string, text: string): Import[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    found.push({ line, specifier: specifier.text, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node, node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node))
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const isRelative = (specifier: string): boolean => /^\.{1,2}(\/|$)/.test(specifier);
const isOwnName = (specifier: string): boolean => /^sluice(\/|$)/.test(specifier);

/** The imported file's path from the root; a package's name stays as it is. */
const target = (file: string, specifier: string): string =>
  isRelative(specifier) ? posix.join(posix.dirname(file), specifier) : specifier;

/** `graph` for `src/graph/ops/add.ts`, `src/*.ts` for `src/index.ts`, the first folder for all else. */
function layerOf(path: string): string {
  const parts = path.split("/");
  if (parts[0] !== "src") return parts[0]!;
  return parts.length > 2 ? parts[1]! : "src/*.ts";
}

/** Why `file` may not import `specifier`; undefined if it may. */
function broken(file: string, specifier: string): string | undefined {
  const from = layerOf(file);
  const inSource = file.startsWith("src/");
  if (from === "examples")
    return isRelative(specifier) && layerOf(target(file, specifier)) !== "examples"
      ? "examples may only import sluice, as its users do"
      : undefined;
  if (!inSource || file.endsWith(".test.ts")) return undefined;
  if (isOwnName(specifier)) return "src may only import its own files by path";
  if (!isRelative(specifier)) return undefined;

  const path = target(file, specifier);
  if (!path.startsWith("src/")) return `${from} may only import files of src`;
  if (path.endsWith(".test.ts")) return `${from} may only import what is published, no tests`;
  const to = layerOf(path);
  if (to === from || to === "ir" || READERS.includes(from)) return undefined;
  const allowed = ARROWS[from];
  if (!allowed) return `${from} is no layer of the house; tools/imports.ts lists them`;
  if (allowed.includes(to)) return undefined;
  return `${from} may only import ${from === "ir" ? "itself" : ["ir", ...allowed].join(", ")}`;
}

/** Shortest cycles, from files that no cycle before has named. */
function cycles(imports: ReadonlyMap<string, readonly Import[]>): ImportProblem[] {
  const edges = new Map<string, Map<string, number>>();
  for (const [file, list] of imports) {
    const to = new Map<string, number>();
    for (const { line, specifier, typeOnly } of list) {
      const path = target(file, specifier);
      if (!typeOnly && imports.has(path) && !to.has(path)) to.set(path, line);
    }
    edges.set(file, to);
  }
  const problems: ImportProblem[] = [];
  const seen = new Set<string>();
  for (const file of edges.keys()) {
    if (seen.has(file)) continue;
    const path = wayBack(edges, file);
    if (!path) continue;
    for (const member of path) seen.add(member);
    problems.push({
      file,
      line: edges.get(file)!.get(path[1]!)!,
      text: `imports ${path.slice(1).join(", which imports ")}; a file may only import files that do not lead back to it`,
    });
  }
  return problems;
}

/** The shortest path from `start` back to itself, both ends included. */
function wayBack(edges: ReadonlyMap<string, ReadonlyMap<string, number>>, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const file of queue)
    for (const next of edges.get(file)?.keys() ?? []) {
      if (next === start) {
        const path = [start];
        for (let at = file; at !== start; at = cameFrom.get(at)!) path.push(at);
        return [...path, start].reverse();
      }
      if (!cameFrom.has(next)) {
        cameFrom.set(next, file);
        queue.push(next);
      }
    }
  return undefined;
}

function readTree(root: string): Map<string, string> {
  const folders = ["src", "examples", "test"].filter((folder) => existsSync(join(root, folder)));
  const paths = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => posix.join(folder, path.replaceAll("\\", "/"))),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = readTree(dirname(import.meta.dirname));
  const problems = checkImports(files);
  for (const { file, line, text } of problems) console.error(`${file}:${line} ${text}`);
  console.log(`imports: ${files.size} files, ${problems.length} problems`);
  process.exitCode = problems.length ? 1 : 0;
}
