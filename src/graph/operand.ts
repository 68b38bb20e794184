/**
 * @file Is it a tensor? Calls come from plain JavaScript too, where an operand may be anything. Ops, modules and
 * functions of several tensors all ask here.
 */
import { GraphError, PlacementError, showGiven } from "../ir/errors.ts";
import type { Placement } from "./placement.ts";
import { userLine } from "./source.ts";
import type { Tensor } from "./tensor.ts";

export const isTensor = (value: unknown): value is Tensor =>
  (value as Partial<Tensor> | null | undefined)?.builder?.shown !== undefined;

/** Throws GraphError SL1037 unless all are tensors, or `numbers` where the call takes these too. */
export function checkTensors(call: string, operands: readonly unknown[], numbers = false, at?: string): void {
  const none = operands.findIndex((value) => !isTensor(value) && !(numbers && typeof value === "number"));
  if (none < 0) return;
  throw new GraphError("SL1037", `operand ${none} is ${showGiven(operands[none])}, no tensor`, {
    subject: call,
    at: at ?? userLine(),
    hint: "give a tensor of this graph, or a number where the method takes one; data comes in as an input",
  });
}

/** Throws GraphError SL1090 unless it is a list with a tensor at least, SL1037 for what is no tensor in it. */
export function checkTensorList(call: string, given: unknown): void {
  if (Array.isArray(given) && given.length > 0) {
    checkTensors(call, given);
    return;
  }
  const got = isTensor(given) ? "a tensor, not a list of them" : `${showGiven(given)}, not a list of tensors`;
  throw new GraphError("SL1090", Array.isArray(given) ? "there are no tensors" : `the first argument is ${got}`, {
    subject: call,
    at: userLine(),
    hint: Array.isArray(given) ? "give at least one" : `write ${call}([x, y], …)`,
  });
}

/** Throws PlacementError SL1141 for what neither `placement` nor `slice` has made. */
export function checkPlacement(call: string, given: unknown): asserts given is Placement {
  if (Array.isArray((given as Partial<Placement> | null | undefined)?.data?.ranks)) return;
  throw new PlacementError("SL1141", `the placement is ${showGiven(given)}`, {
    subject: call,
    at: userLine(),
    hint: 'give what placement("cpu", { data: 2 }) returned, or a slice of it',
  });
}
