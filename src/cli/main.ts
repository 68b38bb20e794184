/** @file `sluice` from its arguments to its exit code. Nothing here touches the process: `bin.ts` does. */
import { readFileSync } from "node:fs";
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
    const code = (error instanceof SluiceError ? codes[error.code] : undefined) ?? exits.failed;
    context.err.write(`${args.includes("--json") ? json(error, code) : text(error)}\n`);
    return code;
  }
}

async function dispatch(args: readonly string[], context: Context): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || (name === "help" && rest.length === 0)) {
    context.out.write(overview(commands));
    return exits.ok;
  }
  if (name === "--version" || name === "-v") {
    context.out.write(`${version()}\n`);
    return exits.ok;
  }
  const command = findCommand(name === "help" ? rest[0]! : name, commands);
  const given = readArguments(command, name === "help" ? ["--help"] : rest);
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
  return `sluice: the program failed\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

function json(error: unknown, exit: number): string {
  const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
  const { code, subject, what, choices, hint, at } =
    error instanceof SluiceError ? error : ({} as Partial<SluiceError>);
  return JSON.stringify({ error: { name, code, message, subject, what, choices, hint, at }, exit });
}
