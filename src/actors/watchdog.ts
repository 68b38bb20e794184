/**
 * @file The progress watchdog. A thread that has a launch in hand, waits for no other thread and does not finish it hangs
 * once the launch has had its patience: `timeout` and what its work may take. Its clock counts no more than a third of the
 * timeout between two looks: a process that was stopped, or a machine that gives nobody time, is not taken for a hung thread.
 */
import { availableParallelism } from "node:os";
import type { Launcher } from "./launcher.ts";

/** Milliseconds without progress, beyond a task's own work, until it is taken for hung. */
export const defaultTimeout = 1200;

/** @param hung called once a thread hangs, with the milliseconds that it has had; then the watchdog sleeps for good */
export function createWatchdog(launcher: Launcher, timeout: number, hung: (thread: number, ms: number) => void) {
  const interval = Math.max(5, Math.min(100, timeout / 10));
  const crowd = Math.max(1, launcher.threads / availableParallelism());
  const seen = Array.from({ length: launcher.threads }, () => ({ done: -1, ms: 0 }));
  let last = performance.now();

  function look(): void {
    const now = performance.now();
    const passed = Math.min(now - last, timeout / 3);
    last = now;
    for (const [thread, mark] of seen.entries()) {
      const { done, busy, limit } = launcher.progress(thread);
      if (!busy || done !== mark.done) {
        mark.done = done;
        mark.ms = 0;
        continue;
      }
      mark.ms += passed;
      if (mark.ms < timeout + limit * crowd) continue;
      stop();
      hung(thread, mark.ms);
      return;
    }
  }
  const timer = Number.isFinite(timeout) ? setInterval(look, interval).unref() : undefined;
  const stop = () => clearInterval(timer);
  return { stop };
}
