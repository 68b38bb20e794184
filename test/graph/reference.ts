/** @file Cases before the oracle: how it is asked about them, over the reference kernels in double precision. */
import { placement } from "sluice";
import type { PlacementData } from "../../src/ir/placement.ts";
import type { Rules } from "../../src/sbp/rule.ts";
import { signatures } from "../../src/sbp/signatures.ts";
import type { Run } from "../../src/testing/apply.ts";
import type { Search } from "../../src/testing/complete.ts";
import { showSignature, type Trial, trials } from "../../src/testing/truth.ts";
import { sequence } from "../../src/testing/value.ts";
import { type Case, operation, rangeOf, typesOf, values } from "./cases.ts";
import { execute } from "./kernels.ts";

const tolerance = 1e-9;

export const meshOf = (...sizes: number[]): PlacementData =>
  placement("cpu", Object.fromEntries(sizes.map((size, i) => ["abc"[i]!, size]))).data;

export const searchOf = (c: Case): Search => ({
  kind: c.kind,
  ins: typesOf(c),
  attrs: c.attrs,
  range: rangeOf(c),
  run: execute,
  tolerance,
});

export interface Checked {
  /** Signatures that were run. */
  readonly run: number;
  /** Those that do not give what the op gives on the whole tensors. */
  readonly untrue: readonly string[];
}

/** Runs every signature that these rules make on these meshes; a kernel that leaves what a rank holds is untrue too. */
export function check(
  c: Case,
  rules: Rules,
  meshes: readonly PlacementData[],
  seed: number,
  run: Run = execute,
): Checked {
  const random = sequence(seed);
  const all = trials({ ...c, ins: values(c, random) }, rules, meshes, random, run);
  let count = 0;
  const untrue: string[] = [];
  for (const trial of all) {
    count++;
    const { mesh, signature } = trial;
    if (!holds(trial)) untrue.push(`${showSignature(signature)} on ${mesh.axes.map(({ size }) => size).join("×")}`);
  }
  return { run: count, untrue };
}

/** How many signatures `check` runs. */
export const signaturesOf = (c: Case, meshes: readonly PlacementData[]): number =>
  meshes.reduce((n, mesh) => n + signatures(operation(c), mesh).length, 0);

function holds({ lie }: Trial): boolean {
  try {
    return lie().error < tolerance;
  } catch {
    return false;
  }
}
