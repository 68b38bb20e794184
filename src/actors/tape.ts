/**
 * @file The last events of an actor, in a ring: some numbers each, so that it can always be on. What is needed to read
 * them (names, the other end of an edge) is looked up when somebody does.
 */
import type { Message } from "../ir/message.ts";
import type { TaskEvent, TaskState } from "./logic.ts";

/** Events kept of an actor: some steps of a task with a few neighbours. */
const tapeLength = 32;

const kinds = ["req", "ack", "eos", "abort", "fire", "done"] as const;
/** Their places above. Compared one by one: it runs for every message, and a look-up by text would cost as much as the rest. */
const [REQ, ACK, EOS, ABORT, FIRE, DONE] = [0, 1, 2, 3, 4, 5];

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

function codeOf(type: Message["type"]): number {
  if (type === "req") return REQ;
  if (type === "ack") return ACK;
  return type === "eos" ? EOS : ABORT;
}

export function createTape(state: TaskState): Tape {
  const words = new Int32Array(3 * tapeLength);
  const times = new Float64Array(tapeLength);
  let count = 0;
  function write(kind: number, from: number, seq: number, t: number): void {
    const at = count++ % tapeLength;
    words[3 * at] = kind;
    words[3 * at + 1] = from;
    words[3 * at + 2] = seq;
    times[at] = t;
  }
  return {
    state,
    note(event, t) {
      if (event.type === "fire") write(FIRE, -1, state.fired, t);
      else if (event.type === "done") write(DONE, -1, event.seq, t);
      else write(codeOf(event.type), event.from, event.seq, t);
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
