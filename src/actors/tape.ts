/**
 * @file The last events of an actor, in a ring: some numbers each, so that it can always be on. What is needed to read
 * them (names, the other end of an edge) is looked up when somebody does.
 */
import type { TaskEvent, TaskState } from "./logic.ts";

/** Events kept of an actor: some steps of a task with a few neighbours. */
const tapeLength = 32;

const kinds = ["req", "ack", "eos", "abort", "fire", "done"] as const;
const codes: Readonly<Record<TaskEvent["type"], number>> = { req: 0, ack: 1, eos: 2, abort: 3, fire: 4, done: 5 };

/** One event read back; `from` is an actor's id, or -1. */
export interface TapeEvent {
  readonly type: (typeof kinds)[number];
  readonly from: number;
  readonly seq: number;
  readonly t: number;
}

export interface Tape {
  /** The actor's counters, which it changes in place. */
  readonly state: TaskState;
  note(event: TaskEvent, t: number): void;
  /** Oldest first. */
  read(): TapeEvent[];
}

export function createTape(state: TaskState): Tape {
  const words = new Int32Array(3 * tapeLength);
  const times = new Float64Array(tapeLength);
  let count = 0;
  return {
    state,
    note(event, t) {
      const at = count++ % tapeLength;
      words[3 * at] = codes[event.type];
      words[3 * at + 1] = "from" in event ? event.from : -1;
      words[3 * at + 2] = "seq" in event ? event.seq : state.fired;
      times[at] = t;
    },
    read() {
      const first = Math.max(0, count - tapeLength);
      return Array.from({ length: count - first }, (_, i) => {
        const at = (first + i) % tapeLength;
        const [kind, from, seq] = words.subarray(3 * at);
        return { type: kinds[kind!]!, from: from!, seq: seq!, t: times[at]! };
      });
    },
  };
}
