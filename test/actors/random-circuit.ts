/**
 * @file Random circuits, each a function of a seed: a few tasks on a few ranks, lanes in an order that the data allows,
 * spans of all kinds, registers of one to three slots, and edges from step to step of which not all can be.
 */
import type { Circuit } from "../../src/actors/control.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import type { Edge, Register, Span, Stream } from "../../src/ir/plan.ts";
import { edge, mesh, register, task } from "./circuit.ts";

export type Random = (below: number) => number;

/** Mulberry32: whole numbers from 0. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const meshes = [{ d: 1 }, { d: 2 }, { d: 3 }, { d: 4 }, { d: 2, m: 2 }];

export function randomCircuit(random: Random): Circuit {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  const whole = mesh(pick(meshes));
  const part = mesh({ d: 1 + random(whole.ranks.length) });
  const placements = [whole, part];
  const count = 2 + random(5);
  const streams = Array.from({ length: count }, (): Stream => pick(["compute", "comm"]));
  const work = streams.map((stream, i) => task(i + 1, stream, undefined, random(4) === 0 ? 1 : 0));
  const sink = count + 1;
  const order = shuffled(
    work.map(({ id }) => id),
    random,
  );
  const registers: Register[] = [];
  const edges: Edge[] = [];
  const registerOf = (owner: number): number => {
    const own = registers.filter((r) => r.owner === owner);
    if (own.length > 0 && random(3) > 0) return pick(own).id;
    registers.push(register(registers.length, owner, 1 + random(3)));
    return registers.length - 1;
  };
  const join = (from: number, to: number, delay: number) => {
    const [a, b] = [placements[work[from - 1]!.placement]!, placements[work[to - 1]!.placement]!];
    edges.push(edge(registerOf(from), from, to, spanOf(a, b, random), delay));
  };
  for (const [at, to] of order.entries()) {
    if (at > 0) for (let n = random(3); n > 0; n--) join(order[random(at)]!, to, random(4) === 0 ? 1 : 0);
    if (random(3) === 0) {
      registers.push(register(registers.length, 0, 1 + random(3)));
      edges.push(edge(registers.length - 1, 0, to, "all"));
    }
    if (random(3) === 0) edges.push(edge(registerOf(to), to, sink, "all"));
  }
  for (let n = random(3); n > 1; n--) join(pick(order), pick(order), 1 + random(3));
  const lanes = random(20) === 0 ? shuffled(order, random) : order;
  const schedule = placements.flatMap((_, p) =>
    (["compute", "comm"] as const).map((stream) => ({
      ranks: whole.ranks.filter((rank) => part.ranks.includes(rank) === (p === 1)),
      stream,
      tasks: lanes.filter((id) => work[id - 1]!.stream === stream && (p === 1 || work[id - 1]!.placement === 0)),
    })),
  );
  return {
    placements,
    tasks: [task(0, "host", "source"), ...work, task(sink, "host", "sink")],
    registers,
    edges,
    schedule: schedule.filter(({ ranks, tasks }) => ranks.length > 0 && tasks.length > 0),
  };
}

function spanOf(from: PlacementData, to: PlacementData, random: Random): Span {
  const axes = from.axes.map(({ name }) => name).filter(() => random(2) === 0);
  const kinds: readonly Span[] = [
    "all",
    { pairs: pairs(from, to, random) },
    ...(from === to ? (["same", { axes }] as const) : []),
  ];
  return kinds[random(kinds.length)]!;
}

/** Everyone hears from someone. */
const pairs = (from: PlacementData, to: PlacementData, random: Random) =>
  to.ranks.flatMap((rank) => {
    const peers = shuffled(from.ranks, random).slice(0, 1 + random(2));
    return peers.map((peer) => [peer, rank] as const);
  });

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const left = [...list];
  return list.map(() => left.splice(random(left.length), 1)[0]!);
}
