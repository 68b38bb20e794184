/** @file How each op of ours is said in ONNX. */
import type { Table } from "../site.ts";
import { elements } from "./elements.ts";
import { indexing } from "./indexing.ts";
import { network } from "./network.ts";
import { reductions } from "./reductions.ts";
import { shapes } from "./shapes.ts";

export const table: Table = { ...elements, ...indexing, ...network, ...reductions, ...shapes };

/** Ops that are their first operand: in an evaluation, or where nothing is said of layouts and gradients. */
export const same: ReadonlySet<string> = new Set(["dropout", "stopGradient", "to", "withGradient"]);
/** Ops that are part of the model by themselves. */
export const sources: ReadonlySet<string> = new Set(["input", "state"]);

/** Why a model of ONNX cannot say an op, and what to do; of others there is nothing to say but that. */
export const reasons: Readonly<Record<string, readonly [why: string, next: string]>> = {
  minimize: ["it comes of a backward pass, and a model of ONNX has only the forward one", "leave this output out"],
  random: ["its numbers are those of Sluice's generator, which ONNX lacks", "make what it draws an input of the graph"],
};
