/**
 * @file A few ops on plain arrays with their rules for one mesh axis, to test what the machine makes of rules. Not the
 * ops of the graph: these are small enough to be seen right.
 */
import { B, P, S } from "../../../src/ir/layout.ts";
import type { LocalType, Rules } from "../../../src/sbp/rule.ts";
import { product } from "./meshes.ts";

export interface ArrayOp {
  readonly name: string;
  readonly rules: Rules;
  infer(shapes: readonly (readonly number[])[]): readonly number[];
  /** On local shards; `outShape` is that of the result. */
  run(
    ins: readonly { readonly shape: readonly number[]; readonly data: readonly number[] }[],
    outShape: readonly number[],
  ): number[];
}

export const float = (shape: readonly number[]): LocalType => ({ shape, dtype: "float32" });

export const matmul: ArrayOp = {
  name: "matmul",
  rules: () => [
    { ins: [S(0), B], outs: [S(0)] },
    { ins: [B, S(1)], outs: [S(1)] },
    { ins: [S(1), S(0)], outs: [P()] },
    { ins: [P(), B], outs: [P()] },
    { ins: [B, P()], outs: [P()] },
  ],
  infer: ([a, b]) => [a![0]!, b![1]!],
  run: ([a, b], [m, n]) => {
    const k = a!.shape[1]!;
    return Array.from({ length: m! * n! }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < k; j++) sum += a!.data[Math.floor(i / n!) * k + j]! * b!.data[j * n! + (i % n!)]!;
      return sum;
    });
  },
};

export const add: ArrayOp = {
  name: "add",
  rules: ({ ins }) => [
    ...ins[0]!.shape.map((_, dim) => ({ ins: [S(dim), S(dim)], outs: [S(dim)] })),
    { ins: [P(), P()], outs: [P()] },
    { ins: [P("max"), B], outs: [P("max")] },
    { ins: [B, P("min")], outs: [P("min")] },
  ],
  infer: ([a]) => a!,
  run: ([a, b]) => a!.data.map((x, i) => x + b!.data[i]!),
};

/** Keeps the split of the leading dim when each part is whole rows of both shapes. */
export const reshape = (to: readonly number[]): ArrayOp => ({
  name: "reshape",
  rules: ({ ins, outs, parts }) => {
    const [a, b] = [ins[0]!.shape, outs[0]!.shape];
    const lead = a.findIndex((n) => n !== 1);
    const dim = b.findIndex((n) => n !== 1);
    const even = lead >= 0 && dim >= 0 && a[lead]! % parts === 0 && b[dim]! % parts === 0;
    return [...(even ? [{ ins: [S(lead)], outs: [S(dim)] }] : []), { ins: [P()], outs: [P()] }];
  },
  infer: () => to,
  run: ([a], shape) => a!.data.slice(0, product(shape)),
});
