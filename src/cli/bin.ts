#!/usr/bin/env node
/** @file The `sluice` command: hands the process to `main`, and leaves when all is written. */
import { exits } from "./command.ts";
import { main, report } from "./main.ts";
import { reasonOf } from "./reason.ts";

// `sluice graph … | head` closes the pipe: nobody reads on, so nothing is left to do.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`sluice: standard output cannot be written: ${reasonOf(error)}\n`, () =>
    process.exit(exits.failed),
  );
});
process.stderr.on("error", () => {}); // there is nowhere to say so

const { stdout: out, stderr: err, env } = process;
const args = process.argv.slice(2);
// What a program throws outside of what it is called for, or a promise that nobody awaits.
process.on("uncaughtException", (error) => process.exit(report(error, args, { err })));
const code = await main(args, { out, err, env, cwd: process.cwd() });
const written = (stream: NodeJS.WriteStream) => new Promise<void>((done) => stream.write("", () => done()));
await Promise.all([written(out), written(err)]);
// Ctrl-C in a session has set a code of its own; what a program has left open must not keep the process alive.
process.exit(code || process.exitCode);
