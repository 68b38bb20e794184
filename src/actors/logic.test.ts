/**
 * Explores all that the real logic can do in small nets: every order of deliveries, firings, and beginnings and ends of
 * work. Each actor has an executor of its own, which begins a launch when those that it waits for are over.
 */
import { expect, test } from "vitest";
import type { Message } from "../ir/message.ts";
import type { Edge, Register, TaskTemplate } from "../ir/plan.ts";
import type { Circuit } from "./control.ts";
import { expand } from "./expand.ts";
import { countMissing, createStep, initialState, slotOfSeq, type TaskEvent, type TaskState } from "./logic.ts";
import { type ActorSpec, HOST, type Net, type NetEdge } from "./net.ts";

interface Launch {
  readonly seq: number;
  readonly arrived: readonly number[];
  readonly waits: readonly { readonly actor: number; readonly count: number }[];
}

interface Slot {
  version: number;
  whole: boolean;
  readers: number;
  /** Who is changing it in place. */
  changers: number;
}

interface World {
  readonly actors: TaskState[];
  /** By edge and direction, in order: an edge delivers in order, edges among each other in any. */
  readonly wires: Message[][];
  /** By actor, launches that are not over yet; the first may have begun. */
  readonly running: Launch[][];
  readonly begun: boolean[];
  /** By actor, launches that are over. */
  readonly over: number[];
  /** By actor, ends that it has not heard of. */
  readonly untold: number[][];
  /** By actor, register and slot: the version there, whether it is whole, and who has yet to read it. */
  readonly slots: Slot[][][];
  /** By edge, versions that were delivered. */
  readonly delivered: number[];
  readonly ready: boolean[];
  fed: number;
  credits: number;
  taken: number;
  ended: number;
}

/**
 * All worlds that can be reached when `steps` batches are fed; checks each. When `swift`, the host does what it can at
 * once and work takes no time, so that only what the ranks hear comes in every order.
 */
function explore(
  net: Net,
  steps: number,
  swift: boolean,
): { readonly worlds: number; readonly ends: readonly World[] } {
  const { actors, edges, user } = net;
  let world: World;
  const host = actors.map((a) => [...a.ins, ...a.outs.flatMap((r) => r.edges)].some((e) => e.host));
  const wire = (m: Message) => 2 * m.edge + (m.type === "ack" ? 1 : 0);
  const acts = actors.map((spec) =>
    createStep(spec, edges, {
      launch(_, { seq, arrived, waits }) {
        const launch: Launch = {
          seq,
          arrived: [...arrived],
          waits: waits.map(({ thread, ticket }) => ({ actor: thread!, count: ticket! })),
        };
        if (spec.rank === HOST) {
          begin(spec, launch);
          end(spec, launch);
          return undefined;
        }
        world.running[spec.id]!.push(launch);
        return { thread: spec.id, launch: seq + 1 };
      },
      send: (message) => world.wires[wire(message)]!.push(message),
      ready: ({ id }) => {
        world.ready[id] = true;
      },
      now: () => 0,
      failed(error) {
        throw error;
      },
    }),
  );
  const reads = (spec: ActorSpec) => (spec.kind === "source" ? [] : spec.ins);
  const buffersOf = (e: NetEdge) => actors[e.from]!.outs[e.out]!.buffers;
  /** Whether it changes in place what the edge brings: that memory is its own register's, too. */
  const changes = (spec: ActorSpec, e: NetEdge) =>
    spec.outs.some(({ buffers }) => buffers.some((id) => buffersOf(e).includes(id)));
  /** Nobody may still read, or write, what is overwritten; what is read is there. */
  function begin(spec: ActorSpec, { seq, arrived }: Launch): void {
    for (const [i, { slots, edges: list }] of spec.outs.entries()) {
      const slot = world.slots[spec.id]![i]![seq % slots]!;
      if (spec.kind !== "sink") expect(slot.readers).toBe(0); // its results are the user's
      world.slots[spec.id]![i]![seq % slots] = { version: seq, whole: false, readers: list.length, changers: 0 };
    }
    for (const e of reads(spec)) {
      expect(arrived[e.in]).toBe(seq - e.delay);
      const slot = world.slots[e.from]![e.out]![slotOfSeq(seq - e.delay, e.slots)]!;
      expect([slot.version, slot.whole]).toEqual([seq - e.delay, true]);
      if (changes(spec, e)) slot.changers++;
      else expect(slot.changers).toBe(0);
    }
  }
  function end(spec: ActorSpec, { seq }: Launch): void {
    for (const [i, { slots }] of spec.outs.entries()) world.slots[spec.id]![i]![seq % slots]!.whole = true;
    for (const e of reads(spec)) {
      const slot = world.slots[e.from]![e.out]![slotOfSeq(seq - e.delay, e.slots)]!;
      slot.readers--;
      if (changes(spec, e)) slot.changers--;
    }
  }

  const act = (id: number, event: TaskEvent) => acts[id]!(world.actors[id]!, event);
  const feed = user.outs[0]!.edges[0]!;
  const hear = (m: Message) => {
    // Each version once, in order.
    if (m.type === "req") expect(m.seq).toBe(world.delivered[m.edge]!++);
    if (m.to !== user.id) act(m.to, m);
    else if (m.type === "ack") world.credits++;
    else if (m.type === "eos") world.ended++;
    else {
      expect(m.seq).toBe(world.taken++);
      world.wires[2 * m.edge + 1]!.push({ ...m, type: "ack", from: user.id, to: m.from });
    }
  };
  const base: Omit<Message, "type"> = {
    from: user.id,
    to: feed.to,
    edge: feed.id,
    register: feed.register,
    slot: 0,
    seq: 0,
    t: 0,
  };

  const onHost = (id: number) => actors[id]!.rank === HOST;
  /** What may happen next, each as something to do to a copy of the world. */
  function moves(w: World): (() => void)[] {
    const can: (() => void)[] = [];
    const soon: (() => void)[] = [];
    w.wires.forEach((queue, i) => {
      const [next] = queue;
      if (next) (onHost(next.to) ? soon : can).push(() => hear(world.wires[i]!.shift()!));
    });
    w.untold.forEach((queue, id) => {
      if (queue.length) can.push(() => act(id, { type: "done", seq: world.untold[id]!.shift()! }));
    });
    w.ready.forEach((ready, id) => {
      if (!ready) return;
      (onHost(id) ? soon : can).push(() => {
        world.ready[id] = false;
        act(id, { type: "fire" });
      });
    });
    w.running.forEach(([first], id) => {
      if (!first) return;
      if (w.begun[id])
        (swift ? soon : can).push(() => {
          const launch = world.running[id]!.shift()!;
          world.begun[id] = false;
          world.over[id]!++;
          end(actors[id]!, launch);
          if (host[id]) world.untold[id]!.push(launch.seq);
        });
      else if (first.waits.every(({ actor, count }) => w.over[actor]! >= count))
        (swift ? soon : can).push(() => {
          world.begun[id] = true;
          begin(actors[id]!, world.running[id]![0]!);
        });
    });
    if (swift && soon.length) return soon.slice(0, 1);
    can.push(...soon);
    if (w.fed < steps && w.credits > 0)
      can.push(() => {
        world.wires[2 * feed.id]!.push({ ...base, type: "req", slot: world.fed % feed.slots, seq: world.fed });
        world.fed++;
        world.credits--;
      });
    if (w.fed === steps)
      can.push(() => {
        world.wires[2 * feed.id]!.push({ ...base, type: "eos" });
        world.fed++; // once
      });
    return can;
  }

  function check(w: World): void {
    for (const spec of actors) {
      const state = w.actors[spec.id]!;
      if (spec.kind === "user") continue;
      expect(state.missing).toBe(countMissing(spec, state));
      for (const [i, { slots, edges: list }] of spec.outs.entries()) {
        for (const held of state.held[i]!) {
          expect(held).toBeGreaterThanOrEqual(0);
          expect(held).toBeLessThanOrEqual(list.length);
        }
        // Slots are conserved: what a consumer has not used, and what is on its way, is what the producer counts as held.
        for (const edge of list) {
          if (edge.to === user.id) continue;
          const there = w.actors[edge.to]!.arrived[edge.in]!.length;
          const onTheWay = w.wires[2 * edge.id]!.filter((m) => m.type === "req").length;
          expect(there + onTheWay).toBeLessThanOrEqual(slots);
        }
      }
    }
  }

  const first: World = {
    actors: actors.map(initialState),
    wires: edges.flatMap(() => [[], []]),
    running: actors.map(() => []),
    begun: actors.map(() => false),
    over: actors.map(() => 0),
    untold: actors.map(() => []),
    slots: actors.map(({ outs }) =>
      outs.map(({ slots, edges: list }) =>
        Array.from({ length: slots }, (_, slot): Slot => {
          const version = slot - slots;
          const readers = list.filter(({ delay }) => slotOfSeq(version, slots) === slot && version + delay >= 0).length;
          return { version, whole: true, readers, changers: 0 };
        }),
      ),
    ),
    delivered: edges.map(() => 0),
    ready: actors.map(() => false),
    fed: 0,
    credits: feed.slots,
    taken: 0,
    ended: 0,
  };
  const key = (w: World) => JSON.stringify(w);
  const seen = new Set([key(first)]);
  const todo = [first];
  const ends: World[] = [];
  for (let w = todo.pop(); w; w = todo.pop()) {
    check(w);
    const can = moves(w);
    if (can.length === 0) ends.push(w);
    for (const move of can) {
      world = structuredClone(w);
      move();
      // In which order several consumers freed a slot makes no difference.
      for (const { freed } of world.actors) for (const acks of freed.flat()) acks.sort((a, b) => a.edge - b.edge);
      const name = key(world);
      if (seen.has(name)) continue;
      seen.add(name);
      todo.push(world);
    }
  }
  return { worlds: seen.size, ends };
}

const mesh = (ranks: number) => ({
  device: "cpu",
  axes: [{ name: "d", size: ranks }],
  ranks: Array.from({ length: ranks }, (_, i) => i),
});
const task = (id: number, kind: TaskTemplate["kind"]): TaskTemplate => ({
  id,
  name: `t${id}`,
  kind,
  placement: 0,
  stream: kind === "compute" ? "compute" : kind === "boxing" ? "comm" : "host",
  ops: [],
  reads: [],
  writes: [],
  classes: [],
});
const edge = (register: number, from: number, to: number, span: Edge["span"], delay = 0): Edge => ({
  register,
  from,
  to,
  span,
  produce: 1,
  consume: 1,
  delay,
});
const register = (id: number, owner: number, slots: number): Register => ({ id, owner, slots, buffers: [] });

const chain = (slots: number): Circuit => ({
  placements: [mesh(1)],
  tasks: [task(0, "source"), task(1, "compute"), task(2, "compute"), task(3, "sink")],
  registers: [register(0, 0, slots), register(1, 1, slots), register(2, 2, slots)],
  edges: [edge(0, 0, 1, "all"), edge(1, 1, 2, "same"), edge(2, 2, 3, "all")],
  schedule: [{ ranks: [0], stream: "compute", tasks: [1, 2] }],
});
/** Task 2 writes a state that task 1 reads one step later; it has one slot. */
const loop: Circuit = {
  ...chain(1),
  registers: [...chain(1).registers, register(3, 2, 1)],
  edges: [...chain(1).edges, edge(3, 2, 1, "same", 1)],
};
/** Both ranks of task 1 feed both ranks of task 2; a leaf, so both report. */
const group: Circuit = {
  placements: [mesh(2)],
  tasks: [task(0, "source"), task(1, "compute"), task(2, "boxing"), task(3, "sink")],
  registers: [register(0, 0, 1), register(1, 1, 1), register(2, 1, 1)],
  edges: [edge(0, 0, 1, "all"), edge(1, 1, 2, { axes: ["d"] }), edge(2, 1, 3, "all")],
  schedule: [
    { ranks: [0, 1], stream: "compute", tasks: [1] },
    { ranks: [0, 1], stream: "comm", tasks: [2] },
  ],
};
/** What task 1 makes task 2 changes in place, and task 3 reads: so it also holds the register of task 1. */
const inPlace = (ranks: number, slots: number): Circuit => ({
  placements: [mesh(ranks)],
  tasks: [task(0, "source"), task(1, "compute"), task(2, "boxing"), task(3, "compute"), task(4, "sink")],
  registers: [
    register(0, 0, 1),
    { ...register(1, 1, slots), buffers: [0] },
    { ...register(2, 2, slots), buffers: [0] },
    register(3, 3, 1),
  ],
  edges: [
    edge(0, 0, 1, "all"),
    edge(1, 1, 2, { axes: ["d"] }),
    edge(1, 1, 3, "same"),
    edge(2, 2, 3, { axes: ["d"] }),
    edge(3, 3, 4, "all"),
  ],
  schedule: [
    { ranks: mesh(ranks).ranks, stream: "compute", tasks: [1, 3] },
    { ranks: mesh(ranks).ranks, stream: "comm", tasks: [2] },
  ],
});
const base = { actor: 0, edge: 0, register: 0 };

test.each([
  ["a chain, one slot", chain(1), 3, false],
  ["a chain, two slots", chain(2), 3, true],
  ["a state with one slot", loop, 3, false],
  ["a group edge between two ranks", group, 1, true],
  ["a change in place, one slot", inPlace(1, 1), 2, true],
  ["a change in place, two slots", inPlace(1, 2), 2, true],
])(
  "%s: every order of events ends in the same place, with every slot free",
  { timeout: 300_000 },
  (_, circuit, steps, swift) => {
    const net = expand(circuit, base, { feeds: 1, results: 1 });
    const { worlds, ends } = explore(net, steps, swift);
    expect(worlds).toBeGreaterThan(50);
    expect(ends).toHaveLength(1);
    const [end] = ends;
    expect(end).toMatchObject({ taken: steps, ended: net.user.ins.length, credits: 1 });
    for (const spec of net.actors) {
      if (spec.kind === "user") continue;
      const state = end!.actors[spec.id]!;
      expect(state.fired).toBe(steps);
      const atRest = initialState(spec);
      expect(state.held).toEqual(atRest.held);
      expect(state.arrived.map((queue) => queue.length)).toEqual(atRest.arrived.map((queue) => queue.length));
    }
  },
);

test("a task that is told to fire too early says so", () => {
  const net = expand(chain(1), base);
  const spec = net.actors[1]!;
  const step = createStep(spec, net.edges, {
    launch: () => undefined,
    send: () => {},
    ready: () => {},
    now: () => 0,
    failed: () => {},
  });
  expect(() => step(initialState(spec), { type: "fire" })).toThrow(/t1 @0 was told to fire/);
});
