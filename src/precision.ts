/** @file Mixed precision as users ask `compile` for it. */
import type { Precision as Compiled } from "./compiler/draft.ts";
import { userLine } from "./graph/source.ts";
import { checkOptions, OptionError, showGiven } from "./ir/errors.ts";

/** What is stored and multiplied in 16 bits; parameters, what optimizers keep, norms, sums and losses stay float32. */
export interface PrecisionOptions {
  /** Operands of products, and what is kept for the backward pass. Products are added up in float32. */
  readonly compute: "bfloat16" | "float16";
  /** What gradients of parameters travel between ranks as. Default: as `compute`, half of float32's bytes. */
  readonly gradients?: "float32" | "bfloat16" | "float16";
  /** Ops that stay float32, by name or pattern: `"head.*"`. Default: none. */
  readonly float32?: readonly string[];
}

/** A dtype alone is that of `compute`, all else as by default. */
export type Precision = "float32" | "bfloat16" | "float16" | PrecisionOptions;

const halves = ["bfloat16", "float16"] as const;
const optionNames = ["compute", "gradients", "float32"] satisfies (keyof PrecisionOptions)[];

/** Throws OptionError SL1074 and SL1075. */
export function precisionOf(given: Precision | undefined): Compiled | undefined {
  if (given === undefined || given === "float32") return undefined;
  const refuse = (option: string, value: unknown, choices: readonly string[]) =>
    new OptionError("SL1075", `it is ${showGiven(value)}`, {
      subject: `compile, option ${option}`,
      at: userLine(),
      choices,
    });
  const example = '{ compute: "bfloat16", gradients: "float32" }';
  const all = ["float32", ...halves];
  const named = typeof given === "object" && given !== null ? undefined : given;
  if (named !== undefined && !halves.includes(named)) throw refuse("precision", named, [...all, example]);
  const options = typeof given === "string" ? { compute: given } : given;
  checkOptions("SL1074", "compile, option precision", options, optionNames, userLine);
  const { compute, gradients = compute, float32 = [] } = options;
  if (!halves.includes(compute)) throw refuse("precision.compute", compute, halves);
  if (!all.includes(gradients)) throw refuse("precision.gradients", gradients, all);
  if (!Array.isArray(float32) || !float32.every((pattern) => typeof pattern === "string"))
    throw refuse("precision.float32", float32, ['["head.*"]']);
  return { compute, gradients, float32 };
}
