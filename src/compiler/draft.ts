/**
 * @file What the passes hand on: the graph with all that has been decided about it so far. A pass takes a draft and
 * returns another; nothing is changed in place. Fields that a later pass fills are empty until then.
 */
import type { UserLayout } from "../graph/layout.ts";
import type { LogicalGraph, Op, Value } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import type { Action, Schedule } from "../ir/pipeline.ts";
import type { PlacementData } from "../ir/placement.ts";
import type {
  Buffer,
  Choice,
  Collective,
  Edge,
  Pipeline,
  Port,
  RankClass,
  RankMemory,
  Register,
  State,
  Stream,
  TaskTemplate,
} from "../ir/plan.ts";
import type { BoxingStep } from "../sbp/boxing.ts";
import type { Model } from "../sbp/link.ts";
import type { Signature } from "../sbp/signatures.ts";
import type { Joined } from "./join/joined.ts";
import type { Speed } from "./machine.ts";
import type { Rows } from "./micro/in-time.ts";
import type { ScheduleName } from "./pipeline/schedule.ts";
import type { StagesAs } from "./stages/cut.ts";

export interface CompileOptions {
  readonly dims?: Readonly<Record<string, number>>;
  /** The first pattern that matches a parameter's name counts; strings may hold `*`. */
  readonly sharding?: readonly (readonly [pattern: string | RegExp, layout: UserLayout])[];
  /** Seeds initialisation and everything random in the plan. Default 0. */
  readonly seed?: number;
  /** Copies of what passes between tasks: 2 let a producer work ahead of its consumers. Default 2. */
  readonly slots?: number;
  /** Bytes that a rank may use. Default: its part of what the device has. */
  readonly memory?: number;
  /** By the name of a dim how many parts the batch is cut into, which are worked on one after the other. Default: none. */
  readonly microBatches?: Readonly<Record<string, number>>;
  /** The mesh axis along which the graph is cut into stages. Absent: they are where the user moved tensors to. */
  readonly stages?: string | StagesAs;
  /** In which order the stages of a pipeline work on micro-batches. Default: 1F1B, or what fits them. */
  readonly schedule?: ScheduleName | Schedule;
  /** `"explicit"`: where an op does not take a tensor as it lies, that is an error. Default `"auto"`: it is boxed. */
  readonly boxing?: "auto" | "explicit";
  /** `false`: every op has a kernel call of its own, and its result is stored. Default `true`. */
  readonly joins?: boolean;
  /** What is stored and multiplied in 16 bits. Absent: nothing. */
  readonly precision?: Precision;
  /** What boxing costs. Default: ranks share memory. */
  readonly model?: Model;
  /** What a rank computes with. Default: as `machineOf` has it for the placement's device. */
  readonly speed?: Speed;
  /**
   * For a plan that is only looked at: programs of the first rank of each placement stand for those of all. At 1,024 ranks
   * programs are most of the work, as each names its peers. Such a plan must not be launched. Default `false`.
   */
  readonly dry?: boolean;
  /** Called after each pass with printers of the draft before and after it. */
  readonly onPass?: (pass: string, before: () => string, after: () => string) => void;
}

/** Mixed precision. */
export interface Precision {
  readonly compute: "bfloat16" | "float16";
  /** What gradients of parameters are added up between ranks as. */
  readonly gradients: "float32" | "bfloat16" | "float16";
  /** Names and patterns of ops that stay float32. */
  readonly float32: readonly string[];
}

/** A run of ops that will be one task on every rank of the placement. */
export interface TaskDraft {
  readonly id: number;
  readonly name: string;
  readonly kind: TaskTemplate["kind"];
  readonly stream: Stream;
  readonly placement: number;
  /** Op ids, in order. */
  readonly ops: readonly number[];
  readonly action?: Action;
}

export interface Draft {
  readonly options: CompileOptions;
  readonly graph: LogicalGraph;
  /** Names of the ops that the user wrote. */
  readonly written: ReadonlySet<string>;
  /** How the batch is cut into micro-batches; absent: it is not. */
  readonly rows?: Rows;
  /** Bytes that choosing may count on, by what it foresees; absent: any. */
  readonly budget?: number;
  /** What ops would give if there were no limit on memory, by name; absent where that keeps to it. */
  readonly unlimited?: ReadonlyMap<string, readonly Layout[]>;
  /** Bytes that choosing foresaw on the rank that holds the most. */
  readonly foreseen?: number;
  /** Layouts that the user asked for, by value id. */
  readonly fixed: ReadonlyMap<number, Layout>;
  /** Signatures that are settled, by op name, while others are still to be chosen. */
  readonly settled: ReadonlyMap<string, Signature>;
  /** Ops whose inputs must not be boxed, by name, with the expansion they come from: it says itself what is. */
  readonly strict: ReadonlyMap<string, string>;
  /** By op id. */
  readonly signatures: readonly Signature[];
  readonly choices: readonly Choice[];
  /** By value id, once boxing is explicit. */
  readonly layouts: readonly Layout[];
  /** What a boxing op does, by op id. */
  readonly boxing: ReadonlyMap<number, BoxingStep>;
  /** By op id, with micro-batches: a task has ops of one turn. */
  readonly turns: readonly number[];
  readonly pipeline?: Pipeline;
  /** The action of each turn but the first and the last. */
  readonly actions: readonly (Action | undefined)[];
  readonly tasks: readonly TaskDraft[];
  /** Ops that one kernel call does, by the id of the last. */
  readonly joined: ReadonlyMap<number, Joined>;
  readonly buffers: readonly Buffer[];
  /** Buffer id by value id; none of a value that is never stored. */
  readonly bufferOf: readonly number[];
  readonly registers: readonly Register[];
  readonly edges: readonly Edge[];
  readonly collectives: readonly Collective[];
  readonly states: readonly State[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Programs by task id. */
  readonly programs: readonly (readonly RankClass[])[];
  readonly memory: readonly RankMemory[];
}

export type Pass = (draft: Draft) => Draft;

export const start = (graph: LogicalGraph, options: CompileOptions): Draft => ({
  options,
  graph,
  written: new Set(graph.ops.map(({ name }) => name)),
  fixed: new Map(),
  settled: new Map(),
  strict: new Map(),
  signatures: [],
  choices: [],
  layouts: [],
  boxing: new Map(),
  turns: [],
  actions: [],
  tasks: [],
  joined: new Map(),
  buffers: [],
  bufferOf: [],
  registers: [],
  edges: [],
  collectives: [],
  states: [],
  inputs: [],
  outputs: [],
  programs: [],
  memory: [],
});

/** Bound shape of a value; dims are numbers in every pass. */
export const shapeOf = (value: Value): readonly number[] => value.shape as readonly number[];

/** Where an op runs: the placement of its result. */
export const placementOf = ({ graph }: Pick<Draft, "graph">, op: Op): PlacementData =>
  graph.placements[graph.values[op.outputs[0]!]!.placement]!;

/** The op that produces each value, by value id. */
export function producers(graph: LogicalGraph): readonly Op[] {
  const by: Op[] = [];
  for (const op of graph.ops) for (const id of op.outputs) by[id] = op;
  return by;
}

/** The op that writes each state, with the value that the state becomes. */
export function writers(graph: LogicalGraph): ReadonlyMap<string, { readonly op: Op; readonly value: number }> {
  const by = new Map<string, { op: Op; value: number }>();
  for (const op of graph.ops)
    op.writes?.forEach((state, i) => {
      if (state !== null) by.set(state, { op, value: op.outputs[i]! });
    });
  return by;
}

/** Whether the op was written by the user, and is no boxing itself. Casts round an op of the user's count with it. */
export const forbidsBoxing = ({ options, written }: Draft, { kind, name }: Op): boolean =>
  options.boxing === "explicit" && kind !== "to" && written.has(name.replace(/\.(float32|bfloat16|float16)$/, ""));
