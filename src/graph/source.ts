/** @file Which of the user's lines made an op: the first stack frame outside this package. */
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { SluiceError } from "../ir/errors.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The package's modules: as they were built, and as they were written, which is where source maps say that they are. */
const homes = ["dist", "src"].map((folder) => join(root, folder) + sep);
const frame = /(?:\(|at (?:async )?)(?<file>(?:file:\/\/)?\/?[^()\s][^()]*?):(?<line>\d+):\d+\)?$/;
/** Modules nest; ten frames, the default, may all be ours. */
const depth = 100;
/** The user's line is mostly near, and a frame costs: its place in the source is looked up. */
const near = 12;

/** The frames of the call, innermost first. */
export function stackFrames(most = depth): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = most;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  return stack
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

/**
 * Runs checks that name the user's line in their errors. The line costs more than they do, so it is looked up when one of
 * them throws: then they run again.
 */
export function located<T>(checks: (at: string | undefined) => T): T {
  try {
    return checks(undefined);
  } catch (error) {
    if (error instanceof SluiceError && error.at === undefined) return checks(userLine());
    throw error;
  }
}

/** `examples/mnist.ts:12`, relative to the working directory; undefined when no frame is the user's. */
export function userLine(): string | undefined {
  return lineIn(stackFrames(near)) ?? lineIn(stackFrames());
}

/** The first of these frames that is the user's, as `userLine` has it. */
export function lineIn(frames: readonly string[]): string | undefined {
  for (const text of frames) {
    const groups = frame.exec(text)?.groups;
    if (!groups?.file || groups.file.startsWith("node:")) continue;
    const file = groups.file.startsWith("file:") ? fileURLToPath(groups.file) : groups.file;
    if (homes.some((home) => file.startsWith(home))) continue;
    const path = relative(process.cwd(), file);
    return `${path.startsWith("..") ? file : path}:${groups.line}`;
  }
  return undefined;
}
