/** @file The batches of a run: epoch after epoch, as many as there are steps. */
import { SluiceError, showGiven } from "../ir/errors.ts";
import type { Prepared } from "./prepare.ts";

export interface Feeds extends AsyncIterable<object> {
  /** Steps that there will be, as far as that is known. */
  readonly count: number | undefined;
}

/** `steps` batches; without it those of one epoch. Throws SluiceError SL8014 where a program has none. */
export function feeds({ program, sizes }: Prepared, file: string, steps: number | undefined): Feeds {
  const { batches } = program;
  if (!batches)
    throw new SluiceError("SL8014", "it has nothing to feed", {
      subject: file,
      hint: "give defineProgram batches: ({ dims, epoch }) => …, an iterable of objects with an array for each input",
    });
  const epochs = steps === undefined ? 1 : Number.POSITIVE_INFINITY;
  const given = (epoch: number) => {
    const of: unknown = batches({ ...sizes, epoch });
    if (typeof of === "object" && of !== null && (Symbol.iterator in of || Symbol.asyncIterator in of))
      return of as ReturnType<typeof batches>;
    throw new SluiceError("SL8014", `batches returns ${showGiven(of)}, which gives none`, {
      subject: file,
      hint: "return an iterable, or write it as a generator: batches: async function* ({ dims, epoch }) { … }",
    });
  };
  const first = given(0);
  const { count } = first as { readonly count?: unknown };
  return {
    count: steps ?? (typeof count === "number" && count >= 1 ? count : undefined),
    async *[Symbol.asyncIterator]() {
      let left = steps ?? Number.POSITIVE_INFINITY;
      for (let epoch = 0; epoch < epochs; epoch++) {
        let none = true;
        for await (const batch of epoch === 0 ? first : given(epoch)) {
          none = false;
          yield batch;
          if (--left <= 0) return;
        }
        if (none)
          throw new SluiceError("SL8014", `its batches of epoch ${epoch} are none`, {
            subject: file,
            hint: "batches gives those of one epoch, anew each time that it is called",
          });
      }
    },
  };
}
