/**
 * @file A pipeline schedule as data: which rank holds each stage, and in what order each rank works on each of its two
 * streams. Whether it was generated, read from text or written by hand makes no difference to what follows.
 *
 * Kinds of actions have the letters that PyTorch's pipeline schedules print (torch.distributed.pipelining.schedules).
 */

/** What a rank computes: forward, whole backward, gradient of the input alone, gradient of the weights alone. */
export type ComputeKind = "F" | "B" | "I" | "W";
/** What passes between stages on different ranks: activations forward, gradients back. */
export type TransferKind = "SEND_F" | "RECV_F" | "SEND_B" | "RECV_B";
export type ActionKind = ComputeKind | TransferKind;

/** One micro-batch in one stage. A transfer belongs to the stage that sends or receives. */
export interface Action {
  readonly stage: number;
  readonly kind: ActionKind;
  readonly microBatch: number;
}

/** What one stream of a rank does, in order. Transfers may stand among the computing, on its stream. */
export interface ScheduleLane {
  readonly rank: number;
  readonly stream: "compute" | "comm";
  readonly actions: readonly Action[];
}

export interface Schedule {
  readonly name: string;
  /** Micro-batches of one step. */
  readonly microBatches: number;
  /** The rank that holds each stage. Stages of one rank are its chunks. */
  readonly stages: readonly number[];
  /** At most one lane a rank and stream. */
  readonly lanes: readonly ScheduleLane[];
}
