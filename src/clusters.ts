/**
 * @file Clusters as data: what `compile` and `plan.simulate` take of the machines that a plan is made for. A figure of a data
 * sheet is what hardware could do at most; what programs get of it is less, so the two are kept apart here, and plans are
 * made with the second.
 */
import type { LinkModels } from "./links.ts";
import type { DeviceModel } from "./simulate.ts";

/** A rank is one device. What is left out is as `compile` and `simulate` assume it. */
export interface Cluster {
  readonly about: string;
  /** The most that there are. Default: as many as the mesh has. */
  readonly ranks?: number;
  /** Bytes of each rank. */
  readonly memory?: number;
  readonly devices?: DeviceModel;
  /** In what the products are computed that `devices.flops` counts. */
  readonly precision?: "float32" | "bfloat16" | "float16";
  readonly links: LinkModels;
}

/**
 * NVIDIA H100 SXM5 and its links, as sold. Source: its data sheet, "NVIDIA H100 Tensor Core GPU"; dense, without
 * sparsity. NVLink 4 has 900 GB/s in both directions together; ConnectX-7 has 400 Gb/s in each.
 */
const nominal = { flops: 989.4e12, bandwidth: 3.35e12, memory: 80e9, nvlink: 450e9, infiniband: 50e9 };

/**
 * Shares of it that programs get. NVLink: 370 GB/s under collectives, says NCCL's author (nccl-tests, issue 212). InfiniBand:
 * 46 to 48 GB/s a card (nccl-tests, issue 290). Products, memory and what is left of it beside driver, context and
 * libraries: round figures, and no measurements.
 */
const h100: DeviceModel = { flops: 0.7 * nominal.flops, bandwidth: 0.9 * nominal.bandwidth };
const memory = 0.92 * nominal.memory;

/**
 * Latencies of a collective by NCCL's own model (its tuning.cc): 8.4 µs for a ring to begin and some hops inside a server;
 * between servers a tree of 5 µs a hop, there and back, over the seven levels of 128 servers. Memory: the launch of a kernel.
 */
const links = {
  local: { alpha: 12e-6, beta: 1 / 370e9 },
  memory: { alpha: 5e-6, beta: 1 / h100.bandwidth },
} satisfies LinkModels;

/** What the figure is of; in TF32 the same device has half of that, in float32 a fifteenth. */
const precision = "bfloat16";

/**
 * Clusters to plan for, by name. What GPUs can compute is for products in 16 bits: `precision` makes `compile` use them.
 *
 * @example
 * const { devices, links, memory, precision } = clusters["1024-gpus"];
 * const plan = compile(training, { dims: { batch: 4096 }, devices, links, memory, precision });
 * const { stepTime } = plan.simulate({ devices, links });
 */
export const clusters = {
  "this-machine": { about: "ranks share one process: 4 GiB in all, and what the compiler assumes of a CPU", links: {} },
  "8-gpu-server": { about: "8 × H100 SXM with NVLink", ranks: 8, memory, devices: h100, precision, links },
  "1024-gpus": {
    about: "128 servers of 8 × H100 SXM; NVLink inside, 400 Gb/s InfiniBand a GPU between",
    ranks: 1024,
    memory,
    devices: h100,
    precision,
    links: { ...links, remote: { alpha: 75e-6, beta: 1 / 47e9 }, host: (rank) => Math.floor(rank / 8) },
  },
} as const satisfies Readonly<Record<string, Cluster>>;
