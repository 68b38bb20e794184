/** @file What a run reads its batches with, whether they come when asked for or are pushed. */
import { FeedError } from "../ir/errors.ts";
import { mostAhead } from "./net.ts";
import { observableOf, type Pace, type Pushed, readPushed } from "./pushed.ts";
import type { Batches, Feeds } from "./session-types.ts";

export type Reader = Iterator<Feeds> | AsyncIterator<Feeds>;

type Given = Partial<AsyncIterable<Feeds> & Iterable<Feeds>>;
const isPulled = (given: Given): boolean => (given[Symbol.asyncIterator] ?? given[Symbol.iterator]) !== undefined;

/**
 * Batches that a run may have ahead of its loop unless told otherwise: enough for a loop that is kept busy; where they
 * are pushed, also for a burst.
 */
export const defaultPrefetch = (batches: Batches): number => (isPulled(Object(batches) as Given) ? 8 : mostAhead);

/** @throws FeedError SL4005 for what is neither */
export function openReader(batches: Batches, pace: Pace): Reader {
  const given = Object(batches) as Given & Pushed;
  const pulled = given[Symbol.asyncIterator]?.() ?? given[Symbol.iterator]?.();
  if (pulled) return pulled;
  const source = observableOf(given);
  if (source) return readPushed(source, pace);
  throw new FeedError("SL4005", `run got ${String(batches)}, which cannot be iterated over`, {
    choices: ["an array of batches", "a generator", "an async generator", "an observable"],
    hint: "yield one object with an array for each input a step",
  });
}
