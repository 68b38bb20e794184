/** @file The pass that cuts the batch of a step into micro-batches: gradients are added up over them before they are used. */
import type { Draft } from "../draft.ts";
import { inTime } from "./in-time.ts";
import { inTurn } from "./order.ts";
import { unroll } from "./unroll.ts";

export function microBatches(draft: Draft): Draft {
  const { rows } = draft;
  if (!rows) return draft;
  const each = inTime(draft, rows);
  return unroll(draft, each, rows, inTurn(draft, each, rows.borders.length - 1));
}
