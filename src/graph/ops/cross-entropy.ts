/**
 * @file Softmax and cross-entropy in one, of logits `[..., classes]` against class ids `[...]`: a loss for each row. An
 * id that is no class, −1 say, gives loss 0 and no gradient; so padding is masked.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { TensorType } from "../../ir/graph.ts";
import { B, P, S } from "../../ir/layout.ts";
import type { Rule, Site } from "../../sbp/rule.ts";
import { count, range, sameShape, showShape } from "../dims.ts";
import type { OpDef } from "../op.ts";
import { emit } from "../tensor.ts";
import { checkDType, checkFloats, checkSame } from "./checks.ts";
import { callOn } from "./lowering.ts";
import { splitCrossEntropy, splitCrossEntropyGrad } from "./split-classes.ts";

function checkLabels(logits: TensorType, labels: TensorType): TensorType {
  const dtype = checkFloats([logits]);
  checkDType(labels, "int32");
  const rows = logits.shape.slice(0, -1);
  if (logits.shape.length < 1 || !sameShape(rows, labels.shape))
    throw new ShapeError(
      "SL1018",
      `logits ${showShape(logits.shape)} want labels ${showShape(rows)}, got ${showShape(labels.shape)}`,
      { hint: "give one class id for each row; for distributions there is nn.denseCrossEntropy" },
    );
  return { shape: rows, dtype };
}

/** Rows are independent of each other: split along any dim but that of the classes. */
const byRow = ({ ins, outs }: Site): Rule[] =>
  range(ins[0]!.shape.length - 1).map((dim) => ({ ins: ins.map(() => S(dim)), outs: outs.map(() => S(dim)) }));

/** max, exp and sum, log: about this many operations a logit. */
const flopsPerLogit = 8;

export const softmaxCrossEntropy: OpDef = {
  kind: "softmaxCrossEntropy",
  infer: ([logits, labels]) => [checkLabels(logits!, labels!)],
  rules: byRow,
  expansions: splitCrossEntropy,
  gradient: ({ ins: [logits, labels], grads: [g] }) => [
    () => emit("softmaxCrossEntropyGrad", [logits!, labels!, g!]),
    undefined,
  ],
  lower({ ins: [logits, labels], outs: [loss] }) {
    const rows = count(loss!.shape);
    return rows
      ? [callOn(loss!.dtype, "cross_entropy", rows, logits!.shape.at(-1)!, logits!.arg, labels!.arg, loss!.arg)]
      : [];
  },
  flops: ([logits]) => flopsPerLogit * count(logits!.shape),
};

export const softmaxCrossEntropyGrad: OpDef = {
  kind: "softmaxCrossEntropyGrad",
  infer([logits, labels, dloss]) {
    checkSame(checkLabels(logits!, labels!), dloss!);
    return [{ shape: logits!.shape, dtype: checkFloats([logits!, dloss!]) }];
  },
  // Linear in the gradient of the loss.
  rules: (site) => [...byRow(site), { ins: [B, B, P("sum")], outs: [P("sum")] }],
  expansions: splitCrossEntropyGrad,
  lower({ ins: [logits, labels, dloss], outs: [dlogits] }) {
    const [rows, classes] = [count(dloss!.shape), logits!.shape.at(-1)!];
    if (rows * classes === 0) return [];
    return [
      callOn(dlogits!.dtype, "cross_entropy_grad", rows, classes, logits!.arg, labels!.arg, dloss!.arg, dlogits!.arg),
    ];
  },
  flops: ([logits]) => flopsPerLogit * count(logits!.shape),
};
