/**
 * @file Labelled images in memory, and batches of them as feeds. Pixels are in their final form before the first batch,
 * so a batch is one row copy per image. Every batch is an array of its own: a session may still read one while the next
 * is made.
 */
import { array, type NdArray } from "../ir/array.ts";
import { checkOptions, DataError } from "../ir/errors.ts";
import { permutation } from "./shuffle.ts";

/** `N` images of `W` pixels, row by row, and their classes. */
export type Batch<N extends number, W extends number> = {
  readonly image: NdArray<[N, W], "float32">;
  readonly label: NdArray<[N], "int32">;
};

/** `mask` is 1 for an image and 0 for a filler: zero pixels with label −1, which has neither loss nor gradient. */
export type PaddedBatch<N extends number, W extends number> = Batch<N, W> & {
  readonly mask: NdArray<[N], "float32">;
};

/** Can be iterated again, with the same batches in the same order. */
export interface Batches<T> extends Iterable<T> {
  /** How many there are. */
  readonly count: number;
}

export interface Shuffle {
  /** An integer from 0 to 2^53 − 1. */
  readonly seed: number;
  /** Each epoch has an order of its own. */
  readonly epoch: number;
}

export interface BatchOptions<Last extends "drop" | "pad"> {
  /** Absent: the order of the files. The order depends on seed and epoch alone, never on the mesh. */
  readonly shuffle?: Shuffle;
  /** What becomes of the images that do not fill the last batch: left out, or filled up and masked. */
  readonly last?: Last;
}

export interface Dataset<W extends number = number> {
  /** Images. */
  readonly size: number;
  /** Pixels of an image. */
  readonly width: W;
  /**
   * Batches of `size` images, for `session.run`. The last, partial batch is dropped unless `last: "pad"` is given; then
   * batches carry a `mask` as well.
   *
   * @throws OptionError SL1074 for an option that does not exist
   * @throws DataError SL6020 no batch size, SL6021 no seed or epoch, SL6022 no policy for the last batch
   *
   * @example
   * for (const { image, label } of train.batches(128, { shuffle: { seed: 1, epoch: 0 } })) image.shape; // [128, 784]
   * for (const { mask } of test.batches(512, { last: "pad" })) mask.shape; // [512]
   */
  batches<const N extends number>(size: N, options?: BatchOptions<"drop">): Batches<Batch<N, W>>;
  batches<const N extends number>(size: N, options: BatchOptions<"pad">): Batches<PaddedBatch<N, W>>;
}

const optionNames = ["shuffle", "last"] satisfies (keyof BatchOptions<"drop">)[];
const shuffleNames = ["seed", "epoch"] satisfies (keyof Shuffle)[];

/** A dataset of images `[n, W]` and their labels `[n]`. */
export function dataset<W extends number>(
  images: NdArray<[number, W], "float32">,
  labels: NdArray<[number], "int32">,
): Dataset<W> {
  const [size, width] = images.shape;
  if (labels.shape[0] !== size)
    throw new DataError("SL6015", `${size} images and ${labels.shape[0]} labels`, {
      subject: "dataset",
      hint: "give one label for each image",
    });

  /** Row `rows[k]` of the images becomes row k; what `rows` does not fill stays zero, label −1. */
  function gather<N extends number>(n: N, rows: Uint32Array): PaddedBatch<N, W> {
    const pixels = new Float32Array(n * width);
    const classes = new Int32Array(n).fill(-1, rows.length);
    const mask = new Float32Array(n).fill(1, 0, rows.length);
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!;
      pixels.set(images.data.subarray(row * width, (row + 1) * width), k * width);
      classes[k] = labels.data[row]!;
    }
    return {
      image: array([n, width], "float32", pixels),
      label: array([n], "int32", classes),
      mask: array([n], "float32", mask),
    };
  }

  function batches<N extends number>(n: N, options: BatchOptions<"drop" | "pad"> = {}) {
    const noLine = () => undefined;
    checkOptions("SL1074", `batches(${n})`, options, optionNames, noLine);
    const { shuffle, last = "drop" } = options;
    if (shuffle !== undefined) checkOptions("SL1074", `batches(${n}), shuffle`, shuffle, shuffleNames, noLine);
    check(n, size, shuffle, last);
    const count = last === "pad" ? Math.ceil(size / n) : Math.floor(size / n);
    return {
      count,
      *[Symbol.iterator]() {
        const order = shuffle ? permutation(size, shuffle.seed, shuffle.epoch) : inOrder(size);
        for (let i = 0; i < count; i++) {
          const { mask, ...batch } = gather(n, order.subarray(i * n, (i + 1) * n));
          yield last === "pad" ? { ...batch, mask } : batch;
        }
      },
    };
  }

  return { size, width, batches: batches as Dataset<W>["batches"] };
}

const inOrder = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => i);

function check(n: number, size: number, shuffle: Shuffle | undefined, last: string): void {
  const subject = `batches(${n})`;
  if (last !== "drop" && last !== "pad")
    throw new DataError("SL6022", `last is "${last}"`, { subject, choices: ['"drop"', '"pad"'] });
  if (!Number.isInteger(n) || n < 1)
    throw new DataError("SL6020", `a batch cannot hold ${n} images`, { subject, hint: "give an integer ≥ 1" });
  if (last === "drop" && n > size)
    throw new DataError("SL6020", `the dataset has ${size} images, so the only batch would be dropped`, {
      subject,
      hint: `give at most ${size}, or { last: "pad" }`,
    });
  if (!shuffle) return;
  for (const name of shuffleNames) {
    const value = shuffle[name];
    if (!Number.isSafeInteger(value) || value < 0)
      throw new DataError("SL6021", `shuffle.${name} is ${value}`, {
        subject,
        hint: "give an integer from 0 to 2^53 − 1",
      });
  }
}
