/**
 * @file Softmax and cross-entropy where the mesh splits the very dim that they normalise: each rank holds some of the
 * classes. The largest logit and the sum of exponentials are partial values, P(max) and P(sum), and only these two numbers
 * a line travel. Source: Megatron-LM's vocabulary-parallel cross-entropy (Shoeybi et al., 2019), as boxing.
 */
import { B, S } from "../../ir/layout.ts";
import type { LocalType, Site } from "../../sbp/rule.ts";
import type { Expansion, ExpansionSite } from "../op.ts";
import { emit, type Tensor } from "../tensor.ts";

type Along = ExpansionSite["along"];

const over = (kind: "max" | "sum", x: Tensor, dim: number) => emit(kind, [x], { dims: [dim], keep: true });

/** x − max, and Σ exp of it, along a dim that is split. */
function shifted(x: Tensor, dim: number, along: Along) {
  const centred = emit("sub", [x, along(over("max", x, dim), "B")]);
  const exps = emit("exp", [centred]);
  return { centred, exps, total: along(over("sum", exps, dim), "B") };
}

/** Inputs and outputs of one shape, split along `attrs.dim`. */
const alongDim =
  (rounds: number, build: Expansion["build"]) =>
  ({ ins, attrs }: Site): Expansion[] => {
    const split = S(attrs.dim as number);
    return [{ ins: ins.map(() => split), outs: [split], rounds, build }];
  };

export const splitSoftmax = alongDim(2, ({ ins: [x], attrs, along }) => {
  const { exps, total } = shifted(x!, attrs.dim as number, along);
  return [emit("div", [exps, total])];
});

export const splitLogSoftmax = alongDim(2, ({ ins: [x], attrs, along }) => {
  const { centred, total } = shifted(x!, attrs.dim as number, along);
  return [emit("sub", [centred, emit("log", [total])])];
});

/** From the output y: y · (dy − Σ y·dy). */
export const splitSoftmaxGrad = alongDim(1, ({ ins: [y, dy], attrs, along }) => {
  const mean = along(over("sum", emit("mul", [y!, dy!]), attrs.dim as number), "B");
  return [emit("mul", [y!, emit("sub", [dy!, mean])])];
});

/** From the output y: dy − e^y · Σ dy. */
export const splitLogSoftmaxGrad = alongDim(1, ({ ins: [y, dy], attrs, along }) => {
  const total = along(over("sum", dy!, attrs.dim as number), "B");
  return [emit("sub", [dy!, emit("mul", [emit("exp", [y!]), total])])];
});

/** Classes are the last dim of the logits; labels and losses are whole on each rank of the axis. */
const byClass =
  (rounds: number, split: (logits: LocalType) => Pick<Expansion, "outs">, build: Expansion["build"]) =>
  ({ ins }: Site): Expansion[] => {
    const last = S(ins[0]!.shape.length - 1);
    return [{ ins: [last, ...ins.slice(1).map(() => B)], ...split(ins[0]!), rounds, build }];
  };

/** Ones for the labels' classes, and 1 a row where the label is a class at all. */
function targets(logits: Tensor, labels: Tensor, dim: number, along: Along) {
  const hot = emit("oneHot", [labels], { depth: logits.shape[dim]!, dtype: logits.dtype });
  return { hot, valid: along(over("sum", hot, dim), "B") };
}

/** Takes the class dim of extent 1 away. */
const perRow = (x: Tensor, dim: number) => emit("sum", [x], { dims: [dim], keep: false });

export const splitCrossEntropy = byClass(
  4,
  () => ({ outs: [B] }),
  ({ ins: [logits, labels], along }) => {
    const dim = logits!.shape.length - 1;
    const { centred, total } = shifted(logits!, dim, along);
    const { hot, valid } = targets(logits!, labels!, dim, along);
    const target = along(over("sum", emit("mul", [hot, centred]), dim), "B");
    const loss = emit("sub", [emit("log", [total]), target]);
    return [perRow(emit("mul", [loss, valid]), dim)];
  },
);

export const splitCrossEntropyGrad = byClass(
  3,
  ({ shape }) => ({ outs: [S(shape.length - 1)] }),
  ({ ins: [logits, labels, dloss], along }) => {
    const dim = logits!.shape.length - 1;
    const { exps, total } = shifted(logits!, dim, along);
    const { hot, valid } = targets(logits!, labels!, dim, along);
    const slope = emit("sub", [emit("mul", [emit("div", [exps, total]), valid]), hot]);
    const shape = logits!.shape as readonly number[];
    const spread = emit("broadcastTo", [dloss!], { shape, dims: shape.slice(0, -1).map((_, d) => d) });
    return [emit("mul", [slope, spread])];
  },
);
