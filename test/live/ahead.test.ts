/** @file What firings wait for that threads were given before all was there: from flight records and the net of actors. */
import type { ActorFlight, Flight } from "sluice";
import { expect, test } from "vitest";
import type { Net, NetEdge } from "../../src/actors/net.ts";
import { waitsIn } from "../../src/view/live/ahead.ts";
import { noSamples, sampled, sharesOf } from "../../src/view/live/samples.ts";

type Wire = readonly [from: number, to: number, rest?: Partial<NetEdge>];

/** Actors by their names, with a register for each edge. */
function net(names: readonly string[], wires: readonly Wire[]): Pick<Net, "actors"> {
  const edges = wires.map(
    ([from, to, rest], id): NetEdge => ({
      ...{ id, from, to, register: id, out: 0, in: 0, slots: 2, delay: 0, host: false },
      ...rest,
    }),
  );
  return {
    actors: names.map((name, id) => ({
      ...{ id, name, kind: "compute", template: id, rank: 0, stream: "compute", order: id, ends: [] },
      ins: edges.filter(({ to }) => to === id),
      outs: edges
        .filter(({ from }) => from === id)
        .map((edge) => ({ id: edge.id, slots: edge.slots, buffers: [], edges: [edge] })),
    })),
  };
}

/** By actor, in the order of their ids: the firings that are launched and not over. */
function flight(
  actors: readonly (Partial<ActorFlight> & Pick<ActorFlight, "launched">)[],
  names: readonly string[],
  at?: { readonly actor: number; readonly waits: readonly string[] },
): Flight {
  const firing = (task: string) => ({ task, rank: 0, stream: "compute" as const, seq: 0 });
  return {
    t: 0,
    status: "running",
    threads: [
      {
        thread: 0,
        ranks: [0],
        queued: 1,
        ...(at && { at: firing(names[at.actor]!) }),
        waits: (at?.waits ?? []).map(firing),
      },
    ],
    plans: [],
    actors: actors.map((one, actor) => ({
      ...{ actor, task: names[actor]!, rank: 0, stream: "compute" as const, waits: [], events: [] },
      fired: (one.launched.at(-1) ?? 3) + 1,
      ...one,
    })),
  };
}

const abc = ["a @0", "b @0", "c @0"];
const chain: readonly Wire[] = [
  [0, 1],
  [1, 2],
];
const shown = (
  wires: readonly Wire[],
  actors: Parameters<typeof flight>[0],
  at?: Parameters<typeof flight>[2],
  planned = abc,
) =>
  sharesOf(
    sampled(noSamples, flight(actors, abc, at), (actor) => actor, undefined, undefined, waitsIn(net(planned, wires))),
  ).tasks.map(({ shares, now, awaited }) => [
    Object.entries(shares).find(([, share]) => share === 1)?.[0],
    now.map(([text]) => text).join(),
    awaited,
  ]);

test("what was launched waits for data of whoever has not ended the firing that it reads", () => {
  const all = shown(chain, [{ launched: [4] }, { launched: [4] }, { launched: [4] }], { actor: 0, waits: [] });
  expect(all).toEqual([
    ["works", "works", 1],
    ["data", "a", 0],
    ["data", "b", 0],
  ]);
});

test("only what has all that it needs is in the queue of its thread", () => {
  const all = shown(chain, [{ launched: [5] }, { launched: [4, 5] }, { launched: [4] }]);
  expect(all).toEqual([
    ["queued", "in the queue of its thread", 0],
    ["queued", "in the queue of its thread", 1],
    ["data", "b", 0],
  ]);
});

test("over an edge with a delay it is an earlier firing that is waited for", () => {
  const wires: readonly Wire[] = [
    [0, 1, { delay: 1, slots: 3 }],
    [0, 2, { slots: 3 }],
  ];
  const all = shown(wires, [{ launched: [4] }, { launched: [4] }, { launched: [4] }]);
  expect(all.map(([is]) => is)).toEqual(["queued", "queued", "data"]);
  const later = shown(wires, [{ launched: [4, 5] }, { launched: [5] }, { launched: [5] }]);
  expect(later.map(([, now]) => now)).toEqual(["in the queue of its thread", "a", "a"]);
  // What is there from the start is nobody's firing.
  const first = shown(wires, [{ launched: [0] }, { launched: [0] }, { launched: [] }]);
  expect(first[1]![0]).toBe("queued");
});

test("what has its data and would fill a slot that is still read waits for the slot", () => {
  const all = shown(chain, [{ launched: [5] }, { launched: [3, 4] }, { launched: [] }]);
  expect(all[0]).toEqual(["slot", "b to let go of a slot", 0]);
  expect(all[1]).toEqual(["queued", "in the queue of its thread", 1]);
});

test("what a thread has in hand and cannot begin waits for data or for a slot, whatever the thread says", () => {
  const inHand = { actor: 0, waits: ["z @1"] };
  const slot = shown(chain, [{ launched: [5] }, { launched: [3] }, { launched: [] }], inHand);
  expect(slot[0]).toEqual(["slot", "b to let go of a slot", 0]);
  const unknown = shown(chain, [{ launched: [5] }, { launched: [] }, { launched: [] }], inHand);
  expect(unknown[0]).toEqual(["data", "z", 0]);
});

test("what comes from the host is there when it is said to be, and of other plans nothing is known", () => {
  const host = { launched: [], fired: 0 };
  expect(shown([[0, 1, { host: true }]], [host, { launched: [4] }])[1]![0]).toBe("queued");
  expect(shown([], [{ launched: [4] }, { launched: [4] }], undefined, ["a @0"])[1]![0]).toBe("queued");
});
