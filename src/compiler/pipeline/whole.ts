/** @file Whether a schedule is whole: every stage does with every micro-batch what it must, once, and where it lives. */
import type { Action, ActionKind, Schedule } from "../../ir/pipeline.ts";
import { apart, isTransfer, kinds, laneName, textOf } from "./action.ts";

/** What is wrong, a sentence each, `most` of them about; nothing for a whole schedule. */
export function faultsOf(schedule: Schedule, most: number): string[] {
  const { microBatches, stages, lanes } = schedule;
  const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;
  if (!isCount(microBatches) || microBatches < 1) return [`${microBatches} is no number of micro-batches`];
  if (stages.length === 0) return ["there are no stages"];
  const odd = stages.findIndex((rank) => !isCount(rank));
  if (odd >= 0) return [`stage ${odd} is on rank ${stages[odd]}, which is none`];
  const faults: string[] = [];
  const names = new Set<string>();
  const where = new Map<string, string>();
  for (const lane of lanes) {
    const name = laneName(lane);
    if (names.has(name)) faults.push(`${name} is there twice`);
    names.add(name);
    for (const action of lane.actions) {
      const text = textOf(action);
      const wrong = misplaced(schedule, action, lane.rank, lane.stream);
      if (wrong !== undefined) faults.push(`${name}: ${text} ${wrong}`);
      if (where.has(text)) faults.push(`${name}: ${text} is there twice, first on ${where.get(text)}`);
      else where.set(text, name);
    }
  }
  for (const [stage, rank] of stages.entries())
    for (let microBatch = 0; microBatch < microBatches && faults.length < most; microBatch++)
      for (const kind of missing(schedule, stage, (of) => where.has(`${stage}${of}${microBatch}`)))
        faults.push(
          `rank ${rank} compute${kind.length > 1 ? " or comm" : ""}: ${stage}${kind}${microBatch} is missing`,
        );
  for (const text of where.keys()) {
    const [, stage, kind, microBatch] = /^(\d+)([IW])(\d+)$/.exec(text) ?? [];
    const whole = `${stage}B${microBatch}`;
    if (kind !== undefined && where.has(whole))
      faults.push(`${where.get(text)}: ${text} is a part of ${whole} on ${where.get(whole)}`);
  }
  return faults;
}

/** Why an action may not stand on a rank's stream. */
function misplaced(schedule: Schedule, action: Action, rank: number, stream: string): string | undefined {
  const { stages, microBatches } = schedule;
  const { stage, kind, microBatch } = action;
  if (!kinds.includes(kind)) return `is no action: kinds are ${kinds.join(" ")}`;
  if (stages[stage] === undefined) return `has no stage: stages are 0 to ${stages.length - 1}`;
  if (!(Number.isSafeInteger(microBatch) && microBatch >= 0 && microBatch < microBatches))
    return `has no micro-batch: they are 0 to ${microBatches - 1}`;
  if (stages[stage] !== rank) return `belongs on rank ${stages[stage]}, where stage ${stage} is`;
  if (!isTransfer(kind))
    return stream === "compute" ? undefined : "belongs on the stream compute, as it is no transfer";
  const other = stage + neighbour[kind];
  if (stages[other] === undefined)
    return `has nobody at its other end: stage ${stage} is the ${other < 0 ? "first" : "last"}`;
  return apart(schedule, stage, other)
    ? undefined
    : `is not needed: stages ${stage} and ${other} are both on rank ${rank}`;
}

/** Where the other end of a transfer is. */
const neighbour = { SEND_F: 1, RECV_B: 1, SEND_B: -1, RECV_F: -1 } as const;

function missing(schedule: Schedule, stage: number, has: (kind: ActionKind) => boolean): ActionKind[] {
  const transfers = (Object.keys(neighbour) as (keyof typeof neighbour)[]).filter((kind) =>
    apart(schedule, stage, stage + neighbour[kind]),
  );
  const parts: ActionKind[] = has("I") || has("W") ? ["I", "W"] : ["B"];
  const backward: ActionKind[] = has("B") ? [] : parts;
  return (["F", ...backward, ...transfers] satisfies ActionKind[]).filter((kind) => !has(kind));
}
