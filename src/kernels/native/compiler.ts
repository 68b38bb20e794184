/** @file The C compiler of this machine and how it is called: what it is told here, and what it is told for elsewhere. */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

/** For a shared library, whatever the target. Sums may not be contracted or reordered: the source says where they are fused. */
export const commonFlags: readonly string[] = [
  "-O3",
  "-ffp-contract=off",
  "-fno-math-errno",
  "-fno-trapping-math",
  "-fno-strict-aliasing",
  "-fvisibility=hidden",
  "-fPIC",
  "-shared",
];

/** All that this very processor can do. */
export const nativeFlags: readonly string[] =
  process.arch === "x64" ? ["-march=native"] : process.arch === "arm64" ? ["-mcpu=native"] : [];

/** What a library takes for granted that is built for other machines: by clang's name of the target. */
export const portableFlags = {
  "x86_64-linux-gnu": ["-march=x86-64-v3"],
  "aarch64-linux-gnu": ["-march=armv8-a"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export interface Compiler {
  /** As it was asked for: "cc", or what $CC says. */
  readonly name: string;
  readonly path: string;
  /** What $CC says behind the name. */
  readonly args: readonly string[];
}

/** $CC, and nothing else where it is set; else the first of cc, clang and gcc that is there. */
export function findCompiler(env: NodeJS.ProcessEnv = process.env): Compiler | undefined {
  const own = env.CC?.trim();
  for (const text of own ? [own] : ["cc", "clang", "gcc"]) {
    const [name, ...args] = text.split(/\s+/) as [string, ...string[]];
    const path = which(name, env);
    if (path !== undefined) return { name, path, args };
  }
  return undefined;
}

function which(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = isAbsolute(name) || name.includes("/") ? [""] : (env.PATH ?? "").split(delimiter).filter(Boolean);
  const suffix = process.platform === "win32" && !name.endsWith(".exe") ? ".exe" : "";
  return folders.map((folder) => join(folder, name + suffix)).find(runnable);
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Another build of the compiler gives another text. */
export function identity({ path, args }: Compiler): string {
  const file = realpathSync(path);
  const { size, mtimeMs } = statSync(file);
  return [file, size, mtimeMs, ...args].join(" ");
}
