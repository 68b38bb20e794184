/** @file The pass that cuts the batch of a step into micro-batches: gradients are added up over them before they are used. */
import type { Draft } from "../draft.ts";
import { scheduled } from "../stages/scheduled.ts";
import { inTime } from "./in-time.ts";
import { inTurn } from "./order.ts";
import { checkSignatures } from "./still-holds.ts";
import { unroll } from "./unroll.ts";

export function microBatches(draft: Draft): Draft {
  const { rows } = draft;
  if (!rows) return draft;
  const each = inTime(draft, rows);
  checkSignatures(draft, each, rows);
  const count = rows.borders.length - 1;
  const piped = scheduled(draft, each, count, draft.options.schedule);
  const done = unroll(draft, each, rows, piped?.turns ?? inTurn(draft, each, count));
  return piped ? { ...done, pipeline: piped.pipeline, actions: piped.actions } : done;
}
