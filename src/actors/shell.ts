/**
 * @file What the user of a session holds. It works on the session's core until that has ended, and then lets go of it, so
 * that the memory is free however long somebody keeps the session, or a runner of it, in a variable.
 */
import { defer, EMPTY } from "rxjs";
import type { Net } from "./net.ts";
import type { RawSession, Runner } from "./session-types.ts";

export interface Core extends RawSession {
  /** Resolves when all threads have ended, after a failure or a close. */
  readonly gone: Promise<void>;
  /** Why the session has ended, if it has. */
  broken(): Error | undefined;
}

/** Looks up templates by actor, and keeps nothing else of the net. */
export function templatesOf({ actors }: Net): (actor: number) => number {
  const templates = Int32Array.from(actors, ({ template }) => template);
  return (actor) => templates[actor] ?? -1;
}

/** What is known of a session that has ended. */
function remains(core: Core): Core {
  const { ranks, threads, mapping, engine, status, stats, states, gone } = core;
  const [error, flight] = [core.broken()!, core.flight()];
  String(error.stack); // until it is asked for, an error holds on to the functions on its stack, and so to the session
  const refuse = (): never => {
    throw error;
  };
  return {
    ranks,
    threads,
    mapping,
    engine,
    status,
    stats,
    states,
    metrics$: EMPTY,
    events$: EMPTY,
    flight: () => flight,
    broken: () => error,
    pause: async () => refuse(),
    read: refuse,
    write: refuse,
    traffic: refuse,
    templateOf: core.templateOf,
    run: () => ({ [Symbol.asyncIterator]: () => ({ next: async () => refuse() }) }),
    load: async () => refuse(),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
    gone,
  };
}

export function shell(core: Core): RawSession {
  let inner = core;
  let closed: Promise<void> | undefined;
  const { gone } = core;
  void gone.then(() => {
    inner = remains(inner);
  });
  const close = () => (closed ??= inner.close().then(() => gone));

  /** A runner that lets go of its plan as well. */
  function lend(runner: Runner): Runner {
    let lent = runner;
    void gone.then(() => {
      lent = inner;
    });
    return { run: (batches, options) => lent.run(batches, options) };
  }
  return {
    get ranks() {
      return inner.ranks;
    },
    get threads() {
      return inner.threads;
    },
    get mapping() {
      return inner.mapping;
    },
    get engine() {
      return inner.engine;
    },
    get status() {
      return closed && inner.status === "failed" ? "closed" : inner.status;
    },
    get stats() {
      return inner.stats;
    },
    get states() {
      return inner.states;
    },
    metrics$: defer(() => inner.metrics$),
    events$: defer(() => inner.events$),
    flight: () => inner.flight(),
    run: (batches, options) => inner.run(batches, options),
    pause: () => inner.pause(),
    load: async (plan) => lend(await inner.load(plan)),
    read: (name) => inner.read(name),
    write: (name, value) => inner.write(name, value),
    traffic: (hash) => inner.traffic(hash),
    templateOf: (actor) => inner.templateOf(actor),
    close,
    [Symbol.asyncDispose]: close,
  };
}
