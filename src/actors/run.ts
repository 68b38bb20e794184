/**
 * @file One run of a plan: batches in, steps out. Batches are read as far ahead as there are credits for them; steps wait
 * to be taken and hold their producers back meanwhile. However a run ends (out of batches, a bad batch, the loop left
 * early), what has begun is finished first.
 */
import { createActor } from "xstate";
import type { PlanData } from "../ir/plan.ts";
import { checkFeeds } from "./feeds.ts";
import type { Host, Outputs, Result } from "./host.ts";
import { interruptible } from "./interrupt.ts";
import type { LoopParts } from "./loop.ts";
import type { Net } from "./net.ts";
import { defaultPrefetch, openReader, type Reader } from "./reader.ts";
import type { Batches, RawRunOptions, RawStep, Runner } from "./session-types.ts";
import { createSignal } from "./signal.ts";
import { userLogic } from "./user.ts";

/** What a run needs of its session. */
export interface RunPort extends Pick<LoopParts, "bus" | "root" | "now"> {
  /** Claims the session. Throws SessionError SL4010 or SL4011. */
  begin(): void;
  draining(): void;
  /** Resolves when all that was launched is done. */
  settled(): Promise<void>;
  end(): void;
  pump(): void;
  /** Keeps the process alive until the returned function is called. */
  hold(): () => void;
  /** Why the session has ended, if it has. */
  broken(): Error | undefined;
  onBroken(call: () => void): void;
  stepped(plan: string, step: number, outputs: Outputs): void;
  /** How often every task of the net has been launched at least. */
  launched(): number;
}

/** A run of a plan, and a pause in it. */
export interface PausableRunner extends Runner {
  pause(): Promise<() => void>;
}

/** Time on the loop, in ms, after which a run lets timers and input have their turn. */
const breath = 10;
const rest = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createRunner(plan: PlanData, net: Net, host: Host, port: RunPort): PausableRunner {
  const room = createSignal();
  const arrived = createSignal();
  const ready: number[] = [];
  let finished = false;
  /** Steps that the user has asked for in this run, and pauses that are on. */
  let asked = 0;
  let pauses = 0;
  let settling: Promise<void> | undefined;
  const id = `${net.user.id} user`;
  const user = createActor(
    userLogic(net.user, {
      send: port.bus.send,
      now: port.now,
      room: room.call,
      arrived(seq) {
        ready.push(seq);
        arrived.call();
      },
      over() {
        finished = true;
        arrived.call();
      },
    }),
    { parent: port.root, id, systemId: id },
  ).start();
  port.bus.connect(net.user.id, (message) => user.send(message));
  port.onBroken(() => {
    room.call();
    arrived.call();
  });

  const tell = (event: Parameters<typeof user.send>[0]): void => {
    user.send(event);
    port.pump();
  };

  /** The next step's outputs; undefined when the run is over. */
  async function take(): Promise<Result | undefined> {
    for (;;) {
      const broken = port.broken();
      if (broken) throw broken;
      const seq = ready.shift();
      if (seq !== undefined) {
        const result = host.results.get(seq)!;
        host.results.delete(seq);
        tell({ type: "take", seq });
        return result;
      }
      if (finished) return undefined;
      const release = port.hold(); // only who waits for a step keeps the process alive
      await arrived.next();
      release();
    }
  }

  async function* run(batches: Batches, options: RawRunOptions = {}): AsyncGenerator<RawStep, void, undefined> {
    const { signal, inShards = false, prefetch = defaultPrefetch(batches) } = options;
    signal?.throwIfAborted();
    port.begin();
    finished = false;
    asked = 1;
    host.inShards = inShards;
    const feeding = startFeeding(batches, prefetch);
    const over = interruptible(feeding.stop);
    signal?.addEventListener("abort", feeding.stop);
    let rested = performance.now();
    try {
      for (let step = 0; ; step++) {
        asked = step + 1;
        room.call();
        const result = await take();
        if (!result || signal?.aborted) break;
        port.stepped(plan.name, step, result.outputs);
        yield { step, ...result };
        if (performance.now() - rested < breath) continue;
        await rest();
        rested = performance.now();
      }
    } finally {
      signal?.removeEventListener("abort", feeding.stop);
      feeding.stop();
      if (!port.broken()) await drain();
      port.end();
      over();
      const trouble = feeding.trouble();
      // biome-ignore lint/correctness/noUnsafeFinally: nothing else is thrown then, and a source's error must not be lost
      if (trouble && !port.broken()) throw trouble.error;
    }
    signal?.throwIfAborted();
  }

  /** Nothing more is fed; all that was fed is over once every task has been launched as often, and that is done. */
  async function pause(): Promise<() => void> {
    pauses++;
    let paused = true;
    const resume = () => {
      if (paused) pauses--;
      paused = false;
      room.call();
    };
    const settle = async () => {
      do await port.settled();
      while (port.launched() < user.getSnapshot().context.fed);
      settling = undefined;
    };
    settling ??= settle();
    try {
      await settling;
    } catch (error) {
      resume();
      throw error;
    }
    return resume;
  }

  async function drain(): Promise<void> {
    try {
      while (await take());
      await port.settled();
    } catch (error) {
      if (error !== port.broken()) throw error;
    }
  }

  /** Reads batches while there is room for them. */
  function startFeeding(batches: Batches, prefetch: number) {
    let reader: Reader | undefined;
    let ended = false;
    let trouble: { readonly error: unknown } | undefined;
    const end = (): void => {
      if (ended) return;
      ended = true;
      if (port.broken()) return;
      port.draining();
      tell({ type: "end" });
    };
    const feed = async (): Promise<void> => {
      reader = openReader(batches, { asked: () => asked, prefetch });
      for (let batch = 0; ; batch++) {
        const over = () => ended || port.broken() !== undefined;
        const full = () => user.getSnapshot().context.credits === 0 || batch >= asked + prefetch;
        while (full() && !over()) await room.next();
        if (over()) return;
        const next = reader.next();
        const item = next instanceof Promise ? await next : await Promise.resolve(next);
        while (pauses > 0 && !over()) await room.next();
        if (over()) return;
        if (item.done) {
          reader = undefined;
          return;
        }
        checkFeeds(plan.inputs, item.value, batch);
        host.feeds.set(user.getSnapshot().context.fed, item.value);
        tell({ type: "feed" });
      }
    };
    /** Tells the user's iterator that no more is wanted. It may be waiting for data that never comes: nobody waits for it. */
    const leave = async (): Promise<void> => {
      try {
        await reader?.return?.();
      } catch (error) {
        trouble ??= { error };
      }
    };
    const work = async (): Promise<void> => {
      try {
        await feed();
      } catch (error) {
        trouble = { error };
        void leave();
      } finally {
        end();
      }
    };
    void work();
    return {
      trouble: () => trouble,
      stop(): void {
        if (ended) return;
        end();
        room.call();
        void leave();
      },
    };
  }

  return { run, pause };
}
