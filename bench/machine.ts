/** @file What a file of figures says about where they were taken, and the statistics that they share. */
import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

const cpu = cpus()[0]?.model ?? "unknown";

/**
 * `bench/ops.intel-xeon.json`: where figures beside a peer's are kept. Each kind of processor has a file of its own, for
 * ratios of one say little about another, where the peer has other kernels.
 */
export function figuresFile(name: string): string {
  const plain = cpu.replace(/\((R|TM)\)|Processor|CPU|@.*/g, " ");
  const kind =
    plain
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join("-") ?? "unknown";
  return fileURLToPath(new URL(`./${name}.${kind}.json`, import.meta.url));
}

/** The day, the machine and the versions. `load` tells whether other programs were at work. */
export const circumstances = () => ({
  date: new Date().toISOString().slice(0, 10),
  commit: commit(),
  load: Number(loadavg()[0]!.toFixed(1)),
  machine: {
    cpu,
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  },
});

export const median = (xs: readonly number[]): number =>
  [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? Number.NaN;
