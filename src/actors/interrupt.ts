/**
 * @file Ctrl-C. While runs are on, the first one is a wish: they read no further batch, finish the steps that have begun,
 * and end as if there were no more. The program goes on behind its loop, to save what it has; when it wants to run again,
 * it is left. The second one ends the process at once, as it does without us. A program that listens to SIGINT by itself
 * is left alone.
 */
import { isMainThread } from "node:worker_threads";

/** What a shell says of a process that Ctrl-C has ended. */
const exitCode = 130;

/** How to stop each run that is on. */
const runs = new Set<() => void>();
let interrupted = false;

function interrupt(): void {
  interrupted = true;
  process.off("SIGINT", interrupt);
  process.exitCode ??= exitCode;
  const line = process.stderr.isTTY ? "\n" : ""; // a terminal has echoed ^C behind what stood there
  console.error(
    `${line}sluice: interrupted; steps that have begun are finished. Ctrl-C again ends the process at once.`,
  );
  for (const stop of runs) stop();
}

/** Lets Ctrl-C stop a run, until the returned function is called. Leaves the process when it has been interrupted before. */
export function interruptible(stop: () => void): () => void {
  if (interrupted && runs.size === 0) process.exit();
  if (runs.size === 0 && isMainThread && process.listenerCount("SIGINT") === 0) process.on("SIGINT", interrupt);
  runs.add(stop);
  if (interrupted) stop();
  return () => {
    runs.delete(stop);
    if (runs.size === 0) process.off("SIGINT", interrupt);
  };
}
