/**
 * @file A session as frames of the live view. Steps are noted as they end; events are listened to and flight records taken
 * only while somebody watches, the records seldom enough that they take a fiftieth of the time at most.
 */
import { expand } from "../../actors/expand.ts";
import type { PlanData } from "../../ir/plan.ts";
import type { SessionEvent } from "../../ir/session.ts";
import type { Session } from "../../launch.ts";
import { waitsIn } from "./ahead.ts";
import { advanced, noProgress, shownProgress } from "./progress.ts";
import { noSamples, sampled, sharesOf } from "./samples.ts";
import { slotsIn } from "./slots.ts";
import type { LiveFrame } from "./types.ts";

/** What of a session is looked at. */
export type Watched = Pick<
  // biome-ignore lint/suspicious/noExplicitAny: a session of any plan
  Session<any, any, any>,
  "flight" | "metrics$" | "events$" | "templateOf" | "status"
>;

/** Milliseconds between samples: no less, and so many times what one takes. */
const between = 40;
const times = 50;

export interface Watch {
  /** Samples are taken from now on; to be called by the first who watches. */
  begin(): void;
  /** And no longer. */
  end(): void;
  frame(): LiveFrame;
  close(): void;
}

/** `ended` is called when the session has ended. */
export function watch(session: Watched, plan: PlanData, ended: () => void): Watch {
  const net = expand(plan, { actor: 0, edge: 0, register: 0 });
  const [slotsOf, waitsOf] = [slotsIn(net), waitsIn(net)];
  let samples = noSamples;
  let progress = noProgress;
  let failure: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let listening: { unsubscribe(): void } | undefined;
  /** Milliseconds by actor since the last sample; of a session that was launched with `{ trace: true }`. */
  let work: Map<number, number> | undefined;
  const sample = () => {
    const start = performance.now();
    samples = sampled(samples, session.flight(), (actor) => session.templateOf(actor), work, slotsOf, waitsOf);
    work &&= new Map();
    return performance.now() - start;
  };
  const again = (took: number) => {
    timer = setTimeout(() => again(sample()), Math.max(between, times * took));
    timer.unref();
  };
  const listen = (event: SessionEvent) => {
    if (event.type === "failure") failure = event.reason;
    if (event.type !== "task" || event.phase !== "done") return;
    work ??= new Map();
    work.set(event.task, (work.get(event.task) ?? 0) + event.end - event.start);
  };
  const end = () => {
    clearTimeout(timer);
    listening?.unsubscribe();
  };
  const steps = session.metrics$.subscribe({
    next: (step) => {
      progress = advanced(progress, step);
    },
    complete: () => {
      end();
      ended();
    },
  });
  return {
    begin() {
      listening = session.events$.subscribe(listen);
      work &&= new Map();
      again(sample());
    },
    end,
    frame: () => ({
      status: session.status,
      ...(failure !== undefined && { failure }),
      ...shownProgress(progress),
      ...sharesOf(samples),
    }),
    close() {
      end();
      steps.unsubscribe();
    },
  };
}
