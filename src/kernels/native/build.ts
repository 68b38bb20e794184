/**
 * @file Builds the C source for this machine, once: the library lies in the user's cache under a name that hashes all that
 * it depends on, so another source, compiler or processor gets another one. It is put there whole, by a rename, so any
 * number of processes may build at once.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";
import { cpus, homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SessionError } from "../../ir/errors.ts";
import { type Compiler, commonFlags, findCompiler, identity, nativeFlags } from "./compiler.ts";

const source = fileURLToPath(new URL("../c/", import.meta.url));
/** Milliseconds: some ten times what a slow machine takes. */
const limit = 300_000;
const shownLines = 8;

/** Why the engine cannot be had. */
export const absent = (what: string, hint: string, cause?: unknown) =>
  new SessionError("SL4036", what, { subject: "engine native", hint, cause });

const instead = 'or take the engine "wasm", which every machine has';

/** What is loaded, and what it was made of. */
interface Built {
  readonly file: string;
  readonly about: string;
}

/**
 * The library for this machine, built where the cache has none.
 *
 * @throws SessionError SL4036 there is no compiler, it fails, or the cache cannot be written
 */
export function buildLibrary(env: NodeJS.ProcessEnv = process.env): Built {
  const compiler = findCompiler(env);
  if (!compiler)
    throw absent(
      env.CC ? `the C compiler that CC names, ${env.CC}, is not there` : "there is no C compiler: no cc, clang or gcc",
      `install one, or name it in the environment variable CC, ${instead}`,
    );
  const args = [...commonFlags, ...nativeFlags, "-w", ...compiler.args]; // those of $CC win
  const folder = join(cacheFolder(env), "sluice");
  const file = join(folder, `kernels-${hash([...sources(), identity(compiler), ...args, processor()])}${extension}`);
  const about = `C, by ${compiler.path}`;
  if (existsSync(file)) return { file, about };
  let scratch: string;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    scratch = mkdtempSync(join(folder, "build-"));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw absent(`the cache cannot be written: ${why}`, `name another folder in XDG_CACHE_HOME, ${instead}`, cause);
  }
  try {
    const out = join(scratch, `kernels${extension}`);
    console.warn(
      `sluice: compiling the kernels for this machine with ${compiler.path}; the result is kept in ${folder}`,
    );
    compile(compiler, [...args, join(source, "kern.c"), "-o", out]);
    renameSync(out, file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { file, about };
}

function compile({ path }: Compiler, args: readonly string[]): void {
  const { status, signal, error, stderr } = spawnSync(path, args, {
    encoding: "utf8",
    timeout: limit,
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (status === 0) return;
  const how = error ? error.message : status === null ? `was ended by ${signal}` : `failed with exit code ${status}`;
  const lines = (stderr ?? "")
    .split("\n")
    .filter((line) => line.trim())
    .slice(0, shownLines);
  throw absent(
    [`the C compiler ${path} ${how}`, `    ${[path, ...args].join(" ")}`, ...lines.map((line) => `    ${line}`)].join(
      "\n",
    ),
    `name another compiler in the environment variable CC, ${instead}`,
  );
}

const extension = process.platform === "win32" ? ".dll" : process.platform === "darwin" ? ".dylib" : ".so";

/** Names and texts of the C source. */
const sources = (): string[] =>
  readdirSync(source)
    .toSorted()
    .flatMap((name) => [name, readFileSync(join(source, name), "utf8")]);

function hash(parts: readonly string[]): string {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(`${part.length} ${part}`);
  return digest.digest("hex").slice(0, 24);
}

function cacheFolder(env: NodeJS.ProcessEnv): string {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  if (process.platform === "win32" && env.LOCALAPPDATA) return env.LOCALAPPDATA;
  return join(homedir(), ".cache");
}

/** What tells one processor from another: on Linux also what it can do, for a virtual machine may hide some of it. */
function processor(): string {
  const model = `${process.platform} ${process.arch} ${cpus()[0]?.model ?? ""}`;
  if (process.platform !== "linux") return model;
  const bytes = Buffer.alloc(8192); // the first core's block
  const file = openSync("/proc/cpuinfo", "r");
  const length = readSync(file, bytes);
  closeSync(file);
  return `${model} ${/^(flags|Features)\s*:(.*)$/m.exec(bytes.toString("utf8", 0, length))?.[2] ?? ""}`;
}
