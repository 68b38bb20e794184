/**
 * @file Batches that take time to load: some are on their way while others are used, never more than a bound, and they
 * come in the order of what they are loaded from. A loader is an observable for whoever subscribes; a run asks it for
 * one batch after the other, so that its credits reach back to the loads.
 */
import { from, Observable } from "rxjs";
import { checkOptions, DataError } from "../ir/errors.ts";

export interface LoaderOptions {
  /** Loads under way, or over and not asked for yet: an integer ≥ 1. Default 4. */
  readonly prefetch?: number;
}

/** Each subscription and each iteration goes over the items anew. */
export interface Loader<T> extends Observable<T>, AsyncIterable<T> {}

/**
 * What `load` makes of each item, in order, at most `prefetch` of them ahead of who takes them. When a load fails, that
 * error comes in its place and is the last. Leaving early ends the items; loads under way are not waited for.
 *
 * @throws OptionError SL1074 for an option that does not exist, DataError SL6023 for a prefetch that is no integer ≥ 1
 *
 * @example
 * const images = loader(files, async (file) => ({ x: await decode(file) }), { prefetch: 8 });
 * for await (const { step } of session.run(images)) console.log(step);
 * images.pipe(take(3)).subscribe(show);
 */
export function loader<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  load: (item: T) => R | PromiseLike<R>,
  options: LoaderOptions = {},
): Loader<R> {
  checkOptions("SL1074", "loader", options, ["prefetch"] satisfies (keyof LoaderOptions)[], () => undefined);
  const { prefetch = 4 } = options;
  if (!Number.isInteger(prefetch) || prefetch < 1)
    throw new DataError("SL6023", `prefetch is ${prefetch}`, {
      subject: "loader",
      hint: "give an integer ≥ 1: how many loads may be under way",
    });

  async function* loaded(): AsyncGenerator<R, void, undefined> {
    const reader = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    /** Items are asked for one after the other, however long each takes to load. */
    let item: Promise<IteratorResult<T>> = Promise.resolve({ done: false, value: undefined as T });
    const next = async () => {
      item = item.then(async (last) => (last.done ? last : reader.next()));
      const { done, value } = await item;
      return done ? undefined : { value: await load(value) };
    };
    const started: ReturnType<typeof next>[] = [];
    const start = () => {
      const one = next();
      one.catch(() => {}); // who takes it hears of it; nobody may
      started.push(one);
    };
    try {
      for (;;) {
        while (started.length < prefetch) start();
        const one = await started.shift()!;
        if (!one) return;
        yield one.value;
      }
    } finally {
      void Promise.resolve(reader.return?.()).catch(() => {});
    }
  }

  const pushed = new Observable<R>((observer) => from(loaded()).subscribe(observer));
  return Object.assign(pushed, { [Symbol.asyncIterator]: loaded });
}
