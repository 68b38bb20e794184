/** @file What the tests of the command line share: the commands, run in this process, and what they wrote. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "../../src/cli/main.ts";

const here = dirname(fileURLToPath(import.meta.url));
/** The folder of the test's programs. */
export const programs = join(here, "programs");

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Where {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** `sluice` with these arguments; one that has spaces in it comes in an array. */
export async function sluice(line: string | readonly string[], { cwd = programs, env = {} }: Where = {}): Promise<Ran> {
  const written = { out: "", err: "" };
  const terminal = (name: "out" | "err") => ({
    isTTY: false,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const args = typeof line === "string" ? line.split(" ").filter(Boolean) : line;
  const code = await main(args, { out: terminal("out"), err: terminal("err"), env: { ...process.env, ...env }, cwd });
  return { code, ...written };
}

/** A folder of its own with these files. */
export function folder(files: Readonly<Record<string, string>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), "sluice-cli-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

/** The first line of an error, and its code. */
export const firstLine = (text: string): string => text.split("\n")[0]!;
