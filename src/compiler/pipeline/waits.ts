/**
 * @file What every action of a schedule waits for: the one before it on its stream, what it reads, and a free buffer. All
 * of it is known beforehand, so whether a schedule is safe is a matter of cycles, and its makespan a longest path.
 */
import type { Action, Schedule, ScheduleLane } from "../../ir/pipeline.ts";
import { apart, isTransfer, textOf } from "./action.ts";

export interface Wait {
  /** The action waited for. */
  readonly on: number;
  readonly why: "order" | "data" | "buffer";
}

/** Actions, numbered lane by lane. */
export interface Waits {
  readonly actions: readonly Action[];
  /** Of each action: its lane's index in the schedule. */
  readonly lanes: readonly number[];
  readonly waits: readonly (readonly Wait[])[];
}

/**
 * @param buffers Messages of one kind that each side of a pair of neighbouring stages has room for.
 * @returns Waits among the actions that are there. What is missing is waited for by nobody.
 */
export function waitsOf(schedule: Schedule, buffers = Number.POSITIVE_INFINITY): Waits {
  const actions = schedule.lanes.flatMap((lane) => lane.actions);
  const lanes = schedule.lanes.flatMap((lane, k) => lane.actions.map(() => k));
  const known = new Map(actions.map((action, n) => [textOf(action), n]));
  const find = (wanted: readonly Action[]): number[] =>
    wanted.flatMap((action) => {
      const n = known.get(textOf(action));
      return n === undefined ? [] : [n];
    });
  const waits = actions.map((action, n): Wait[] => [
    ...(lanes[n - 1] === lanes[n] ? [{ on: n - 1, why: "order" as const }] : []),
    ...find(reads(action, schedule)).map((on) => ({ on, why: "data" as const })),
  ]);
  for (const lane of schedule.lanes)
    for (const [taken, freed] of reuses(lane, buffers))
      for (const on of find(freed)) for (const n of find([taken])) waits[n]!.push({ on, why: "buffer" });
  return { actions, lanes, waits };
}

/** What an action reads; of `B` and `I` the one that is there. */
function reads({ stage, kind, microBatch }: Action, schedule: Schedule): Action[] {
  const action = (at: number, of: Action["kind"]): Action => ({ stage: at, kind: of, microBatch });
  const backward = (at: number) => [action(at, "B"), action(at, "I")];
  const far = (other: number) => apart(schedule, stage, other);
  switch (kind) {
    case "F":
      return [far(stage - 1) ? action(stage, "RECV_F") : action(stage - 1, "F")];
    case "B":
    case "I":
      return [action(stage, "F"), ...(far(stage + 1) ? [action(stage, "RECV_B")] : backward(stage + 1))];
    case "W":
      return [action(stage, "I")];
    case "SEND_F":
      return [action(stage, "F")];
    case "RECV_F":
      return [action(stage - 1, "SEND_F")];
    case "SEND_B":
      return backward(stage);
    case "RECV_B":
      return [action(stage + 1, "SEND_B")];
  }
}

/** Transfers of a lane that need a buffer again, each with those of which one frees it. */
function reuses({ actions }: ScheduleLane, buffers: number): [taken: Action, freed: Action[]][] {
  const sequences = new Map<string, Action[]>();
  for (const action of actions) {
    if (!isTransfer(action.kind)) continue;
    const name = `${action.stage}${action.kind}`;
    const list = sequences.get(name) ?? [];
    sequences.set(name, list);
    list.push(action);
  }
  return [...sequences.values()].flatMap((list) =>
    list.slice(buffers).map((taken, i): [Action, Action[]] => [taken, frees(list[i]!)]),
  );
}

/** What ends the use of a transfer's buffer: on the sending side that it was received, on the other that it was read. */
function frees({ stage, kind, microBatch }: Action): Action[] {
  if (kind === "SEND_F") return [{ stage: stage + 1, kind: "RECV_F", microBatch }];
  if (kind === "SEND_B") return [{ stage: stage - 1, kind: "RECV_B", microBatch }];
  if (kind === "RECV_F") return [{ stage, kind: "F", microBatch }];
  return [
    { stage, kind: "B", microBatch },
    { stage, kind: "I", microBatch },
  ];
}
