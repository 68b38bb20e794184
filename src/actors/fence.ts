/** @file Waiting for all that was launched: a launch of nothing on every thread, which is over when all before it is. */
import type { Filler, Installed } from "./install.ts";
import type { Launcher } from "./launcher.ts";
import { createSignal } from "./signal.ts";
import type { ThreadMap } from "./threads.ts";

export interface FenceParts {
  readonly launcher: Launcher;
  readonly threads: ThreadMap;
  /** A program of no calls. */
  readonly empty: Installed;
  readonly hold: () => () => void;
  readonly pump: () => void;
  /** Why the session has ended, if it has. */
  readonly broken: () => Error | undefined;
}

export function createFence({ launcher, threads, empty, hold, pump, broken }: FenceParts) {
  const changed = createSignal();
  const launch = (thread: number, installed: Installed, done: (() => void) | undefined) =>
    launcher.launch(thread, { installed, seq: 0, arrived: [], waits: [], actor: -1, done });

  /** Resolves when all launches until now are done; throws when the session ends first. */
  async function settled(): Promise<void> {
    const release = hold();
    let open = launcher.threads;
    const done = () => {
      if (--open === 0) changed.call();
    };
    for (let thread = 0; thread < launcher.threads; thread++) launch(thread, empty, done);
    pump();
    while (open > 0 && !broken()) await changed.next();
    release();
    const error = broken();
    if (error) throw error;
  }

  return {
    settled,
    /** Runs programs that belong to no actor, each on its rank's thread. */
    async runAll(programs: readonly Filler[]): Promise<void> {
      for (const { rank, installed } of programs) {
        const thread = threads.of(rank, "compute");
        if (!launcher.hasRoom(thread)) await settled();
        launch(thread, installed, undefined);
      }
      await settled();
    },
    /** The session has ended: nobody waits any longer. */
    wake: changed.call,
  };
}
