/** @file What a user may say of loss scaling, checked and with its defaults. */
import { checkOptions, GraphError, OptionError, showGiven } from "../ir/errors.ts";
import { checkOption } from "./check-option.ts";
import { userLine } from "./source.ts";

/** Dynamic loss scaling, in the words of PyTorch's GradScaler. */
export interface LossScaleOptions {
  /** The scale of the first step, 1 or more. Default 65536. */
  readonly init?: number;
  /** The scale grows by this after `growthInterval` steps in a row that were not skipped. Default 2. */
  readonly growthFactor?: number;
  /** The scale shrinks by this with each step that is skipped, but not below 1. Default 0.5. */
  readonly backoffFactor?: number;
  /** Steps in a row. Default 2000. */
  readonly growthInterval?: number;
}

/** `"dynamic"` is with all defaults, a number is a scale that stays. */
export type LossScale = "dynamic" | number | LossScaleOptions;

export type Scaling = Required<LossScaleOptions>;

const defaults: Scaling = { init: 65536, growthFactor: 2, backoffFactor: 0.5, growthInterval: 2000 };
const call = "minimize, option lossScale";

/** Throws OptionError SL1074 and SL1075, GraphError SL1060 for a number out of range. */
export function scalingOf(given: unknown): Scaling {
  if (given === "dynamic") return defaults;
  if (typeof given === "number") {
    checkOption(call, "the scale", given, 1);
    return { ...defaults, init: given, growthFactor: 1, backoffFactor: 1 };
  }
  if (typeof given !== "object" || given === null)
    throw new OptionError("SL1075", `it is ${showGiven(given)}`, {
      subject: call,
      at: userLine(),
      choices: ['"dynamic"', "65536", "{ init: 1024, growthInterval: 100 }"],
    });
  checkOptions("SL1074", call, given, Object.keys(defaults), userLine);
  const scaling = { ...defaults, ...(given as LossScaleOptions) };
  checkOption(call, "init", scaling.init, 1);
  checkOption(call, "growthFactor", scaling.growthFactor, 1);
  checkOption(call, "backoffFactor", scaling.backoffFactor, 0, 1 + Number.EPSILON);
  checkOption(call, "growthInterval", scaling.growthInterval, 1);
  if (Number.isInteger(scaling.growthInterval)) return scaling;
  throw new GraphError("SL1060", `growthInterval cannot be ${scaling.growthInterval}`, {
    subject: call,
    at: userLine(),
    hint: "give a whole number of steps",
  });
}
