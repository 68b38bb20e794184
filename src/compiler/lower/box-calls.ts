/** @file The calls that copy and reduce a part of a tensor's shards, which all boxing is made of. */
import { type DType, itemSize, kernelCode } from "../../ir/dtype.ts";
import { InternalError } from "../../ir/errors.ts";
import type { Address, Call, Operand } from "../../ir/program.ts";
import type { Region } from "../../sbp/boxes.ts";
import { size } from "../../sbp/boxes.ts";
import { walks } from "./walks.ts";

/** A part of a tensor on its way between two shards; the part and both shards are global regions. */
export interface Passage {
  readonly dtype: DType;
  readonly held: Region;
  readonly target: Region;
  readonly part: Region;
  readonly to: Address;
  /** Whose counters are bumped. */
  readonly collective: number | null;
}

export const traffic = (collective: number | null): Operand => (collective === null ? null : { traffic: collective });

/** Reduction opcodes of the kernels, by monoid and dtype. */
export function reduction(monoid: string, dtype: DType): [monoid: number, dtype: number] {
  const by = ["sum", "max", "min"].indexOf(monoid);
  if (by < 0) throw new InternalError(`no kernel reduces by ${monoid}`);
  return [by, kernelCode[dtype]];
}

export function copyCalls({ dtype, held, target, part, to, collective }: Passage, from: Address): Call[] {
  if (!size(part)) return [];
  const item = itemSize[dtype];
  return walks(held, target, part, item).map((w) => ({
    kernel: "copy_box",
    args: [item, ...w.extents, ...w.source, ...w.target, from, w.sourceOffset, to, w.targetOffset, traffic(collective)],
  }));
}

/** The part lies at one place in all the shards that it is reduced from. Of none it is the identity. */
export function reduceCalls(passage: Passage, monoid: string, from: readonly Address[]): Call[] {
  const { dtype, held, target, part, to, collective } = passage;
  if (!size(part)) return [];
  return walks(held, target, part, itemSize[dtype]).map((w) => ({
    kernel: "reduce_box",
    args: [
      ...reduction(monoid, dtype),
      ...w.extents,
      ...w.source,
      ...w.target,
      w.sourceOffset,
      w.targetOffset,
      traffic(collective),
      to,
      ...from,
    ],
  }));
}
