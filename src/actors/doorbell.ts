/**
 * @file Sleeping on the event loop until an executor rings. The word is read *before* the loop looks for work and waited
 * on with that value afterwards: a ring in between ends the wait at once. Such a wait does not keep the process alive, so
 * a timer does, while somebody waits for work.
 */
import { DOORBELL } from "./ring.ts";

/** `Atomics.waitAsync`, which Node 20 has and `es2023` does not declare. */
interface WaitAsync {
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<string> };
}
const { waitAsync } = Atomics as unknown as WaitAsync;

export interface Doorbell {
  /** Keeps the process alive until the returned function is called. */
  hold(): () => void;
  stop(): void;
}

/** Calls `answer` after every ring, one call for several rings in a row. */
export function createDoorbell(control: Int32Array, answer: () => void): Doorbell {
  let stopped = false;
  const listen = async (): Promise<void> => {
    let seen = 0;
    while (!stopped) {
      const wait = waitAsync(control, DOORBELL, seen);
      if (wait.async) await wait.value;
      seen = Atomics.load(control, DOORBELL);
      if (!stopped) answer();
    }
  };
  void listen();
  const timer = setInterval(() => {}, 2 ** 30).unref();
  let holds = 0;
  return {
    hold() {
      if (holds++ === 0) timer.ref();
      let held = true;
      return () => {
        if (held && --holds === 0) timer.unref();
        held = false;
      };
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}
