/**
 * @file What the compiler assumes a device can do, for comparing signatures; a model, not a measurement of this machine.
 * Only ratios matter to a choice: one rank's matrix work against its memory traffic against the links.
 */
export interface Machine {
  /** Floating-point operations a second on one rank. */
  readonly flops: number;
  /** Bytes a second between a rank and its memory. */
  readonly bandwidth: number;
}

const machines: Readonly<Record<string, Machine>> = {
  cpu: { flops: 5e10, bandwidth: 1e10 },
};

export const machineOf = (device: string): Machine => machines[device] ?? machines.cpu!;
