/** @file Imports a program file, and says what is wrong with one that is none. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { nearest, SluiceError } from "../ir/errors.ts";
import { faultOf } from "./load-error.ts";
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
  const module = await imported(path, file, cwd);
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
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory();
  const there = isFolder ? readdirSync(folder).filter((name) => kinds.includes(extname(name))) : [];
  // Endings are alike by themselves.
  const stem = (name: string) => basename(name, extname(name));
  const [near] = nearest(stem(path), there.map(stem));
  const known =
    near === undefined ? undefined : relative(cwd, join(folder, there.find((name) => stem(name) === near)!));
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

async function imported(path: string, file: string, cwd: string): Promise<Readonly<Record<string, unknown>>> {
  const fails = (
    said: string,
    hint: string,
    more: { readonly at?: string | undefined; readonly cause?: unknown } = {},
  ) => new SluiceError("SL8011", `it fails while it is loaded: ${said}`, { subject: file, hint, ...more });
  try {
    const loading = import(/* @vite-ignore */ pathToFileURL(path).href);
    return (await unlessStuck(loading, () =>
      fails("a top-level await never settles", "await what ends; a program file should only define"),
    )) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_UNKNOWN_FILE_EXTENSION") throw noTypeScript(file, message);
    const { said, at } = faultOf(error, path, cwd);
    throw fails(said, "mend it; a program file should only define, commands call what it defines", {
      at,
      cause: error,
    });
  }
}

/** Where nothing is left to do that could settle it, Node would end without a word. */
async function unlessStuck<T>(loading: Promise<T>, error: () => Error): Promise<T> {
  let stuck = () => {};
  const never = new Promise<never>((_, reject) => {
    stuck = () => reject(error());
    process.once("beforeExit", stuck);
  });
  try {
    return await Promise.race([loading, never]);
  } finally {
    process.off("beforeExit", stuck);
  }
}

const noTypeScript = (file: string, why: string): SluiceError =>
  new SluiceError("SL8012", `TypeScript cannot be loaded: ${why}`, {
    subject: file,
    hint: "npm i -D tsx, or take Node 22.18 or later",
  });
