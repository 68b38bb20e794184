/**
 * @file The physical plan: all that the runtime needs, as plain data. Tasks are templates over ranks: a template is
 * written once for a placement, its programs once for each class of ranks that would have the same, so that 1,024 equal
 * ranks cost little.
 */
import type { DType } from "./dtype.ts";
import type { Init, LogicalGraph, StateKind } from "./graph.ts";
import type { Layout } from "./layout.ts";
import type { Action, Schedule } from "./pipeline.ts";
import type { PlacementData } from "./placement.ts";
import type { Call } from "./program.ts";

export const planFormat = "sluice-plan";
export const planVersion = 1;

/** A size that may be known only when a batch arrives; memory is planned for `max`. */
export type Extent = number | { readonly symbol: string; readonly max: number };

/** Memory for one tensor on every rank of a placement, `slots` copies of `bytes` each, at the same place in each region. */
export interface Buffer {
  readonly id: number;
  readonly name: string;
  readonly placement: number;
  readonly dtype: DType;
  /** Local extents, the largest over the ranks. */
  readonly shape: readonly Extent[];
  /** Of one slot, a multiple of 64. */
  readonly bytes: number;
  readonly slots: number;
  /** From the start of a rank's region, a multiple of 64. */
  readonly offset: number;
  readonly role: "state" | "activation" | "input" | "output" | "workspace";
}

/** What an actor produces at one firing: some buffers, `slots` copies, freed when every consumer has acknowledged. */
export interface Register {
  readonly id: number;
  readonly owner: number;
  readonly slots: number;
  readonly buffers: readonly number[];
}

/**
 * Which ranks of the producer feed which of the consumer: the same rank, all members of its group along some mesh axes
 * (those that differ from it on these axes alone), all ranks (to and from the host), or pairs of ranks one by one (from
 * one placement to another, and by transfers).
 */
export type Span =
  | "same"
  | "all"
  | { readonly axes: readonly string[] }
  | { readonly pairs: readonly (readonly [from: number, to: number])[] };

/** Synchronous dataflow: rates other than 1 give accumulation, `delay` tokens at the start give the parameter loop. */
export interface Edge {
  readonly register: number;
  readonly from: number;
  readonly to: number;
  readonly span: Span;
  readonly produce: number;
  readonly consume: number;
  readonly delay: number;
}

export type Stream = "compute" | "comm" | "host";

/** Ranks whose programs are the same, peers being named relative to the rank. */
export interface RankClass {
  readonly ranks: readonly number[];
  readonly program: readonly Call[];
}

/** Ops that one kernel call does, so that what they give each other is never stored. */
export interface JoinedOps {
  /** Names, in order. */
  readonly ops: readonly string[];
  /** Bytes that the rank with the largest shards neither writes nor reads again, in one step. */
  readonly saved: number;
}

/** A fused run of kernels, one boxing step, or an end of the plan on the host; on every rank of its placement. */
export interface TaskTemplate {
  readonly id: number;
  readonly name: string;
  readonly kind: "compute" | "boxing" | "source" | "sink";
  readonly placement: number;
  readonly stream: Stream;
  /** Names of the ops that it runs. */
  readonly ops: readonly string[];
  /** Those that one kernel call does at once. */
  readonly joined?: readonly JoinedOps[];
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly collective?: number;
  /** Where the plan is a pipeline: the action of its schedule that the task is a part of. */
  readonly action?: Action;
  readonly classes: readonly RankClass[];
}

/** Stages of a plan, and the order in which they work. */
export interface Pipeline {
  readonly schedule: Schedule;
  /** By stage its placement. */
  readonly placements: readonly number[];
}

/** What some ranks start on one stream in each step, in this order. */
export interface Lane {
  readonly ranks: readonly number[];
  readonly stream: Stream;
  /** Ids of tasks. */
  readonly tasks: readonly number[];
}

/** One boxing step, with the bytes that it moves between ranks in one step of the plan. */
export interface Collective {
  readonly id: number;
  readonly name: string;
  readonly kind: string;
  /** Mesh axis it runs along; absent for a transfer, which runs between ranks one by one. */
  readonly axis?: string;
  /** Where its result lies. */
  readonly placement: number;
  /** Where a transfer takes from. */
  readonly source?: number;
  readonly task: number;
  /** Collectives along one axis of a placement, or transfers between the same two, share one. */
  readonly communicator: number;
  /** Place among the collectives of its communicator, which every member starts in this order. */
  readonly sequence: number;
  readonly dtype: DType;
  readonly wire: DType;
  /** Predicted, over all ranks. */
  readonly bytes: number;
  /** Predicted bytes that each rank receives, in the order of the placement's ranks. */
  readonly received: readonly number[];
}

export interface State {
  readonly name: string;
  readonly kind: StateKind;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly placement: number;
  readonly layout: Layout;
  readonly buffer: number;
  readonly init: Init;
  readonly checkpoint: boolean;
  /** Programs that fill it, run once before the first step. */
  readonly classes: readonly RankClass[];
}

/** An input or output of the graph where the host meets it. */
export interface Port {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly placement: number;
  /** Of all of it, or of each of its parts. */
  readonly layout: Layout;
  /** The first, where there are parts. */
  readonly buffer: number;
  /** Micro-batches, each with a buffer of its own: together they cover `dim`, in order. */
  readonly parts?: { readonly dim: number; readonly each: readonly PortPart[] };
}

/** So many elements of the dim. */
export interface PortPart {
  readonly size: number;
  readonly buffer: number;
}

/** Why a value lies as it does. */
export interface Choice {
  readonly op: string;
  readonly ins: readonly Layout[];
  readonly outs: readonly Layout[];
  /** Where the op runs. */
  readonly placement: number;
  /** Bytes of each output on the rank that holds the most. */
  readonly held: readonly number[];
  /** Predicted seconds: the op's own time and the boxing of its inputs. */
  readonly compute: number;
  readonly boxing: number;
  readonly candidates: number;
  /** Set by the user, or left to the compiler. */
  readonly fixed: boolean;
  /** Outputs as they would lie if memory had no limit; absent where that is how they lie. */
  readonly unlimited?: readonly Layout[];
  /** By output what would have come next; null: nothing else is possible. Absent where there was nothing to choose. */
  readonly rivals?: readonly (Rival | null)[];
}

/** The next best layout of a value, its surroundings being chosen anew and the rest of the graph left as it is. */
export interface Rival {
  readonly layout: Layout;
  /** Predicted seconds a step more: of the ops' own work, and of boxing. */
  readonly compute: number;
  readonly boxing: number;
  /** Bytes more on the rank that holds the most. */
  readonly memory: number;
}

export interface RankMemory {
  readonly rank: number;
  readonly bytes: number;
  readonly byRole: Readonly<Record<string, number>>;
}

export interface PlanData {
  readonly format: typeof planFormat;
  readonly version: typeof planVersion;
  /** SHA-256 of everything else. */
  readonly hash: string;
  readonly name: string;
  readonly seed: number;
  /** The laid-out graph, boxing included, and the layout of each of its values by id. */
  readonly graph: LogicalGraph;
  readonly layouts: readonly Layout[];
  readonly choices: readonly Choice[];
  readonly placements: readonly PlacementData[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly states: readonly State[];
  readonly buffers: readonly Buffer[];
  readonly registers: readonly Register[];
  readonly edges: readonly Edge[];
  readonly tasks: readonly TaskTemplate[];
  /** Every rank has a lane for each stream that it uses. */
  readonly schedule: readonly Lane[];
  readonly collectives: readonly Collective[];
  readonly pipeline?: Pipeline;
  readonly memory: readonly RankMemory[];
  /** Bytes that a rank may use, and whether the user said so: else it is what the device has, shared by the ranks. */
  readonly limit: { readonly bytes: number; readonly given: boolean };
}
