/**
 * @file What tests judge schedules by: what each action reads, and whether streams come to their ends, from the definitions
 * and by trying it out. Nothing of it is shared with the library.
 */
import type { Action, ActionKind, Schedule, ScheduleLane } from "sluice";

export const show = ({ stage, kind, microBatch }: Action): string => `${stage}${kind}${microBatch}`;

/** The texts of what an action reads; where two stand together, either will do. */
export function inputsOf(action: Action, stages: readonly number[]): string[][] {
  const { stage: s, kind, microBatch: i } = action;
  const last = stages.length - 1;
  const sent = (a: number, b: number) => stages[a] !== stages[b];
  if (kind === "SEND_F") return [[`${s}F${i}`]];
  if (kind === "RECV_F") return [[`${s - 1}SEND_F${i}`]];
  if (kind === "SEND_B") return [[`${s}B${i}`, `${s}I${i}`]];
  if (kind === "RECV_B") return [[`${s + 1}SEND_B${i}`]];
  if (kind === "W") return [[`${s}I${i}`]];
  if (kind === "F") return s === 0 ? [] : [[sent(s, s - 1) ? `${s}RECV_F${i}` : `${s - 1}F${i}`]];
  const after = sent(s, s + 1) ? [`${s}RECV_B${i}`] : [`${s + 1}B${i}`, `${s + 1}I${i}`];
  return [[`${s}F${i}`], ...(s === last ? [] : [after])];
}

/** All that a schedule must do, with the backward of some stages and micro-batches in two parts. */
function allActions(stages: readonly number[], microBatches: number, split: (s: number, i: number) => boolean) {
  return stages.flatMap((rank, s) =>
    Array.from({ length: microBatches }, (_, i) => {
      const kinds: ActionKind[] = ["F", ...(split(s, i) ? (["I", "W"] as const) : (["B"] as const))];
      if (s > 0 && stages[s - 1] !== rank) kinds.push("RECV_F", "SEND_B");
      if (s < stages.length - 1 && stages[s + 1] !== rank) kinds.push("SEND_F", "RECV_B");
      return kinds.map((kind): Action => ({ stage: s, kind, microBatch: i }));
    }).flat(),
  );
}

const isCompute = ({ kind }: Action): boolean => ["F", "B", "I", "W"].includes(kind);

/** Whether each action that there must be stands once, on its rank, and computing on the stream for it. */
export function isWhole({ stages, microBatches, lanes }: Schedule): boolean {
  const there = lanes.flatMap(({ rank, stream, actions }) =>
    actions.map((action) => ({ text: show(action), fits: stages[action.stage] === rank, stream, action })),
  );
  const names = new Set(there.map(({ text }) => text));
  const wanted = allActions(stages, microBatches, (s, i) => !names.has(`${s}B${i}`)).map(show);
  return (
    there.every(({ fits, stream, action }) => fits && (stream === "compute" || !isCompute(action))) &&
    JSON.stringify(there.map(({ text }) => text).sort()) === JSON.stringify(wanted.sort())
  );
}

/** Lets every stream do what it can until none can do more; true if all are at their ends. */
export function runs({ stages, lanes }: Schedule): boolean {
  const done = new Set<string>();
  const heads = lanes.map(() => 0);
  for (let moved = true; moved; ) {
    moved = false;
    for (const [k, { actions }] of lanes.entries()) {
      const action = actions[heads[k]!];
      if (!action || !inputsOf(action, stages).every((any) => any.some((text) => done.has(text)))) continue;
      done.add(show(action));
      heads[k]!++;
      moved = true;
    }
  }
  return lanes.every(({ actions }, k) => heads[k] === actions.length);
}

/** Lanes of one random run of all actions: by construction they never wait for each other. */
export function randomRun(
  stages: readonly number[],
  microBatches: number,
  dice: (n: number) => number,
): readonly ScheduleLane[] {
  const splits = stages.map(() => Array.from({ length: microBatches }, () => dice(2) === 1));
  const left = allActions(stages, microBatches, (s, i) => splits[s]![i]!);
  const done = new Set<string>();
  const lanes = new Map<string, ScheduleLane & { actions: Action[] }>();
  while (left.length > 0) {
    const ready = left.filter((action) => inputsOf(action, stages).every((any) => any.some((text) => done.has(text))));
    const action = ready[dice(ready.length)]!;
    left.splice(left.indexOf(action), 1);
    done.add(show(action));
    const [rank, stream] = [stages[action.stage]!, isCompute(action) ? "compute" : "comm"] as const;
    const lane = lanes.get(`${rank} ${stream}`) ?? { rank, stream, actions: [] };
    lanes.set(`${rank} ${stream}`, lane);
    lane.actions.push(action);
  }
  return [...lanes.values()];
}
