/** @file Are signatures true on meshes of one axis and of two? The check that the tests of rules share. */
import { placement } from "sluice";
import { opDef } from "../../src/graph/registry.ts";
import { showLayout } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import type { Rules } from "../../src/sbp/rule.ts";
import { type Signature, signatures } from "../../src/sbp/signatures.ts";
import { type Case, sequence, values } from "./cases.ts";
import { error, onWhole } from "./oracle.ts";

const tolerance = 1e-9;

export const meshOf = (...sizes: number[]): PlacementData =>
  placement("cpu", Object.fromEntries(sizes.map((size, i) => ["abc"[i]!, size]))).data;

export const showSignature = ({ ins, outs }: Signature) =>
  [ins, outs].map((side) => side.map((layout) => showLayout(layout)).join(" ")).join(" → ");

export interface Checked {
  /** Signatures that were run. */
  readonly run: number;
  /** Those that do not give what the op gives on the whole tensors. */
  readonly untrue: readonly string[];
}

/** Runs every signature that these rules make on these meshes; a kernel that leaves what a rank holds is untrue too. */
export function check(c: Case, rules: Rules, meshes: readonly PlacementData[], seed: number): Checked {
  const random = sequence(seed);
  const ins = values(c, random);
  const op = { name: c.kind, ins, outs: onWhole(c.kind, ins, c.attrs), attrs: c.attrs, rules };
  let run = 0;
  const untrue = meshes.flatMap((mesh) =>
    signatures(op, mesh).flatMap((signature) => {
      run++;
      return holds(() => error(c.kind, ins, c.attrs, mesh, signature, random))
        ? []
        : [`${showSignature(signature)} on ${mesh.axes.map(({ size }) => size).join("×")}`];
    }),
  );
  return { run, untrue };
}

/** How many signatures `check` runs. */
export function signaturesOf(c: Case, meshes: readonly PlacementData[]): number {
  const ins = values(c, sequence(1));
  const op = { name: c.kind, ins, outs: onWhole(c.kind, ins, c.attrs), attrs: c.attrs, rules: opDef(c.kind).rules };
  return meshes.reduce((n, mesh) => n + signatures(op, mesh).length, 0);
}

function holds(difference: () => number): boolean {
  try {
    return difference() < tolerance;
  } catch {
    return false;
  }
}
