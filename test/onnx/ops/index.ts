/** @file How each of ONNX's ops is said in ours; one that is not here has no test that runs. */
import type { Table } from "../site.ts";
import { elements } from "./elements.ts";
import { indexing } from "./indexing.ts";
import { einsum, losses, optimizers } from "./losses.ts";
import { networks } from "./networks.ts";
import { recurrent } from "./recurrent.ts";
import { reductions } from "./reductions.ts";
import { resize } from "./resize.ts";
import { shapes } from "./shapes.ts";
import { windows } from "./windows.ts";

export const table: Table = {
  ...elements,
  ...reductions,
  ...shapes,
  ...indexing,
  ...networks,
  ...losses,
  ...optimizers,
  ...recurrent,
  ...resize,
  ...windows,
  Einsum: einsum,
};

/** Why there is nothing to say for an op, where it is no matter of dtypes and of an op that we might add. */
export const absent: Readonly<Record<string, string>> = {
  Bernoulli: "random numbers of NumPy's generator",
  Compress: "dynamic output shape",
  If: "control flow",
  Loop: "control flow",
  NonMaxSuppression: "dynamic output shape",
  NonZero: "dynamic output shape",
  RandomUniformLike: "random numbers of NumPy's generator",
  Scan: "control flow",
  StringNormalizer: "strings",
  TfIdfVectorizer: "a vocabulary: text, not numbers",
  Unique: "dynamic output shape",
};
