/** @file One waits, another calls: the smallest thing between callbacks and `await`. */

export interface Signal {
  /** Resolves at the next call. */
  next(): Promise<void>;
  call(): void;
}

export function createSignal(): Signal {
  let waiting: (() => void)[] = [];
  return {
    next: () => new Promise((resolve) => waiting.push(resolve)),
    call() {
      const called = waiting;
      waiting = [];
      for (const resolve of called) resolve();
    },
  };
}
