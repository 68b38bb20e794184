/**
 * @file A direct transfer as kernel calls on one rank of its target: every piece is copied from the rank that has it, or
 * reduced from several, out of their slots. Ragged and empty pieces, other meshes and ranks need nothing more.
 */
import type { DType } from "../../ir/dtype.ts";
import type { Call } from "../../ir/program.ts";
import { region } from "../../sbp/boxes.ts";
import type { TransferStep } from "../../sbp/boxing.ts";
import { memberOf } from "../../sbp/mesh.ts";
import { copyCalls, reduceCalls } from "./box-calls.ts";

export interface TransferSite {
  readonly step: TransferStep;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Place of the rank in the target. */
  readonly member: number;
  /** Buffers of the value before, on the ranks of the source, and after, on those of the target. */
  readonly from: number;
  readonly to: number;
  readonly collective: number | null;
}

export function lowerTransfer({ step, shape, dtype, member, from, to, collective }: TransferSite): Call[] {
  if (step.kind === "relabel") return [];
  const { transfer } = step;
  const own = transfer.to.ranks[member]!;
  const target = region(step.to, shape, transfer.to, member);
  return transfer.pieces[member]!.flatMap(({ box, sources, monoid }) => {
    const part = box.map((interval) => [interval]);
    const [first] = sources;
    const held = first === undefined ? target : region(step.from, shape, transfer.from, memberOf(transfer.from, first));
    const passage = { dtype, held, target, part, to: { buffer: to }, collective };
    const addresses = sources.map((rank) => (rank === own ? { buffer: from } : { buffer: from, peer: { rank } }));
    return monoid === undefined ? copyCalls(passage, addresses[0]!) : reduceCalls(passage, monoid, addresses);
  });
}
