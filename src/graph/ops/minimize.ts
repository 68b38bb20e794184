/**
 * @file Stands for a backward pass and an optimizer's updates until autodiff has written them out. With `attrs.lossScale` it
 * gives the scale of this step, and 1 if the step is skipped, else 0; then, with `attrs.clipNorm`, the norm of the gradients.
 */
import type { DType } from "../../ir/dtype.ts";
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
    const of = (dtype: DType) => ({ shape: [], dtype });
    const scaled = attrs.lossScale ? [of("float32"), of("int32")] : [];
    return attrs.clipNorm ? [...scaled, of("float32")] : scaled;
  },
  rules: () => [],
  lower() {
    throw new InternalError("minimize is written out by autodiff before anything is lowered");
  },
};
