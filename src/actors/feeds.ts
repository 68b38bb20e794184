/** @file Checks a batch against the inputs of a plan, so that nothing wrong reaches the ranks. */
import type { NdArray } from "../ir/array.ts";
import { itemSize, showType } from "../ir/dtype.ts";
import { FeedError, nearest } from "../ir/errors.ts";
import type { Feeds } from "./session-types.ts";
import { allocate, type Laid } from "./shards.ts";

/**
 * @throws FeedError SL4001 an input is missing or unknown, SL4002 its dtype, SL4003 its shape, SL4004 its data does not fit
 */
export function checkFeeds(inputs: readonly (Laid & { readonly name: string })[], feeds: Feeds, batch: number): void {
  const names = inputs.map((input) => input.name);
  if (typeof feeds !== "object" || feeds === null)
    throw new FeedError("SL4001", `the batch is ${String(feeds)}`, {
      subject: `batch ${batch}`,
      hint: `yield an object with an array for each input: { ${names.join(", ")} }`,
    });
  for (const name of Object.keys(feeds)) {
    if (names.includes(name)) continue;
    const [meant] = nearest(name, names);
    throw new FeedError("SL4001", `the plan has no input "${name}"`, {
      subject: `batch ${batch}`,
      choices: names,
      hint: meant === undefined ? "leave it out" : `did you mean "${meant}"?`,
    });
  }
  for (const input of inputs) {
    const given = feeds[input.name];
    if (given === undefined)
      throw new FeedError("SL4001", `it is missing; the batch has ${Object.keys(feeds).join(", ") || "nothing"}`, {
        subject: `input "${input.name}" of batch ${batch}`,
        hint: `give an array of type ${showType(input)}`,
      });
    checkArray(
      input,
      given,
      `input "${input.name}" of batch ${batch}`,
      "compile the graph for this size, or drop or pad what does not fill a batch",
    );
  }
}

/** Throws FeedError SL4002 to SL4004 unless the array is of this dtype and shape; `resize` says what to do about the latter. */
export function checkArray(expected: Laid, given: NdArray, subject: string, resize: string): void {
  const { shape, dtype } = expected;
  const wanted = showType(expected);
  if (
    given === null ||
    typeof given !== "object" ||
    !Array.isArray(given.shape) ||
    (given.data ?? undefined) === undefined
  )
    throw new FeedError("SL4004", `it is no array with shape, dtype and data`, {
      subject,
      hint: `array([${shape.join(", ")}], "${dtype}", data) makes one`,
    });
  if (given.dtype !== dtype)
    throw new FeedError("SL4002", `the plan expects ${wanted}, got ${given.dtype}`, {
      subject,
      choices: [dtype],
      hint: "convert the data before feeding it",
    });
  if (given.shape.length !== shape.length || given.shape.some((n, d) => n !== shape[d]))
    throw new FeedError("SL4003", `the plan expects ${wanted}, got shape [${given.shape.join(",")}]`, {
      subject,
      hint: resize,
    });
  const elements = shape.reduce((a, b) => a * b, 1);
  const kind = allocate(dtype, 0).constructor as { readonly name: string };
  if (given.data.constructor !== kind || given.data.length !== elements)
    throw new FeedError(
      "SL4004",
      `${wanted} is ${elements} elements (${elements * itemSize[dtype]} bytes) in a ${kind.name}, got ` +
        `${given.data.length} in a ${given.data.constructor.name}`,
      { subject, hint: "make data and shape agree" },
    );
}
