/**
 * @file Layouts are chosen for the whole batch. A rule of an op that holds there may not hold for a micro-batch's rows: an
 * uneven split of 3 rows of 4 elements over 2 ranks is none of 12. Every size of micro-batch is asked again.
 */
import { opDef } from "../../graph/registry.ts";
import { LayoutError } from "../../ir/errors.ts";
import type { Op } from "../../ir/graph.ts";
import { B, type Layout, showLayout, showSbp } from "../../ir/layout.ts";
import type { PlacementData } from "../../ir/placement.ts";
import { Cache } from "../../sbp/cache.ts";
import { type Division, divisions } from "../../sbp/division.ts";
import type { LocalType } from "../../sbp/rule.ts";
import type { Signature } from "../../sbp/signatures.ts";
import { signatureKey, siteOf } from "../choose/strategies.ts";
import { type Draft, placementOf } from "../draft.ts";
import type { Each, InTime, Rows, Taken } from "./in-time.ts";

/** Throws LayoutError SL5024. */
export function checkSignatures(draft: Draft, each: InTime, { count, borders }: Rows): void {
  const sizes = [...new Set(borders.slice(1).map((to, i) => to - borders[i]!))];
  const known = new Cache<number | undefined>();
  for (const op of draft.graph.ops) {
    const how = each[op.id];
    const signature = draft.signatures[op.id]!;
    if (!how || op.kind === "input" || op.kind === "boxing" || isWhole(signature)) continue;
    const place = placementOf(draft, op);
    const { ins, outs } = siteOf(draft, op);
    const types = [...ins, ...outs].map(({ shape, dtype }) => `${dtype}[${shape}]`);
    const key = [
      op.kind,
      JSON.stringify(op.attrs),
      types,
      draft.graph.placements.indexOf(place),
      signatureKey(signature),
    ];
    const wrong = known.get(key.join(" "), () =>
      sizes.find((rows) => {
        const part = divisions({
          name: op.name,
          ...partsOf(how, ins, outs, rows / count),
          attrs: op.attrs,
          rules: opDef(op.kind).rules,
        });
        return !holds(
          part,
          signature,
          place,
          place.axes.map(({ name }) => name),
        );
      }),
    );
    if (wrong !== undefined) throw unfit(draft, op, wrong, place);
  }
}

const isWhole = ({ ins, outs }: Signature) => [...ins, ...outs].every((layout) => layout.length === 0);

function partsOf({ takes, gives }: Each, ins: readonly LocalType[], outs: readonly LocalType[], share: number) {
  const part = (type: LocalType, dim: Taken): LocalType =>
    typeof dim !== "number" ? type : { ...type, shape: type.shape.with(dim, Math.round(type.shape[dim]! * share)) };
  return {
    ins: ins.map((type, i) => part(type, takes[i])),
    outs: outs.map((type, j) => {
      const given = gives[j]!;
      return part(type, given.kind === "rows" ? given.dim : undefined);
    }),
  };
}

/** Whether the rules of the signature hold on one axis after the other, in some order. */
function holds(at: Division, signature: Signature, place: PlacementData, left: readonly string[]): boolean {
  if (left.length === 0) return true;
  return left.some((axis) => {
    const rest = left.filter((name) => name !== axis);
    const size = place.axes.find(({ name }) => name === axis)!.size;
    const sbps = [...signature.ins, ...signature.outs].map((layout) => along(layout, axis));
    if (size === 1 || sbps.every(({ kind }) => kind === "B")) return holds(at, signature, place, rest);
    const text = sbps.map(showSbp).join(",");
    const rule = at.rules(size).find((each) => each.text === text);
    return rule !== undefined && holds(at.divide(rule, size), signature, place, rest);
  });
}

const along = (layout: Layout, axis: string) => layout.find(([name]) => name === axis)?.[1] ?? B;

function unfit(draft: Draft, op: Op, rows: number, place: PlacementData): LayoutError {
  const { ins, outs } = draft.signatures[op.id]!;
  const show = (layouts: readonly Layout[]) => layouts.map((layout) => showLayout(layout)).join(", ");
  const least = place.axes.reduce((n, { size }) => n * size, 1);
  return new LayoutError(
    "SL5024",
    `${op.kind} cannot go ${show(ins)} → ${show(outs)} on the ${rows} rows of a micro-batch, as it does on the whole batch`,
    {
      subject: op.name,
      at: op.at,
      hint: `cut the batch so that every micro-batch has a multiple of ${least} rows, as many as there are ranks`,
    },
  );
}
