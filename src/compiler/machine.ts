/**
 * @file What the compiler assumes a device can do, for comparing signatures; a model, not a measurement of this machine.
 * Only ratios matter to a choice: one rank's matrix work against its memory traffic against the links.
 */
import type { PlacementData } from "../ir/placement.ts";

export interface Machine {
  /** Floating-point operations a second on one rank. */
  readonly flops: number;
  /** Bytes a second between a rank and its memory. */
  readonly bandwidth: number;
  /** Bytes that one process has for the ranks it hosts. */
  readonly memory: number;
}

/** How fast it is: all that time depends on. */
export type Speed = Pick<Machine, "flops" | "bandwidth">;

const machines: Readonly<Record<string, Machine>> = {
  cpu: { flops: 5e10, bandwidth: 1e10, memory: 2 ** 32 }, // the most that a WebAssembly memory holds
};

export const machineOf = (device: string): Machine => machines[device] ?? machines.cpu!;

/** Bytes that a rank may use: its part of a process that hosts all ranks of these placements. */
export function memoryOf(placements: readonly PlacementData[]): number {
  const ranks = new Set(placements.flatMap((placement) => placement.ranks)).size;
  return Math.floor(Math.min(...placements.map(({ device }) => machineOf(device).memory)) / ranks);
}
