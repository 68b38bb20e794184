/**
 * @file All that the plan explorer's page shows, as one JSON document. The page's scripts read it in a browser, so this
 * file has types alone and imports nothing but types. Texts are ready to be read; sizes are bytes, times seconds, unless
 * said otherwise. Ids are places in the document's lists.
 */
import type { EdgeKind, NodeKind, PictureCluster } from "../picture.ts";
import type { LegendEntry, Tone } from "../tone.ts";

export interface Explorer {
  readonly format: "sluice-explorer";
  readonly version: 1;
  readonly name: string;
  readonly hash: string;
  /** The view that is open at first. */
  readonly view: "logical" | "physical";
  /** What there is to say of the whole: label and text. */
  readonly facts: readonly (readonly [label: string, text: string])[];
  /** Bytes between ranks in a step, by mesh axis. */
  readonly traffic: readonly (readonly [axis: string, bytes: number])[];
  readonly placements: readonly MeshInfo[];
  readonly memory: readonly RankMemoryInfo[];
  /** Bytes that a rank may use. */
  readonly limit: number;
  readonly ops: readonly OpInfo[];
  readonly tensors: readonly TensorInfo[];
  readonly shards: readonly ShardsInfo[];
  /** In launch order. */
  readonly tasks: readonly TaskInfo[];
  /** Tones of tasks, and the layouts that they stand for. */
  readonly legend: readonly LegendEntry[];
  readonly registers: readonly RegisterInfo[];
  readonly logical: Drawing;
  readonly physical: Drawing;
  /** Drawings of what nodes and frames of the logical graph stand for, by the names that these open. */
  readonly parts: Readonly<Record<string, Drawing>>;
  readonly timeline: TimelineInfo;
}

export interface MeshInfo {
  readonly device: string;
  readonly axes: readonly { readonly name: string; readonly size: number }[];
  readonly ranks: readonly number[];
}

/** Ranks that need the same. */
export interface RankMemoryInfo {
  readonly ranks: readonly number[];
  readonly bytes: number;
  readonly roles: readonly (readonly [role: string, bytes: number])[];
}

export interface OpInfo {
  readonly name: string;
  readonly kind: string;
  readonly phase: string;
  /** The user's line. */
  readonly at?: string;
  readonly placement: number;
  /** Tensors. */
  readonly ins: readonly number[];
  readonly outs: readonly number[];
  /** The task that runs it; -1: none does. */
  readonly task: number;
  /** Of a boxing step what it is: `all-reduce · model`, `P(sum) → B`. */
  readonly step?: string;
  readonly change?: string;
  readonly writes?: readonly string[];
  readonly attrs?: string;
  readonly choice?: ChoiceInfo;
}

/** Why an op works as it does. */
export interface ChoiceInfo {
  /** By mesh axis: SBPs of what it takes and of what it gives. */
  readonly rules: readonly {
    readonly axis: string;
    readonly ins: readonly string[];
    readonly outs: readonly string[];
  }[];
  /** `best of 9`, `set by user`, `the only one`. */
  readonly chosen: string;
  /** Seconds a step. */
  readonly compute: number;
  readonly boxing: number;
  /** Of a micro-batch's op: of how many micro-batches together costs are told. */
  readonly parts?: number;
  /** Of each output what would have come next, as text: layout and why it lost, then what it adds. */
  readonly rivals: readonly RivalInfo[];
}

export interface RivalInfo {
  readonly tensor: number;
  readonly text: string;
  /** More seconds of compute and boxing, more bytes on a rank; signed. Absent where there is no rival. */
  readonly more?: readonly [compute: number, boxing: number, memory: number];
  /** The layout that it would have if memory had no limit. */
  readonly unlimited?: string;
}

export interface TensorInfo {
  readonly name: string;
  /** `f32[128,512]` */
  readonly type: string;
  readonly shape: readonly number[];
  readonly layout: string;
  readonly placement: number;
  /** On the rank that holds the most. */
  readonly bytes: number;
  /** Ops. */
  readonly from: number;
  readonly to: readonly number[];
  readonly shards: number;
}

/** [lo, hi) of each dim, or several where it was dealt by hand. */
export type RegionInfo = readonly (readonly (readonly [number, number])[])[];

/** What each member of a placement holds. */
export interface ShardsInfo {
  readonly regions: readonly RegionInfo[];
  /** By member its region. */
  readonly of: readonly number[];
  /** Mesh axes along which the parts are to be reduced: `sum`. */
  readonly partial: readonly (readonly [axis: string, monoid: string])[];
}

export interface TaskInfo {
  readonly id: number;
  readonly name: string;
  readonly kind: "compute" | "boxing" | "source" | "sink";
  readonly stream: "compute" | "comm" | "host";
  readonly placement: number;
  readonly ops: readonly number[];
  /** The layout of what it gives; null on the host. */
  readonly tone: Tone | null;
  /** In a pipeline what it is a part of: `F3`, `forward of micro-batch 3 in stage 0`. */
  readonly action?: readonly [short: string, text: string];
  readonly kernels: readonly string[];
  readonly writes?: readonly string[];
  /** Ops that one kernel call does, and bytes that this saves. */
  readonly joined?: readonly string[];
  readonly collective?: CollectiveInfo;
}

export interface CollectiveInfo {
  readonly kind: string;
  readonly axis?: string;
  readonly change: string;
  readonly bytes: number;
  /** What a rank receives: the least and the most. */
  readonly received: readonly [least: number, most: number];
}

/** An edge between two tasks. */
export interface RegisterInfo {
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly slots: number;
  /** Read so many steps later. */
  readonly delay: number;
}

/** A picture with places. Units are points, y grows downwards. */
export interface Drawing {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly legend: readonly LegendEntry[];
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  readonly frames: readonly DrawnFrame[];
}

export interface DrawnNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly tone: Tone | null;
  readonly shape: string;
  /** Its middle. */
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** Fields under each other; with more than one, `lines` are the heights of the lines between them. */
  readonly text: readonly (readonly string[])[];
  readonly lines: readonly number[];
  readonly ops: readonly number[];
  /** Of the physical plan. */
  readonly tasks: readonly number[];
  /** A drawing of what it stands for. */
  readonly opens?: string;
  /** It stands outside of what the drawing is about. */
  readonly outside?: true;
}

export interface DrawnEdge {
  /** Places in the list of nodes. */
  readonly from: number;
  readonly to: number;
  readonly kind: EdgeKind;
  readonly tone: Tone | null;
  /** Bézier curves end to end: x and y in turn; the first point, then three for each curve. */
  readonly path: readonly number[];
  /** The tip of its arrow. */
  readonly tip?: readonly [x: number, y: number];
  readonly text: readonly string[];
  readonly at?: readonly [x: number, y: number];
}

export interface DrawnFrame {
  readonly kind: PictureCluster["kind"];
  readonly text: readonly string[];
  /** Upper left, width and height. */
  readonly box: readonly [x: number, y: number, w: number, h: number];
  readonly opens?: string;
}

/** When each task ran, on modelled devices or in a session. */
export interface TimelineInfo {
  readonly measured: boolean;
  /** What was run. */
  readonly text: string;
  /** Seconds from the first start to the last end. */
  readonly end: number;
  /** Number of the first step, and when the result of each was there. */
  readonly first: number;
  readonly steps: readonly number[];
  readonly rows: readonly RowInfo[];
}

/** Ranks that do everything at the same times. */
export interface RowInfo {
  readonly ranks: readonly number[];
  readonly lanes: readonly LaneInfo[];
  /** Time and bytes in use from then on, in turn. Times are whole nanoseconds. */
  readonly memory: readonly number[];
  /** Bytes that the plan lays out. */
  readonly bytes: number;
  /** Seconds; what is neither is the bubble. */
  readonly compute: number;
  readonly communication: number;
  readonly exposed: number;
}

export interface LaneInfo {
  readonly stream: string;
  /**
   * By start, seven numbers each: task, step, start, duration, and what it waited for: 0 nothing, 1 what a task gives,
   * 2 a slot that a task reads; that task, and its rank. Times are whole nanoseconds.
   */
  readonly spans: readonly number[];
}
