/** @file Small facts about actions of a pipeline schedule. */
import type { Action, ActionKind, Schedule, ScheduleLane, TransferKind } from "../../ir/pipeline.ts";

/** All kinds. */
export const kinds = ["F", "B", "I", "W", "SEND_F", "RECV_F", "SEND_B", "RECV_B"] as const satisfies ActionKind[];

/** `0SEND_F3`: stage, kind, micro-batch. */
export const textOf = ({ stage, kind, microBatch }: Action): string => `${stage}${kind}${microBatch}`;

/** `rank 0 compute`. */
export const laneName = ({ rank, stream }: ScheduleLane): string => `rank ${rank} ${stream}`;

export const isTransfer = (kind: ActionKind): kind is TransferKind => kind.length > 1;

/** Whether two stages both exist and are on different ranks, so that something is sent between them. */
export const apart = ({ stages }: Pick<Schedule, "stages">, a: number, b: number): boolean =>
  stages[a] !== undefined && stages[b] !== undefined && stages[a] !== stages[b];

export const ranksOf = ({ stages }: Pick<Schedule, "stages">): number => Math.max(...stages) + 1;
