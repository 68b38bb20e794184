/**
 * @file An observable read like an iterator. It pushes without being asked and cannot be held back, so what it pushes
 * waits here, for as many batches as a run may have ahead of its loop. One that pushes more ends the run with an error:
 * dropping would change what is learned, and waiting without a bound is how memory ends.
 */
import { from, type InteropObservable, Observable, Subject, type Subscribable, takeUntil } from "rxjs";
import { FeedError } from "../ir/errors.ts";
import { mostAhead } from "./net.ts";
import type { Feeds } from "./session-types.ts";

/** How far a run is. */
export interface Pace {
  /** Steps that the loop has asked for. */
  asked(): number;
  /** Batches that may be ahead of them. */
  readonly prefetch: number;
}

/** What may be an observable: the convention is a method that gives one, or `subscribe` alone. */
export type Pushed = Partial<Subscribable<Feeds>> & { readonly "@@observable"?: unknown };

const key = (Symbol as { readonly observable?: symbol }).observable ?? "@@observable";

export function observableOf(given: Pushed): Observable<Feeds> | undefined {
  if (key in given) return from(given as InteropObservable<Feeds>);
  if (typeof given.subscribe !== "function") return undefined;
  return new Observable((observer) => given.subscribe!(observer));
}

/** Subscribes when the first batch is asked for; unsubscribes at `return`, at the end, and at the first batch too many. */
export function readPushed(source: Observable<Feeds>, pace: Pace): AsyncIterator<Feeds> {
  const waiting: Feeds[] = [];
  /** Ends the subscription, also within the call that makes it: a list is pushed there. */
  const stop = new Subject<void>();
  let pushed = 0;
  let begun = false;
  let over = false;
  let trouble: { readonly error: unknown } | undefined;
  let heard = () => {};

  function finish(problem?: { readonly error: unknown }): void {
    over = true;
    trouble ??= problem;
    stop.next();
    heard();
  }
  function take(batch: Feeds): void {
    if (pushed++ < pace.asked() + pace.prefetch) waiting.push(batch);
    else finish({ error: outrun(pushed - 1, pace) });
    heard();
  }
  function begin(): void {
    begun = true;
    const error = (thrown: unknown) => finish({ error: thrown });
    source.pipe(takeUntil(stop)).subscribe({ next: take, error, complete: () => finish() });
  }

  return {
    async next() {
      if (!begun) begin();
      while (waiting.length === 0 && !over)
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      const batch = waiting.shift();
      if (batch !== undefined) return { done: false, value: batch };
      if (trouble) throw trouble.error;
      return { done: true, value: undefined };
    },
    async return() {
      waiting.length = 0;
      finish();
      return { done: true, value: undefined };
    },
  };
}

function outrun(batch: number, { asked, prefetch }: Pace): FeedError {
  const wider = prefetch < mostAhead ? [`a larger { prefetch }, up to ${mostAhead}`] : [];
  return new FeedError(
    "SL4006",
    `batch ${batch} was pushed while the loop was at step ${asked() - 1}, and at most ${prefetch} may be ahead of it`,
    {
      subject: "the observable given to run",
      choices: [
        ...wider,
        "an operator that says what becomes of the rest, as throttleTime does",
        "a generator or an async generator, which is asked for each batch",
      ],
      hint: "nobody can ask an observable to wait: where the batches can, give them to run as they are",
    },
  );
}
