/** @file Stands for a backward pass and an optimizer's updates until autodiff has written them out. */
import { InternalError, ShapeError } from "../../ir/errors.ts";
import type { OpDef } from "../op.ts";
import { checkFloats } from "./checks.ts";

export const minimize: OpDef = {
  kind: "minimize",
  infer([loss]) {
    checkFloats([loss!]);
    if (loss!.shape.length > 0)
      throw new ShapeError("SL1019", `a loss is one number, this is [${loss!.shape.join(",")}]`, {
        hint: "reduce it with .mean() or .sum()",
      });
    return [];
  },
  rules: () => [],
  lower() {
    throw new InternalError("minimize is written out by autodiff before anything is lowered");
  },
};
