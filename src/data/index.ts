/** @file `sluice/data`: datasets and their batches. Re-exports only. */
export {
  type Batch,
  type Batches,
  type BatchOptions,
  type Dataset,
  dataset,
  type PaddedBatch,
  type Shuffle,
} from "./dataset.ts";
export { type Loader, type LoaderOptions, loader } from "./loader.ts";
export { type Mnist, type MnistOptions, mnist } from "./mnist.ts";
