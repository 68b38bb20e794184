/**
 * @file Whether a signature is true: lay the inputs out as it says, run the op on every rank alone, read the result by the
 * output layouts, compare with the op on the whole tensors.
 */
import type { Attrs } from "../ir/graph.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Signature } from "../sbp/signatures.ts";
import { onRanks, onWhole, type Run } from "./apply.ts";
import { collect, scatter } from "./shards.ts";
import { type Difference, farthest, type Value } from "./value.ts";

export interface Lie extends Difference {
  readonly output: number;
  /** Two ranks hold different numbers for what should be copies; `wanted` is the other rank's. */
  readonly torn: boolean;
}

/** Where the op run by the signature is farthest from the op on whole tensors. */
export function lie(
  kind: string,
  ins: readonly Value[],
  attrs: Attrs,
  mesh: PlacementData,
  { ins: takes, outs: gives }: Signature,
  random: () => number,
  run: Run,
): Lie {
  const expected = onWhole(kind, ins, attrs, run);
  const locals = ins.map((value, i) => scatter(value, takes[i]!, mesh, random));
  const outs = expected.map((type, i) => ({ type, layout: gives[i]! }));
  const lies = onRanks(kind, locals, outs, attrs, mesh, run).flatMap((held, output): Lie[] => {
    const { value, torn } = collect(held, gives[output]!, mesh);
    return [
      { ...farthest(value, expected[output]!), output, torn: false },
      { ...torn, output, torn: true },
    ];
  });
  return lies.reduce((a, b) => (b.error > a.error ? b : a));
}
