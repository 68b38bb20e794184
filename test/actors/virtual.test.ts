/** @file The virtual clock: exact times of small nets, of plans, and of ranks that are simulated once for many. */
import { compile, graph, nn, OptionError, optim, P, placement, planBoxing, S } from "sluice";
import { describe, expect, test } from "vitest";
import type { Circuit } from "../../src/actors/control.ts";
import { timelineOf } from "../../src/actors/virtual/timeline.ts";
import { chain, edge, mesh, register, task } from "./circuit.ts";
import { tinyPlan } from "./fixture.ts";

const rows = (circuit: Circuit, steps: number, ticks: readonly number[], rank = 0) =>
  timelineOf(circuit, steps, (id) => ticks[id]!)
    .slices(rank)
    .map(({ task: id, step, start, end }) => `${id}.${step} ${start}-${end}`);

describe("slots", () => {
  test("one serialises who writes and who reads", () => {
    const one = chain(["compute", "comm"], 1);
    expect(rows(one, 3, [0, 10, 7])).toEqual([
      "2.0 10-17",
      "2.1 27-34",
      "2.2 44-51",
      "1.0 0-10",
      "1.1 17-27",
      "1.2 34-44",
    ]);
  });
  test("two let them overlap", () => {
    const two = chain(["compute", "comm"], 2);
    expect(rows(two, 3, [0, 10, 7])).toEqual([
      "2.0 10-17",
      "2.1 20-27",
      "2.2 30-37",
      "1.0 0-10",
      "1.1 10-20",
      "1.2 20-30",
    ]);
  });
  test("a slow reader holds the writer back by as many versions as there are slots", () => {
    expect(rows(chain(["compute", "comm"], 2), 5, [0, 1, 10]).filter((row) => row.startsWith("1"))).toEqual([
      "1.0 0-1",
      "1.1 1-2",
      "1.2 11-12",
      "1.3 21-22",
      "1.4 31-32",
    ]);
  });
});

test("the host's slots bound how far the ranks run ahead", () => {
  const circuit = chain(["compute"], 1);
  const registers = circuit.registers.map((r) => (r.id === 1 ? { ...r, slots: 1 } : r));
  expect(rows({ ...circuit, registers }, 3, [0, 5])).toEqual(["1.0 0-5", "1.1 5-10", "1.2 10-15"]);
});

test("a task waits for the slowest of its group", () => {
  const placement = mesh({ d: 2, m: 2 });
  const circuit: Circuit = {
    placements: [placement],
    tasks: [task(0, "host", "source"), task(1, "compute"), task(2, "comm"), task(3, "host", "sink")],
    registers: [register(0, 0, 2), register(1, 1, 2), register(2, 2, 2)],
    edges: [edge(0, 0, 1, "all"), edge(1, 1, 2, { axes: ["d"] }), edge(2, 2, 3, "all")],
    schedule: [
      { ranks: placement.ranks, stream: "compute", tasks: [1] },
      { ranks: placement.ranks, stream: "comm", tasks: [2] },
    ],
  };
  // Rank 3 is slow; 1 is in its group along d, 0 and 2 are not.
  const timeline = timelineOf(circuit, 1, (id, rank) => (id === 1 ? (rank === 3 ? 9 : 4) : 2));
  const reduced = [0, 1, 2, 3].map((rank) => timeline.slices(rank).find(({ stream }) => stream === "comm")!.start);
  expect(reduced).toEqual([4, 9, 4, 9]);
  expect(timeline.ranks).toEqual([0, 1, 3]);
});

describe("ranks that nothing tells apart", () => {
  const fast = tinyPlan(4);
  const slow = (id: number, rank: number) => 10 * id + (rank === 2 ? 5 : 0);
  const pairs = (): Circuit => {
    const ring = [0, 1, 2, 3].map((rank) => [rank, (rank + 1) % 4] as const);
    const edges = fast.edges.map((e) => (e.register === 1 ? { ...e, span: { pairs: ring } } : e));
    return { ...fast, edges };
  };
  const star = (): Circuit => {
    const points = [0, 1, 2, 3].map((rank) => [0, rank] as const);
    const edges = fast.edges.map((e) => (e.register === 1 ? { ...e, span: { pairs: points } } : e));
    return { ...fast, edges };
  };
  test.each([
    ["all alike", fast, (id: number) => 10 * id, 1],
    ["one that is slow, in a group with all", fast, slow, 2],
    ["a ring", pairs(), (id: number) => 10 * id, 1],
    ["a ring with one that is slow", pairs(), slow, 4],
    ["one that feeds all", star(), (id: number) => 10 * id, 2],
  ])("%s: the same times as each by itself", (_, circuit, duration, count) => {
    const classes = timelineOf(circuit, 5, duration);
    const each = timelineOf(circuit, 5, duration, { classes: false });
    expect([classes.ranks.length, each.ranks.length]).toEqual([count, 4]);
    for (const rank of [0, 1, 2, 3]) expect(classes.slices(rank)).toEqual(each.slices(rank));
    expect(classes.taken).toEqual(each.taken);
  });
});

describe("1,024 ranks and 100 tasks", () => {
  const tasks = 100;
  const wide = mesh({ d: 32, m: 32 });
  const talks = (id: number) => id % 2 === 0;
  const axis = (id: number) => (id % 4 === 0 ? "d" : "m");
  const circuit: Circuit = {
    placements: [wide],
    tasks: [
      task(0, "host", "source"),
      ...Array.from({ length: tasks }, (_, i) => task(i + 1, talks(i + 1) ? "comm" : "compute")),
      task(tasks + 1, "host", "sink"),
    ],
    registers: Array.from({ length: tasks + 1 }, (_, id) => register(id, id, 2)),
    edges: Array.from({ length: tasks + 1 }, (_, id) =>
      edge(id, id, id + 1, id === 0 || id === tasks ? "all" : talks(id + 1) ? { axes: [axis(id + 1)] } : "same"),
    ),
    schedule: (["compute", "comm"] as const).map((stream) => ({
      ranks: wide.ranks,
      stream,
      tasks: Array.from({ length: tasks }, (_, i) => i + 1).filter((id) => talks(id) === (stream === "comm")),
    })),
  };
  const seconds = (run: () => void) => {
    const begin = performance.now();
    run();
    return (performance.now() - begin) / 1000;
  };
  test.each([
    ["all alike", () => 5, 1],
    ["one that is slow", (_: number, rank: number) => (rank === 77 ? 9 : 5), 4],
  ])("%s: simulated in less than 10 s, the same each time", { timeout: 60_000 }, (_, duration, classes) => {
    const once = () => {
      const { ranks, taken, slices } = timelineOf(circuit, 4, duration);
      expect(ranks).toHaveLength(classes);
      return JSON.stringify([taken, [0, 77, 1023].map((rank) => slices(rank))]);
    };
    let text = "";
    const taken = seconds(() => {
      text = once();
    });
    expect(taken).toBeLessThan(10);
    expect(once()).toBe(text);
  });
});

const grid = placement("cpu", { data: 2, model: 2 });
function mlp(slots = 2) {
  const net = nn.sequential(nn.linear(64, 128, { name: "fc1" }), nn.relu(), nn.linear(128, 16, { name: "fc2" }));
  const inputs = {
    x: grid.input([32, 64], "float32", { data: S(0) }),
    label: grid.input([32], "int32", { data: S(0) }),
  };
  const training = graph(grid, { name: "mlp", model: net, inputs }, ({ x, label }, on) => {
    const loss = nn.softmaxCrossEntropy(net(x), label).mean();
    on.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  return compile(training, {
    slots,
    dims: {},
    sharding: { "fc1.weight": { model: S(1) }, "fc2.weight": { model: S(0) } },
  });
}

describe("plan.simulate", () => {
  const plan = mlp();
  test("gives the same bytes each time, and from a plan that was a file", () => {
    const text = () => JSON.stringify([plan.simulate(), [...plan.simulate().spans()]]);
    expect(text()).toBe(text());
  });

  test("time is computing, exposed communication, and the bubble", () => {
    const { makespan, ranks, spans, steps } = plan.simulate({ steps: 6 });
    expect(ranks.map(({ rank }) => rank)).toEqual([0, 1, 2, 3]);
    for (const { compute, communication, exposed, idle, utilisation } of ranks) {
      expect(compute + exposed + idle).toBeCloseTo(makespan, 12);
      expect(exposed).toBeLessThanOrEqual(communication);
      expect(utilisation).toBeCloseTo(compute / makespan, 12);
      expect(idle).toBeGreaterThanOrEqual(0);
    }
    // So slow that the ticks of a run are more than a number can count one by one.
    for (const flops of [100, 11_000, 70_000])
      for (const steps of [1, 10]) {
        const slow = plan.simulate({ steps, devices: { flops, bandwidth: 1e12 } });
        for (const { compute, exposed, idle } of slow.ranks) {
          for (const part of [compute, exposed, idle]) expect(part).toBeGreaterThanOrEqual(0);
          expect((compute + exposed + idle) / slow.makespan).toBeCloseTo(1, 14);
        }
      }
    const all = [...spans()];
    const tasks = plan.data.tasks.filter(({ stream }) => stream !== "host").length;
    expect(all).toHaveLength(4 * tasks * steps);
    expect(Math.max(...all.map(({ end }) => end))).toBe(makespan);
  });

  test("a collective takes what planBoxing says", () => {
    const request = { shape: [64, 48], dtype: "float32" } as const;
    const from = { placement: grid, layout: { data: P() } } as const;
    const to = { placement: grid, layout: {} } as const;
    const inputs = { x: grid.input([64, 48], "float32", { data: P() }) };
    const only = compile(graph(grid, { name: "one", inputs }, ({ x }) => ({ y: x.to(grid, {}).mul(2) })));
    const { ranks } = only.simulate({ steps: 4 });
    const { time, bytes } = planBoxing({ ...request, from, to });
    expect(ranks[0]!.communication / 4).toBeCloseTo(time, 11);
    expect(only.simulate().traffic).toMatchObject({ axes: { data: bytes }, links: { local: bytes } });
  });

  test("slower links, devices and ranks show where they should", () => {
    const base = plan.simulate();
    const remote = plan.simulate({
      links: { remote: { alpha: 1e-3, beta: 1e-9 }, host: (rank) => rank >> 1 },
    });
    expect(remote.traffic.links).toEqual({ local: remote.traffic.axes.model, remote: remote.traffic.axes.data });
    expect(remote.ranks[0]!.communication).toBeGreaterThan(base.ranks[0]!.communication + 1e-3);
    expect(remote.ranks[0]!.compute).toBe(base.ranks[0]!.compute);
    const named = plan.simulate({ links: { axes: { model: { alpha: 0, beta: 0 } } } });
    expect(named.traffic.links).toEqual({ local: named.traffic.axes.data, model: named.traffic.axes.model });
    const half = plan.simulate({ devices: { flops: 2.5e10, bandwidth: 5e9 } });
    expect(half.ranks[0]!.compute / base.ranks[0]!.compute).toBeCloseTo(2, 6);
    const straggler = plan.simulate({ devices: (rank) => ({ flops: 5e10, bandwidth: rank === 3 ? 1e9 : 1e10 }) });
    expect(straggler.stepTime).toBeGreaterThan(2 * base.stepTime);
    expect(straggler.ranks[0]!.utilisation).toBeLessThan(straggler.ranks[3]!.utilisation);
  });

  test("bytes in use stay below what the plan lays out, and end where they began but for the last results", () => {
    const { memory, live, makespan } = plan.simulate();
    for (const { rank, bytes, live: peak } of memory) {
      expect(peak).toBeLessThanOrEqual(bytes);
      expect(bytes).toBe(plan.memory.find((one) => one.rank === rank)!.bytes);
      const levels = live(rank);
      expect(Math.max(...levels.map((level) => level.bytes))).toBe(peak);
      const states = plan.data.buffers.filter(({ role }) => role === "state").reduce((sum, b) => sum + b.bytes, 0);
      expect(levels.at(-1)!.bytes).toBe(states);
      expect(levels.at(-1)!.time).toBeLessThanOrEqual(makespan);
    }
  });

  test("tensors of one task that lie in the same place one after the other are not counted twice", () => {
    const inputs = { x: grid.input([64, 48], "float32", {}) };
    const deep = graph(grid, { name: "deep", inputs }, ({ x }) => {
      let y = x;
      for (let k = 0; k < 12; k++) y = y.matmul(y.transpose()).matmul(y);
      return { y };
    });
    for (const { bytes, live } of compile(deep).simulate().memory) {
      expect(live).toBeGreaterThan(0);
      expect(live).toBeLessThanOrEqual(bytes);
    }
  });

  test("one slot is never faster than two, and takes less memory", () => {
    const one = mlp(1).simulate();
    const two = plan.simulate();
    expect(one.stepTime).toBeGreaterThanOrEqual(two.stepTime);
    expect(one.memory[0]!.bytes).toBeLessThan(two.memory[0]!.bytes);
  });

  test("options that cannot be are refused", () => {
    const refused = (options: object, message: RegExp) => {
      expect(() => plan.simulate(options)).toThrow(OptionError);
      expect(() => plan.simulate(options)).toThrow(message);
    };
    refused({ stepss: 3 }, /no option "stepss".*did you mean "steps".*SL1074/s);
    refused({ steps: 0 }, /option steps: it is 0.*SL1075/s);
    refused({ links: { near: { alpha: 0, beta: 0 } } }, /no option "near".*SL1074/s);
    refused({ links: { local: { alpha: 1e-6 } } }, /local\.beta: it is undefined.*SL1075/s);
    refused({ links: null }, /option links: options are an object, got null.*SL1074/s);
    refused({ devices: { flops: 0, bandwidth: 1 } }, /flops of rank 0: it is 0.*a number ≥ 1.*SL1075/s);
    refused({ devices: { flops: 1e-300, bandwidth: 1 } }, /flops of rank 0: it is 1e-300.*SL1075/s);
    refused({ devices: { flops: 1, bandwith: 1 } }, /devices of rank 0: there is no option "bandwith".*SL1074/s);
    refused({ devices: () => undefined }, /devices of rank 0: options are an object, got undefined.*SL1074/s);
  });
});
