/**
 * @file What reads TypeScript: Node where it can, else the tsx of the user's project. It is looked for from the program's
 * folder, so the project's version counts and Sluice brings none.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

export const readsTypeScript = (): boolean =>
  Boolean((process.features as { readonly typescript?: unknown }).typescript);

/** The URL of the API of the tsx that this file would find. */
export function findTsx(file: string): string | undefined {
  try {
    const loader = pathToFileURL(createRequire(file).resolve("tsx"));
    return new URL("./esm/api/index.mjs", loader).href;
  } catch {
    return undefined;
  }
}

/**
 * Whether tsx would take the file for CommonJS: by its ending, else by the package that it is in. It then makes CommonJS of
 * all that the file imports, a second Sluice among it, whose ops and errors the first does not know.
 */
export function isCommonJs(file: string): boolean {
  if (/\.[cm]ts$/.test(file)) return file.endsWith(".cts");
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, "package.json");
    if (existsSync(path)) return (JSON.parse(readFileSync(path, "utf8")) as { type?: string }).type !== "module";
    if (folder === dirname(folder)) return true;
  }
}

/** One tsx is enough: it reads the files of all programs. */
let hooked = false;

/** Has tsx read TypeScript from here on: in this thread, and in executor threads, which find it by the variable. */
export async function useTsx(api: string): Promise<void> {
  if (hooked) return;
  hooked = true;
  const { register } = (await import(/* @vite-ignore */ api)) as { register(): unknown };
  register();
  process.env.SLUICE_TSX = api;
}
