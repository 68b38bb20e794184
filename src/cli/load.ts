/** @file Imports a program file, and says what is wrong with one that is none. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nearest, SluiceError } from "../ir/errors.ts";
import { checkProgram, type Program } from "./program.ts";
import { findTsx, isCommonJs, readsTypeScript, useTsx } from "./typescript.ts";

/** Exports that are named where none is a program. */
const shown = 5;
const kinds = [".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs"];

/**
 * The program that a file exports by default. Throws SluiceError SL8010 where there is no such file, SL8011 when it
 * fails, SL8012 for TypeScript that nothing can read, SL8013 without a program, OptionError SL1074 and SL1075 for one
 * that is none; and as it is what the file throws.
 */
export async function loadProgram(file: string, cwd: string): Promise<Program> {
  const path = resolve(cwd, file);
  if (!existsSync(path) || !statSync(path).isFile()) throw noFile(file, path, cwd);
  if (/\.[cm]?tsx?$/.test(path) && !readsTypeScript()) {
    const api = findTsx(path);
    const { node } = process.versions;
    if (api === undefined)
      throw noTypeScript(file, `Node ${node} does not read it, and there is no tsx in the project`);
    if (isCommonJs(path))
      throw new SluiceError("SL8012", "TypeScript cannot be loaded: the file is CommonJS, Sluice is an ES module", {
        subject: file,
        hint: 'set "type": "module" in package.json, or give the file the ending .mts',
      });
    await useTsx(api);
  }
  const module = await imported(path, file);
  const found = exported(module);
  if (found === undefined) {
    const names = Object.keys(module).filter((name) => name !== "default");
    const there =
      names.length > 0
        ? `it exports ${names.slice(0, shown).join(", ")}${names.length > shown ? ", …" : ""}`
        : "it exports nothing";
    throw new SluiceError("SL8013", `it has no default export: ${there}`, {
      subject: file,
      hint: 'write export default defineProgram({ mesh, graph, … }), with defineProgram from "sluice/cli"',
    });
  }
  checkProgram(found, () => file);
  return found;
}

function noFile(file: string, path: string, cwd: string): SluiceError {
  const folder = dirname(path);
  const there = existsSync(folder) ? readdirSync(folder).filter((name) => kinds.includes(extname(name))) : [];
  const [near] = nearest(basename(path), there);
  const known = near === undefined ? undefined : relative(cwd, join(folder, near));
  return new SluiceError("SL8010", existsSync(path) ? "it is no file" : "there is no such file", {
    subject: file,
    hint: known === undefined ? `give the path of a program file; this is ${cwd}` : `did you mean ${known}?`,
  });
}

/** What a module exports by default; a CommonJS one has it one level deeper. */
function exported(module: Readonly<Record<string, unknown>>): unknown {
  const found = module.default as { readonly __esModule?: unknown; readonly default?: unknown } | undefined;
  return found?.__esModule ? found.default : found;
}

async function imported(path: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_UNKNOWN_FILE_EXTENSION") throw noTypeScript(file, message);
    throw new SluiceError("SL8011", `it fails while it is loaded: ${said(error)}`, {
      subject: file,
      details: placesIn(error),
      hint: "mend it; a program file should only define, commands call what it defines",
      cause: error,
    });
  }
}

const said = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));

/** The first lines of a stack that are not Node's own. */
const placesIn = (error: unknown): string[] =>
  (error instanceof Error ? (error.stack ?? "") : "")
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/\(?node:/.test(line))
    .slice(0, 3)
    .map((line) => line.trim());

const noTypeScript = (file: string, why: string): SluiceError =>
  new SluiceError("SL8012", `TypeScript cannot be loaded: ${why}`, {
    subject: file,
    hint: "npm i -D tsx, or take Node 22.18 or later",
  });
