/**
 * @file Stands for a backward pass and an optimizer's updates until autodiff has written them out. With `attrs.lossScale` it
 * gives the scale of this step, and 1 if the step is skipped, else 0.
 */
import { InternalError, ShapeError } from "../../ir/errors.ts";
import type { OpDef } from "../op.ts";
import { checkFloats } from "./checks.ts";

export const minimize: OpDef = {
  kind: "minimize",
  infer([loss], attrs) {
    checkFloats([loss!]);
    if (loss!.shape.length > 0)
      throw new ShapeError("SL1019", `a loss is one number, this is [${loss!.shape.join(",")}]`, {
        hint: "reduce it with .mean() or .sum()",
      });
    return attrs.lossScale
      ? [
          { shape: [], dtype: "float32" },
          { shape: [], dtype: "int32" },
        ]
      : [];
  },
  rules: () => [],
  lower() {
    throw new InternalError("minimize is written out by autodiff before anything is lowered");
  },
};
