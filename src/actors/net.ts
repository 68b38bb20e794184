/**
 * @file The net of actors as data: a plan's templates on every rank, and the two ends on the host. Ids are places in
 * dense arrays and run on from plan to plan in a session, so that one bus serves all.
 */
import type { Stream } from "../ir/plan.ts";

/** The most batches that a run may read ahead of the step that its user is at. */
export const mostAhead = 64;

/** The ends on the host have this rank. */
export const HOST = -1;

export interface NetEdge {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  /** Id of the producer's register, and its place among the producer's registers. */
  readonly register: number;
  readonly out: number;
  /** Place among the consumer's in-edges. */
  readonly in: number;
  readonly slots: number;
  readonly delay: number;
  /** One end is on the host: messages on it are true when sent, so they wait for the work to be done. */
  readonly host: boolean;
}

export interface OutRegister {
  readonly id: number;
  readonly slots: number;
  readonly buffers: readonly number[];
  readonly edges: readonly NetEdge[];
}

/** `user` is whoever iterates over the steps: it feeds the source and takes from the sink. */
export type ActorKind = "compute" | "boxing" | "source" | "sink" | "user";

export interface ActorSpec {
  readonly id: number;
  /** `fc1.matmul @2`: the template's name and the rank. */
  readonly name: string;
  readonly kind: ActorKind;
  /** Id of the template in the plan; -1 for the user. */
  readonly template: number;
  readonly rank: number;
  readonly stream: Stream;
  readonly order: number;
  readonly ins: readonly NetEdge[];
  readonly outs: readonly OutRegister[];
  /** Edges on which end-of-stream leaves: all that carry data within the step; a leaf reports to the user. */
  readonly ends: readonly NetEdge[];
}

export interface Net {
  /** Id of the first actor, edge and register. */
  readonly base: Bases;
  readonly next: Bases;
  readonly actors: readonly ActorSpec[];
  readonly edges: readonly NetEdge[];
  /** Actors of the ranks in the order in which they are launched, step after step. */
  readonly schedule: readonly ActorSpec[];
  readonly source: ActorSpec;
  readonly sink: ActorSpec;
  readonly user: ActorSpec;
}

export interface Bases {
  readonly actor: number;
  readonly edge: number;
  readonly register: number;
}
