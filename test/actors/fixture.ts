/**
 * @file A plan written by hand, small enough to follow every message. On R ranks, each with a shard of x:
 *
 *     source → front: y = x + w, share = Σ x → reduce: total = Σ over ranks of y → update: w += total / 2, out = total → sink
 *
 * w is a state: `front` reads what `update` wrote a step before. `expected` does the same in plain arithmetic.
 */
import type { NdArray } from "../../src/ir/array.ts";
import { P, S } from "../../src/ir/layout.ts";
import type { Buffer, Edge, PlanData, Port, State, TaskTemplate } from "../../src/ir/plan.ts";
import type { Call } from "../../src/ir/program.ts";

export const width = 4;
const line = 64;

const affine = (scale: number, x: number, y: number): Call => ({
  kernel: "affine",
  args: [width, scale, 0, { buffer: x }, { buffer: y }],
});
const add = (a: number, b: number, y: number): Call => ({
  kernel: "binary",
  args: [0, 1, 1, 1, width, 0, 0, 0, 1, 0, 0, 0, 1, { buffer: a }, { buffer: b }, { buffer: y }],
});

const [X, W, Y, TOTAL, STEP, OUT, SHARE] = [0, 1, 2, 3, 4, 5, 6];
const [SOURCE, FRONT, REDUCE, UPDATE, SINK] = [0, 1, 2, 3, 4];

export interface Changes {
  readonly slots?: number;
  readonly outputSlots?: number;
  readonly init?: number;
  readonly orders?: readonly number[];
}

/** Names of the tasks, by id. */
export const taskNames = ["source", "front", "reduce", "update", "sink"];

export function tinyPlan(
  ranks = 2,
  { slots = 2, outputSlots = 4, init = 1, orders = [0, 1, 2, 3, 4] }: Changes = {},
): PlanData {
  const all = Array.from({ length: ranks }, (_, rank) => rank);
  const mesh = { device: "cpu", axes: [{ name: "d", size: ranks }], ranks: all };
  let offset = 0;
  const buffer = (id: number, name: string, count: number, role: Buffer["role"]): Buffer => {
    const made = {
      id,
      name,
      placement: 0,
      dtype: "float32",
      shape: [width],
      bytes: line,
      slots: count,
      offset,
      role,
    } as const;
    offset += line * count;
    return made;
  };
  const buffers = [
    buffer(X, "x", slots, "input"),
    buffer(W, "w", 1, "state"),
    buffer(Y, "y", slots, "activation"),
    buffer(TOTAL, "total", slots, "activation"),
    buffer(STEP, "step", 1, "activation"),
    buffer(OUT, "out", outputSlots, "output"),
    buffer(SHARE, "share", outputSlots, "output"),
  ];
  const task = (
    id: number,
    kind: TaskTemplate["kind"],
    stream: TaskTemplate["stream"],
    program?: (rank: number) => Call[],
  ): TaskTemplate => ({
    id,
    name: taskNames[id]!,
    kind,
    placement: 0,
    stream,
    ops: [],
    reads: [],
    writes: [],
    classes: program ? all.map((rank) => ({ ranks: [rank], program: program(rank) })) : [],
  });
  /** Each rank sums its own slice of the flat array for all. */
  const reduce = (rank: number): Call[] => {
    const at = (id: number) =>
      all.map((index) => ({ buffer: id, ...(index === rank ? {} : { peer: { axis: "d", index } }) }));
    const cut = (i: number) => Math.floor((width * i) / ranks);
    return [
      { kernel: "all_reduce", args: [0, 0, cut(rank), cut(rank + 1), { traffic: 0 }, ranks, ...at(Y), ...at(TOTAL)] },
    ];
  };
  const edge = (register: number, from: number, to: number, span: Edge["span"], delay = 0): Edge => ({
    register,
    from,
    to,
    span,
    produce: 1,
    consume: 1,
    delay,
  });
  const port = (name: string, shape: readonly number[], id: number, layout: Port["layout"]): Port => ({
    name,
    shape,
    dtype: "float32",
    placement: 0,
    layout,
    buffer: id,
  });
  const state: State = {
    name: "w",
    kind: "param",
    shape: [width],
    dtype: "float32",
    placement: 0,
    layout: [],
    buffer: W,
    init: { kind: "constant", value: init },
    checkpoint: true,
    classes: [{ ranks: all, program: [{ kernel: "fill", args: [width, init, { buffer: W }] }] }],
  };
  const moved = ranks > 1 ? 2 * (width - width / ranks) * 4 : 0;
  return {
    format: "sluice-plan",
    version: 1,
    hash: `tiny ${ranks} ${slots} ${outputSlots}`,
    name: "tiny",
    seed: 0,
    graph: { name: "tiny", placements: [mesh], values: [], ops: [], states: [], inputs: {}, outputs: {} },
    layouts: [],
    choices: [],
    placements: [mesh],
    inputs: [port("x", [width * ranks], X, [["d", S(0)]])],
    outputs: [port("out", [width], OUT, []), port("share", [], SHARE, [["d", P("sum")]])],
    states: [state],
    buffers,
    registers: [
      { id: 0, owner: SOURCE, slots, buffers: [X] },
      { id: 1, owner: FRONT, slots, buffers: [Y] },
      { id: 2, owner: REDUCE, slots, buffers: [TOTAL] },
      { id: 3, owner: UPDATE, slots: 1, buffers: [W] },
      { id: 4, owner: UPDATE, slots: outputSlots, buffers: [OUT] },
      { id: 5, owner: FRONT, slots: outputSlots, buffers: [SHARE] },
    ],
    edges: [
      edge(0, SOURCE, FRONT, "all"),
      edge(1, FRONT, REDUCE, { axes: ["d"] }),
      edge(2, REDUCE, UPDATE, { axes: ["d"] }),
      edge(3, UPDATE, FRONT, "same", 1),
      edge(4, UPDATE, SINK, "all"),
      edge(5, FRONT, SINK, "all"),
    ],
    tasks: [
      task(SOURCE, "source", "host"),
      task(FRONT, "compute", "compute", () => [
        add(X, W, Y),
        { kernel: "reduce", args: [0, 1, width, 1, 1, { buffer: X }, { buffer: SHARE }] },
      ]),
      { ...task(REDUCE, "boxing", "comm", reduce), collective: 0 },
      task(UPDATE, "compute", "compute", () => [affine(0.5, TOTAL, STEP), add(W, STEP, W), affine(1, TOTAL, OUT)]),
      task(SINK, "sink", "host"),
    ],
    schedule: (["compute", "comm"] as const).map((stream) => ({
      ranks: all,
      stream,
      tasks: (stream === "comm" ? [REDUCE] : [FRONT, UPDATE]).sort((a, b) => orders[a]! - orders[b]!),
    })),
    collectives: [
      {
        id: 0,
        name: "reduce",
        kind: "all-reduce",
        axis: "d",
        placement: 0,
        task: REDUCE,
        communicator: 0,
        sequence: 0,
        dtype: "float32",
        wire: "float32",
        bytes: moved * ranks,
        received: all.map(() => moved),
      },
    ],
    memory: all.map((rank) => ({ rank, bytes: offset, byRole: {} })),
    limit: { bytes: 2 ** 32, given: false },
  };
}

export const batch = (ranks: number, step: number): { readonly x: NdArray<number[], "float32"> } => ({
  x: {
    shape: [width * ranks],
    dtype: "float32",
    data: Float32Array.from({ length: width * ranks }, (_, i) => ((step * 31 + i * 7) % 64) / 8),
  },
});

export function* batches(ranks: number, steps: number) {
  for (let step = 0; step < steps; step++) yield batch(ranks, step);
}

export interface Expected {
  readonly out: readonly number[];
  readonly share: number;
}

/** What the plan computes, in float32 and rank order. */
export function expected(ranks: number, steps: number, init = 1): { readonly steps: Expected[]; readonly w: number[] } {
  const f = Math.fround;
  const w = new Float32Array(width).fill(init);
  const results: Expected[] = [];
  for (let step = 0; step < steps; step++) {
    const x = batch(ranks, step).x.data;
    const out = Array.from(w, (value, i) => {
      let sum = f(x[i]! + value);
      for (let rank = 1; rank < ranks; rank++) sum = f(sum + f(x[rank * width + i]! + value));
      return sum;
    });
    for (let i = 0; i < width; i++) w[i]! += f(out[i]! * 0.5);
    results.push({ out, share: Array.from(x).reduce((a, b) => a + b, 0) });
  }
  return { steps: results, w: [...w] };
}
