/**
 * @file Whether rules are true: lay the inputs out as a signature of theirs says, run the op on every rank alone, read the
 * result by the output layouts, compare with the op on the whole tensors.
 */
import type { Attrs } from "../ir/graph.ts";
import { showLayout } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Rules } from "../sbp/rule.ts";
import { type Signature, signatures } from "../sbp/signatures.ts";
import { onRanks, onWhole, type Run } from "./apply.ts";
import { collect, scatter } from "./shards.ts";
import { type Difference, farthest, type Value } from "./value.ts";

/** An op on whole tensors. */
export interface Applied {
  readonly kind: string;
  readonly ins: readonly Value[];
  readonly attrs: Attrs;
  /** For messages; default: the kind. */
  readonly text?: string;
}

export interface Lie extends Difference {
  readonly output: number;
  /** Two ranks hold different numbers for what should be copies; `wanted` is the other rank's. */
  readonly torn: boolean;
}

/** A signature to be tried. */
export interface Trial {
  readonly mesh: PlacementData;
  readonly signature: Signature;
  /** Runs it: where it is farthest from the op on whole tensors. Throws what a kernel throws. */
  lie(): Lie;
}

/** Every signature that the rules make for the op on these meshes, each to be run before the next. */
export function* trials(
  op: Applied,
  rules: Rules,
  meshes: readonly PlacementData[],
  random: () => number,
  run: Run,
): Generator<Trial> {
  const { kind, ins, attrs, text: name = kind } = op;
  const outs = onWhole(kind, ins, attrs, run);
  for (const mesh of meshes)
    for (const signature of signatures({ name, ins, outs, attrs, rules }, mesh))
      yield { mesh, signature, lie: () => lie(op, outs, mesh, signature, random, run) };
}

function lie(
  { kind, ins, attrs }: Applied,
  expected: readonly Value[],
  mesh: PlacementData,
  { ins: takes, outs: gives }: Signature,
  random: () => number,
  run: Run,
): Lie {
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

/** `{a: S(0)}, {} → {a: S(0)}` */
export const showSignature = ({ ins, outs }: Signature): string =>
  [ins, outs].map((side) => side.map((layout) => showLayout(layout)).join(", ")).join(" → ");
