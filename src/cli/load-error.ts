/**
 * @file What went wrong in a program file that did not load, and on which of the user's lines. Loaders say it each in their
 * own way, and their stacks are about themselves.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { extname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { lineIn } from "../graph/source.ts";
import { showGiven } from "../ir/errors.ts";

export interface Fault {
  readonly said: string;
  /** `train.ts:12` */
  readonly at?: string | undefined;
}

/** `path`: the file that was to be loaded. */
export function faultOf(error: unknown, path: string, cwd: string): Fault {
  if (!(error instanceof Error)) return { said: `it throws ${showGiven(error)}` };
  const { name, message, stack = "" } = error;
  const place = (file: string, line: string) => {
    const whole = file.startsWith("file:") ? fileURLToPath(file) : file;
    // esbuild is told that everything is TypeScript.
    const own = existsSync(whole) || stem(whole) !== stem(path) ? whole : path;
    const short = relative(cwd, own);
    return `${short.startsWith("..") ? own : short}:${line}`;
  };
  const [, byEsbuild, line, text] = /^(.+?):(\d+):\d+: ERROR: (.+)$/m.exec(message) ?? [];
  if (text) return { said: `SyntaxError: ${text}`, at: place(byEsbuild!, line!) };
  const said = `${name}: ${message}`;
  const [, byNode, on] = /^((?:file:|\/|\w:).*):(\d+)$/.exec((stack.split("\n")[0] ?? "").trim()) ?? [];
  if (byNode) return { said, at: place(byNode, on!) };
  const frames = stack.split("\n").filter((frame) => /^\s+at /.test(frame) && !/[\\/]node_modules[\\/]/.test(frame));
  const own = lineIn(frames.map((frame) => frame.trim()));
  return { said, at: own ?? (name === "SyntaxError" ? checked(path, place) : undefined) };
}

const stem = (path: string) => path.slice(0, path.length - extname(path).length);

/** Node knows the line of a mistake in syntax, but only prints it. */
function checked(path: string, place: (file: string, line: string) => string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
  const [, file, line] = /^(.+):(\d+)$/m.exec(stderr) ?? [];
  return file === undefined ? undefined : place(file, line!);
}
