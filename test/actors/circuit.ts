/** @file Circuits for tests of the actors: who talks to whom, with no programs. */
import type { Circuit } from "../../src/actors/control.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import type { Edge, Register, Stream, TaskTemplate } from "../../src/ir/plan.ts";

export const mesh = (axes: Readonly<Record<string, number>>): PlacementData => ({
  device: "cpu",
  axes: Object.entries(axes).map(([name, size]) => ({ name, size })),
  ranks: Array.from({ length: Object.values(axes).reduce((a, b) => a * b, 1) }, (_, rank) => rank),
});

export const task = (id: number, stream: Stream, kind?: "source" | "sink", placement = 0): TaskTemplate => ({
  id,
  name: kind ?? `t${id}`,
  kind: kind ?? (stream === "comm" ? "boxing" : "compute"),
  placement,
  stream,
  ops: [],
  reads: [],
  writes: [],
  classes: [],
});

export const register = (id: number, owner: number, slots: number): Register => ({ id, owner, slots, buffers: [] });

export const edge = (register: number, from: number, to: number, span: Edge["span"] = "same", delay = 0): Edge => ({
  register,
  from,
  to,
  span,
  produce: 1,
  consume: 1,
  delay,
});

/** Source, one task after the other by streams, sink; each register with so many slots. */
export function chain(streams: readonly Stream[], slots: number, axes: Readonly<Record<string, number>> = { d: 1 }) {
  const placement = mesh(axes);
  const last = streams.length + 1;
  const circuit: Circuit = {
    placements: [placement],
    tasks: [task(0, "host", "source"), ...streams.map((stream, i) => task(i + 1, stream)), task(last, "host", "sink")],
    registers: Array.from({ length: last }, (_, id) => register(id, id, id === 0 || id === last - 1 ? 4 : slots)),
    edges: Array.from({ length: last }, (_, id) => edge(id, id, id + 1, id === 0 || id === last - 1 ? "all" : "same")),
    schedule: [...new Set(streams)].map((stream) => ({
      ranks: placement.ranks,
      stream,
      tasks: streams.flatMap((own, i) => (own === stream ? [i + 1] : [])),
    })),
  };
  return circuit;
}
