/**
 * @file An executor: a thread that runs programs in the order in which they were launched, waits for other threads'
 * counters where a launch says so, and does nothing else. It sleeps when its ring is empty.
 */
import { parentPort, workerData } from "node:worker_threads";
import { SessionError } from "../ir/errors.ts";
import { createExecutor } from "../kernels/engine.ts";
import { clock } from "./clock.ts";
import { type Load, loadOps } from "./defined.ts";
import {
  ASLEEP,
  controlBytes,
  DELAY,
  DONE,
  DOORBELL,
  FIRST_WAIT,
  HEAD,
  IDLE,
  PROGRAM,
  reached,
  ringBytes,
  ringSize,
  STOP,
  slotOf,
  TELL,
  type ThreadReport,
  type ThreadSetup,
  type Told,
  WAITERS,
  WAITS,
  WORKSPACE,
} from "./ring.ts";

/** Polls before a thread sleeps: about 3 µs. */
const spins = 500;
/**
 * The loop is rung once no more launches than these are left: waking it costs both sides some microseconds, and a thread
 * that runs dry meanwhile has to be woken in its turn. So many small ones take about as long as the loop needs to answer.
 */
const low = 16;

const post = (report: ThreadReport) => parentPort!.postMessage(report);

function serve(setup: ThreadSetup): void {
  const { thread, memory, shape } = setup;
  const { buffer } = memory;
  const control = new Int32Array(buffer, setup.control, controlBytes(setup.threads) / 4);
  const ring = new Int32Array(buffer, setup.ring, ringBytes(shape) / 4);
  const times = setup.times === null ? null : new Float64Array(buffer, setup.times, ringSize * 2);
  const now = clock(setup.origin);
  const executor = createExecutor(setup.engine, memory, setup.stack);
  let owed = false;

  /** Waits until a counter has reached `target`; false when the session ends first. */
  function until(counter: number, target: number, waiters: number): boolean {
    for (let i = 0; i < spins; i++) if (reached(Atomics.load(control, counter), target)) return true;
    for (;;) {
      Atomics.add(control, waiters, 1);
      const seen = Atomics.load(control, counter);
      const stop = Atomics.load(control, STOP);
      if (!stop && !reached(seen, target)) Atomics.wait(control, counter, seen);
      Atomics.sub(control, waiters, 1);
      if (Atomics.load(control, STOP)) return false;
      if (reached(Atomics.load(control, counter), target)) return true;
    }
  }

  /** Sleeps until a time on the clock; false when the session ends first. */
  function sleep(until: number): boolean {
    for (let left = until - now(); left > 0; left = until - now())
      if (Atomics.wait(control, STOP, 0, left) !== "timed-out") return false;
    return true;
  }

  function execute(launch: number): boolean {
    const slot = slotOf(launch);
    const at = slot * shape.words;
    for (let i = 0; i < ring[at + WAITS]!; i++) {
      const other = ring[at + FIRST_WAIT + 2 * i]!;
      if (!until(DONE(other), ring[at + FIRST_WAIT + 1 + 2 * i]!, WAITERS(other))) return false;
    }
    const delay = ring[at + DELAY]!;
    const start = times || delay > 0 ? now() : 0;
    const seqs = setup.ring + (at + shape.seqs) * 4;
    executor.run(ring[at + PROGRAM]! >>> 0, seqs, ring[at + WORKSPACE]! >>> 0);
    if (delay > 0 && !sleep(start + delay / 1000)) return false;
    if (times) {
      times[2 * slot] = start;
      times[2 * slot + 1] = now();
    }
    const tell = ring[at + TELL] === 1;
    Atomics.store(control, DONE(thread), (launch + 1) | 0);
    if (Atomics.load(control, WAITERS(thread)) > 0) Atomics.notify(control, DONE(thread));
    owed ||= tell;
    if (owed && ((Atomics.load(control, HEAD(thread)) - launch) | 0) <= low) {
      owed = false;
      if (Atomics.exchange(control, ASLEEP, 0) === 1) {
        Atomics.add(control, DOORBELL, 1);
        Atomics.notify(control, DOORBELL);
      }
    }
    return true;
  }

  post({ type: "ready" });
  let launch = 0;
  try {
    while (until(HEAD(thread), (launch + 1) | 0, IDLE(thread)) && execute(launch)) launch = (launch + 1) | 0;
  } catch (error) {
    post({ type: "failed", launch, error: told(error) });
  }
}

/** An error as another thread can be told of it. */
function told(error: unknown): Told {
  if (!(error instanceof Error)) return { what: String(error) };
  const { stack } = error.cause instanceof Error ? error.cause : error;
  const trace = stack === undefined ? {} : { stack };
  if (!(error instanceof SessionError)) return { what: error.message, ...trace };
  const { code, what, at, hint } = error;
  return { code, what, ...(at === undefined ? {} : { at }), ...(hint === undefined ? {} : { hint }), ...trace };
}

/** Milliseconds that files get to be closed. */
const patience = 1000;

/**
 * Loaders keep caches, behind everybody's back. Serving stops this thread's event loop for good, and a file that is open
 * then would stay open after the thread.
 */
async function filesClosed(): Promise<void> {
  const end = performance.now() + patience;
  const busy = () => process.getActiveResourcesInfo().some((kind) => /^FSReqPromise|FileHandle/.test(kind));
  while (busy() && performance.now() < end) await new Promise((resolve) => setImmediate(resolve));
}

/** The life of the thread. `load` imports a module by its URL. */
export async function start(load: Load): Promise<void> {
  const setup = workerData as ThreadSetup;
  try {
    await loadOps(setup.ops, load, (module) => post({ type: "loading", module }));
  } catch (error) {
    post({ type: "failed", launch: undefined, error: told(error) });
    return;
  }
  await filesClosed();
  serve(setup);
}
