/**
 * Explores all that the real logic can do in small nets: every order of deliveries, firings, and beginnings and ends of
 * work. Each actor has an executor of its own, which begins a launch when those that it waits for are over. `LONG=1` looks
 * further at changes in place on two ranks.
 */
import { createHash } from "node:crypto";
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

/** As `expect`, a million times over. */
function holds(is: boolean, otherwise: string): void {
  if (!is) throw new Error(otherwise);
}

/**
 * What comes in every order: all of it; or what ranks hear; or what they hear of each other; or how work begins and ends.
 * All else happens at once, and the host does what it can.
 */
type Free = "all" | "heard" | "heard of each other" | "work";

/** All worlds that can be reached when `steps` batches are fed; checks each. */
function explore(net: Net, steps: number, free: Free): { readonly worlds: number; readonly ends: readonly World[] } {
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
      if (spec.kind !== "sink") holds(slot.readers === 0, `${spec.name} overwrites what is still read`); // its results are the user's
      world.slots[spec.id]![i]![seq % slots] = { version: seq, whole: false, readers: list.length, changers: 0 };
    }
    for (const e of reads(spec)) {
      holds(arrived[e.in] === seq - e.delay, `${spec.name} fires ${seq} on version ${arrived[e.in]}`);
      const slot = world.slots[e.from]![e.out]![slotOfSeq(seq - e.delay, e.slots)]!;
      holds(slot.version === seq - e.delay && slot.whole, `${spec.name} reads what is not there`);
      if (changes(spec, e)) slot.changers++;
      else holds(slot.changers === 0, `${spec.name} reads what is half changed`);
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
    if (m.type === "req") holds(m.seq === world.delivered[m.edge]!++, "a version comes twice, or out of order");
    if (m.to !== user.id) act(m.to, m);
    else if (m.type === "ack") world.credits++;
    else if (m.type === "eos") world.ended++;
    else {
      holds(m.seq === world.taken++, "a result comes twice, or out of order");
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
  const atOnce = ({ from, to }: Message) => {
    if (free === "heard of each other") return onHost(to) || actors[from]!.rank === actors[to]!.rank;
    return onHost(to) || free === "work";
  };
  const inTurn = (id: number) => onHost(id) || free === "heard of each other" || free === "work";
  const swift = free.startsWith("heard");
  /** What may happen next, each as something to do to a copy of the world. */
  function moves(w: World): (() => void)[] {
    const can: (() => void)[] = [];
    const soon: (() => void)[] = [];
    w.wires.forEach((queue, i) => {
      const [next] = queue;
      if (next) (atOnce(next) ? soon : can).push(() => hear(world.wires[i]!.shift()!));
    });
    w.untold.forEach((queue, id) => {
      if (queue.length) can.push(() => act(id, { type: "done", seq: world.untold[id]!.shift()! }));
    });
    w.ready.forEach((ready, id) => {
      if (!ready) return;
      (inTurn(id) ? soon : can).push(() => {
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
    if (free !== "all" && soon.length) return soon.slice(0, 1);
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
      holds(state.missing === countMissing(spec, state), `${spec.name} has miscounted`);
      for (const [i, { slots, edges: list }] of spec.outs.entries()) {
        for (const held of state.held[i]!) holds(0 <= held && held <= list.length, `${spec.name} has ${held} holders`);
        // Slots are conserved: what a consumer has not used, and what is on its way, is what the producer counts as held.
        for (const edge of list) {
          if (edge.to === user.id) continue;
          const there = w.actors[edge.to]!.arrived[edge.in]!.length;
          const onTheWay = w.wires[2 * edge.id]!.filter((m) => m.type === "req").length;
          holds(there + onTheWay <= slots, `${spec.name} has more versions out than slots`);
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
  const start = JSON.stringify(first);
  const digest = (text: string) => createHash("sha1").update(text).digest("base64");
  const seen = new Set([digest(start)]);
  const todo = [start];
  const ends: World[] = [];
  for (let text = todo.pop(); text; text = todo.pop()) {
    const w = JSON.parse(text) as World;
    check(w);
    const can = moves(w);
    if (can.length === 0) ends.push(w);
    for (const move of can) {
      world = JSON.parse(text) as World;
      move();
      // In which order several consumers freed a slot makes no difference.
      for (const { freed } of world.actors) for (const acks of freed.flat()) acks.sort((a, b) => a.edge - b.edge);
      const next = JSON.stringify(world);
      const name = digest(next);
      if (seen.has(name)) continue;
      seen.add(name);
      todo.push(next);
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
const long = Boolean(process.env.LONG);
const base = { actor: 0, edge: 0, register: 0 };

test.each<[what: string, circuit: Circuit, steps: number, free: Free]>([
  ["a chain, one slot", chain(1), 3, "all"],
  ["a chain, two slots", chain(2), 3, "heard"],
  ["a state with one slot", loop, 3, "all"],
  ["a group edge between two ranks", group, 1, "heard"],
  ["a change in place, one slot", inPlace(1, 1), 2, "heard"],
  ["a change in place, two slots", inPlace(1, 2), 2, "heard"],
  ["a change in place on two ranks, as they hear of each other", inPlace(2, 1), long ? 2 : 1, "heard of each other"],
  ["a change in place on two ranks, as they work", inPlace(2, 1), 2, "work"],
  ["a change in place on two ranks, two slots, as they work", inPlace(2, 2), long ? 3 : 2, "work"],
])(
  "%s: every order of events ends in the same place, with every slot free",
  { timeout: 300_000 },
  (_, circuit, steps, free) => {
    const net = expand(circuit, base, { feeds: 1, results: 1 });
    const { worlds, ends } = explore(net, steps, free);

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

test("a change in place is found out where a reader waits for its own rank's change alone", () => {
  const circuit = inPlace(2, 1);
  const edges = circuit.edges.map((e): Edge => (e.register === 2 ? { ...e, span: "same" } : e));
  const net = expand({ ...circuit, edges }, base, { feeds: 1, results: 1 });
  expect(() => explore(net, 1, "work")).toThrow(/t3 @\d reads what is half changed/);
});

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
