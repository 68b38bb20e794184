#!/usr/bin/env node
/** @file The `sluice` command: hands the process to `main`, and leaves when all is written. */
import { main } from "./main.ts";

// `sluice graph … | head` closes the pipe: nobody reads on, so nothing is left to do.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const { stdout: out, stderr: err, env } = process;
const code = await main(process.argv.slice(2), { out, err, env, cwd: process.cwd() });
const written = (stream: NodeJS.WriteStream) => new Promise<void>((done) => stream.write("", () => done()));
await Promise.all([written(out), written(err)]);
// Ctrl-C in a session has set a code of its own; what a program has left open must not keep the process alive.
process.exit(code || process.exitCode);
