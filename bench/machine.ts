/** @file What a file of figures says about where they were taken, and the statistics that they share. */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

/** The day, the machine and the versions. `load` tells whether other programs were at work. */
export const circumstances = () => ({
  date: new Date().toISOString().slice(0, 10),
  commit: commit(),
  load: Number(loadavg()[0]!.toFixed(1)),
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
});

export const median = (xs: readonly number[]): number =>
  [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? Number.NaN;
