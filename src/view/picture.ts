/**
 * @file A picture as data: nodes, the edges between them, and the frames around them. The views of a plan make one; DOT,
 * Mermaid and JSON are three ways to write it. What a thing is stands here, how it looks is the writers' matter.
 */

import type { LegendEntry, Tone } from "./tone.ts";

/**
 * What a node stands for. Of the logical graph: `module` is several ops of one module. Of the physical plan: `task`, or
 * `transfer` where it runs on the stream of communication, `collective`, and the host's ends, `source` and `sink`.
 */
export type NodeKind =
  | "input"
  | "output"
  | "state"
  | "compute"
  | "boxing"
  | "module"
  | "task"
  | "transfer"
  | "collective"
  | "source"
  | "sink";

export interface PictureNode {
  /** Letters and digits, unique among nodes. */
  readonly id: string;
  readonly kind: NodeKind;
  /** The layout of what it gives, most of its bytes; null on the host. */
  readonly tone: Tone | null;
  /** Fields under each other, each of some lines; a name is the first line. */
  readonly text: readonly (readonly string[])[];
  /** Id of the frame that it stands in. */
  readonly inside: string | null;
  /** Names of the ops that it stands for. */
  readonly ops: readonly string[];
}

/**
 * `tensor`: from the op that makes it to one that takes it; `next`: the same, from one of several equal blocks to another;
 * `write`: from an update to the state that it writes. `register`: between tasks; `carried`: read by the next step;
 * `host`: to or from the host; `group` and `other group`: ranks that exchange data, neighbouring groups in turn.
 */
export type EdgeKind = "tensor" | "next" | "write" | "register" | "carried" | "host" | "group" | "other group";

export interface PictureEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: EdgeKind;
  /** The layout of what it carries, most of its bytes; null where that is nothing. */
  readonly tone: Tone | null;
  readonly text: readonly string[];
  /** How many it stands for. */
  readonly count: number;
}

export interface PictureCluster {
  /** Letters and digits, unique among clusters. */
  readonly id: string;
  /** `blocks`: equal blocks of which one is drawn; `block`: one by itself. */
  readonly kind: "placement" | "phase" | "blocks" | "block" | "rank";
  readonly text: readonly string[];
  readonly inside: string | null;
}

export interface Picture {
  readonly graph: "logical" | "physical";
  /** Title, then what explains the picture. */
  readonly text: readonly string[];
  /** The tones that occur, and the layouts that they stand for. */
  readonly legend: readonly LegendEntry[];
  /** A frame comes after the one around it. */
  readonly clusters: readonly PictureCluster[];
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly PictureEdge[];
  /** Nodes that stand beside each other, and under each other. */
  readonly rows: readonly (readonly string[])[];
  readonly columns: readonly (readonly string[])[];
}
