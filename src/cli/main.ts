/** @file `sluice` from its arguments to its exit code. Nothing here touches the process: `bin.ts` does. */
import { readFileSync } from "node:fs";
import { lineIn } from "../graph/source.ts";
import { SluiceError } from "../ir/errors.ts";
import { findCommand, readArguments } from "./arguments.ts";
import { type Context, exits } from "./command.ts";
import { commands } from "./commands/index.ts";
import { commandHelp, overview } from "./help.ts";

/** Codes of errors that are not the program's. */
const codes: Readonly<Record<string, number>> = {
  SL8001: exits.usage,
  SL8002: exits.usage,
  SL8003: exits.usage,
  SL8005: exits.usage,
  SL8010: exits.usage,
  SL8020: exits.usage,
  SL8021: exits.unfit,
  SL3040: exits.unfit,
};

/** Runs a command; what it throws becomes a text on `err` and a code. */
export async function main(args: readonly string[], context: Context): Promise<number> {
  try {
    return await dispatch(args, context);
  } catch (error) {
    return report(error, args, context);
  }
}

/** Writes what went wrong, and returns the exit code for it. */
export function report(error: unknown, args: readonly string[], { err }: Pick<Context, "err">): number {
  const code = (error instanceof SluiceError ? codes[error.code] : undefined) ?? exits.failed;
  err.write(`${args.includes("--json") ? json(error, code) : text(error)}\n`);
  return code;
}

async function dispatch(args: readonly string[], context: Context): Promise<number> {
  const [name, ...rest] = args;
  const asks = name === undefined || name === "help" || name === "--help" || name === "-h";
  if (asks && rest.length === 0) {
    context.out.write(overview(commands));
    return exits.ok;
  }
  if (name === "--version" || name === "-v") {
    context.out.write(`${version()}\n`);
    return exits.ok;
  }
  const command = findCommand(asks ? rest[0]! : name, commands);
  const given = readArguments(command, asks ? ["--help"] : rest);
  if (!given.values.help) return command.run(given as Parameters<typeof command.run>[0], context);
  context.out.write(commandHelp(command));
  return exits.ok;
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** Ours say what to do; others are the program's, and only their stack says where. */
function text(error: unknown): string {
  if (error instanceof SluiceError) return error.message;
  return `sluice: the program failed\n${error instanceof Error ? stackOf(error) : String(error)}`;
}

/** Without the frames that are Sluice's or Node's, unless there are no others: then it is our own fault. */
function stackOf({ stack, message }: Error): string {
  if (stack === undefined) return message;
  const lines = stack.split("\n");
  const isFrame = (line: string) => /^\s+at /.test(line);
  const own = lines.filter((line) => !isFrame(line) || lineIn([line.trim()]) !== undefined);
  return (own.some(isFrame) ? own : lines).join("\n");
}

function json(error: unknown, exit: number): string {
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  const { code, subject, what, choices, hint, at } =
    error instanceof SluiceError ? error : ({} as Partial<SluiceError>);
  return JSON.stringify({ error: { name, code, message, subject, what, choices, hint, at }, exit });
}
