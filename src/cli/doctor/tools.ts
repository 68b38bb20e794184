/** @file Other programs that are of use where they are. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { findTsx, readsTypeScript } from "../typescript.ts";
import type { Check } from "./check.ts";

/** A program by its name, and what is true without it. */
export const onPath = (name: string, program: string, without: string): Check => ({
  name,
  run({ env }) {
    const found = (env.PATH ?? "")
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, program))
      .find(runnable);
    return found === undefined
      ? { status: "absent", detail: `no ${program} on the path; ${without}` }
      : { status: "ok", detail: `${found}; ${without}` };
  },
});

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What reads program files in TypeScript. */
export const typescript: Check = {
  name: "TypeScript",
  run({ cwd }) {
    if (readsTypeScript()) return { status: "ok", detail: "Node reads it" };
    const tsx = findTsx(join(cwd, "program.ts"));
    if (tsx !== undefined) return { status: "ok", detail: "tsx reads it" };
    return { status: "absent", detail: "nothing reads program files in TypeScript", next: "npm i -D tsx" };
  },
};
