/**
 * @file From rules for one mesh axis to the signatures of a whole mesh. nD is sequential: an axis's rule is asked for the
 * *local* extents that the axes before it have left, and counts only if it holds for every rank. So (8,4) reshaped to
 * (2,4,4) may go (S(0),S(0)) → (S(0),S(1)), which no product of global rules gives. Axes are taken in every order;
 * layouts that lie the same are one signature.
 */
import type { Layout } from "../ir/layout.ts";
import type { PlacementData } from "../ir/placement.ts";
import { canonical, keyOf, orderMatters } from "./canonical.ts";
import { type Division, divisions, type LocalRule, type SignatureSite } from "./division.ts";

export type { SignatureSite } from "./division.ts";

/** Layouts of an op's inputs and outputs, canonical, under which it runs with no communication inside. */
export interface Signature {
  readonly ins: readonly Layout[];
  readonly outs: readonly Layout[];
}

/** An axis of the mesh, by its place there, and the rule taken on it. */
interface Taken {
  readonly axis: number;
  readonly rule: LocalRule;
  /** What the rule was applied to. */
  readonly on: Division;
}

/**
 * All signatures of an op on a placement, each once, the most divided first; the last is B for everything. Throws
 * InternalError when a rule does not fit the op.
 *
 * @example
 * const type = { shape: [4, 4], dtype: "float32" } as const;
 * const mesh = { device: "cpu", axes: [{ name: "data", size: 2 }], ranks: [0, 1] };
 * const rules = () => [{ ins: [S(0)], outs: [S(0)] }];
 * signatures({ name: "relu", ins: [type], outs: [type], attrs: {}, rules }, mesh).length; // 2: S(0) → S(0), B → B
 */
export function signatures(op: SignatureSite, placement: PlacementData): readonly Signature[] {
  const operands = op.ins.length + op.outs.length;
  const found = new Map<string, Signature>();
  const visit = (path: readonly Taken[], at: Division): void => {
    placement.axes.forEach(({ size }, axis) => {
      if (size === 1 || path.some((taken) => taken.axis === axis)) return;
      for (const rule of at.rules(size)) {
        const next: Taken = { axis, rule, on: at };
        if (!swaps(path.at(-1), next, placement)) visit([...path, next], at.divide(rule, size));
      }
    });
    const layouts = Array.from({ length: operands }, (_, i) => layoutOf(path, i, placement));
    const key = layouts.map(keyOf).join(" | ");
    if (!found.has(key)) found.set(key, { ins: layouts.slice(0, op.ins.length), outs: layouts.slice(op.ins.length) });
  };
  visit([], divisions(op));
  return [...found.values()];
}

const layoutOf = (path: readonly Taken[], operand: number, placement: PlacementData): Layout =>
  canonical(
    path.map(({ axis, rule }) => [placement.axes[axis]!.name, rule.sbps[operand]!] as const),
    placement,
  );

/**
 * Whether two rules in a row can be taken the other way round, in the mesh's own order, with the same layouts. All that
 * follows is then found on that way too.
 */
function swaps(a: Taken | undefined, b: Taken, { axes }: PlacementData): boolean {
  if (!a || a.axis < b.axis || a.rule.sbps.some((sbp, i) => orderMatters(sbp, b.rule.sbps[i]!))) return false;
  const [sizeA, sizeB] = [axes[a.axis]!.size, axes[b.axis]!.size];
  const holds = (at: Division, rule: LocalRule, size: number) => at.rules(size).some(({ text }) => text === rule.text);
  return holds(a.on, b.rule, sizeB) && holds(a.on.divide(b.rule, sizeB), a.rule, sizeA);
}
