/** @file The plan explorer's document and page: what they say is what the plan, explain and the simulation say. */
import { createHash } from "node:crypto";
import { array, compile, graph, launch, nn, optim, Plan, placement, S, type SessionEvent } from "sluice";
import { describe, expect, it, test } from "vitest";
import { B, showSbp } from "../../src/ir/layout.ts";
import { region, size } from "../../src/sbp/boxes.ts";
import { explorerData } from "../../src/view/explorer/data.ts";
import { explorerPage } from "../../src/view/explorer/page.ts";
import type { Drawing, Explorer } from "../../src/view/explorer/types.ts";
import { render } from "../../src/view/render.ts";
import { piped as networkOf } from "../truth/network.ts";
import { gpt, mlp, renamed } from "./plans.ts";

const plan = mlp();
const data = await explorerData(plan);
const layers = gpt(6);
const large = await explorerData(layers);

const spansOf = (spans: readonly number[]) =>
  Array.from({ length: spans.length / 7 }, (_, i) => {
    const [task, step, start, took, why, cause, rank] = spans.slice(7 * i, 7 * i + 7) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return { task, step, start, end: start + took, why, cause, rank };
  });

describe.each([
  ["an MLP", plan, data],
  ["a GPT", layers, large],
])("the document of %s", (_, of, document) => {
  it("has every op, tensor, task and edge of the plan, and names only what there is", () => {
    expect(document.ops.map(({ name }) => name)).toEqual(of.graph.ops.map(({ name }) => name));
    expect(document.tensors.map(({ name }) => name)).toEqual(of.graph.values.map(({ name }) => name));
    expect(document.tasks.map(({ id }) => id).sort()).toEqual(of.tasks.map(({ id }) => id).sort());
    expect(document.registers).toHaveLength(of.edges.length);
    const within = (list: readonly unknown[], ids: readonly number[]) =>
      expect(ids.every((id) => list[id] !== undefined)).toBe(true);
    for (const op of document.ops) {
      within(document.tensors, [...op.ins, ...op.outs]);
      if (op.task >= 0) within(document.tasks, [op.task]);
    }
    for (const tensor of document.tensors) {
      within(document.ops, [tensor.from, ...tensor.to]);
      within(document.shards, [tensor.shards]);
    }
    for (const task of document.tasks) within(document.ops, task.ops);
    for (const { from, to } of document.registers) within(document.tasks, [from, to]);
  });

  it("draws every op once, in the graph or behind what it opens, inside the picture", () => {
    const drawings: Drawing[] = [document.logical, document.physical, ...Object.values(document.parts)];
    for (const { nodes, edges, frames, width, height } of drawings) {
      for (const { x, y, w, h, opens } of nodes) {
        expect(x - w / 2).toBeGreaterThanOrEqual(-1);
        expect(y - h / 2).toBeGreaterThanOrEqual(-1);
        expect(x + w / 2).toBeLessThanOrEqual(width + 1);
        expect(y + h / 2).toBeLessThanOrEqual(height + 1);
        if (opens !== undefined) expect(document.parts[opens]).toBeDefined();
      }
      for (const { from, to, path } of edges) {
        expect([nodes[from], nodes[to]]).not.toContain(undefined);
        expect(path.length % 6).toBe(2);
      }
      for (const { opens } of frames) if (opens !== undefined) expect(document.parts[opens]).toBeDefined();
    }
    const drawn = document.logical.nodes.flatMap(({ ops }) => ops);
    expect(new Set(drawn).size).toBe(drawn.length);
    for (const { opens, ops } of document.logical.nodes) {
      if (opens === undefined) continue;
      const inside = document.parts[opens]!.nodes.filter(({ outside }) => !outside).flatMap((node) => node.ops);
      expect(inside.sort()).toEqual([...ops].sort());
    }
    expect(document.physical.nodes.flatMap(({ tasks }) => tasks).sort()).toEqual([...document.tasks.keys()].sort());
  });

  it("shows the simulation: what runs when adds up to what each rank does, and memory to its peak", () => {
    const simulation = new Plan(of).simulate({ steps: 3 });
    const spans = new Map<string, [number, number]>();
    for (const { task, rank, step, start, end } of simulation.spans())
      spans.set(`${task} ${rank} ${step}`, [start, end]);
    for (const { ranks, lanes, memory, compute, exposed } of document.timeline.rows) {
      const use = simulation.ranks.find(({ rank }) => rank === ranks[0])!;
      expect(compute).toBeCloseTo(use.compute, 12);
      expect(exposed).toBeCloseTo(use.exposed, 12);
      const levels = memory.filter((_, i) => i % 2 === 1);
      expect(Math.max(...levels)).toBe(simulation.memory.find(({ rank }) => rank === ranks[0])!.live);
      for (const lane of lanes) {
        let free = 0;
        for (const { task, step, start, end } of spansOf(lane.spans)) {
          const [from, to] = spans.get(`${document.tasks[task]!.name} ${ranks[0]} ${step}`)!;
          expect(start).toBeCloseTo(1e9 * from, -0.4);
          expect(end).toBeCloseTo(1e9 * to, -0.5);
          expect(start).toBeGreaterThanOrEqual(free - 1);
          free = end;
        }
      }
    }
  });

  it("says of every wait who ended just then", () => {
    const ends = new Set<string>();
    for (const { ranks, lanes } of document.timeline.rows)
      for (const { task, end } of lanes.flatMap(({ spans }) => spansOf(spans)))
        for (const off of [-1, 0, 1]) ends.add(`${task} ${ranks[0]} ${end + off}`);
    let waits = 0;
    for (const { task, start, why, cause, rank } of document.timeline.rows
      .flatMap(({ lanes }) => lanes)
      .flatMap(({ spans }) => spansOf(spans))) {
      if (why === 0) continue;
      waits++;
      expect(ends, `${document.tasks[task]!.name} waits`).toContain(`${cause} ${rank} ${start}`);
    }
    expect(waits).toBeGreaterThan(0);
  });
});

test("costs, runners-up and why they lost are those of explain", () => {
  const lines = new Plan(plan).explain().split("\n");
  const matmul = data.ops.find(({ name }) => name === "fc1.matmul")!;
  const [rival] = matmul.choice!.rivals;
  expect(rival!.text).not.toBe("");
  expect(lines.find((line) => line.trim().startsWith("fc1.matmul ") && line.includes("µs"))).toContain(rival!.text);
  expect(matmul.choice!.rules.map(({ axis, ins, outs }) => [axis, ins.join(), outs.join()])).toEqual([
    ["data", "S(0),B", "S(0)"],
    ["model", "B,S(1)", "S(1)"],
  ]);
  expect(matmul.choice!.chosen).toMatch(/^best of \d+$/);
  expect(data.ops.find(({ name }) => name === "fc1.weight")!.choice!.chosen).toBe("set by user");
});

describe("with micro-batches", async () => {
  const [front, back] = [placement("cpu", { data: 2 }), placement("cpu", { data: 2 }, { ranks: [2, 3] })];
  const [l0, l1] = [nn.linear(8, 16, { name: "l0" }), nn.linear(16, 4, { name: "l1" })];
  const inputs = {
    x: front.input(["batch", 8], "float32", { data: S(0) }),
    label: back.input(["batch"], "int32", { data: S(0) }),
  };
  const training = graph([front, back], { name: "piped", model: nn.sequential(l0, l1), inputs }, ({ x, label }, g) => {
    const hidden = l0(x).relu();
    const loss = nn.softmaxCrossEntropy(l1(hidden.to(back, { data: S(0) })), label).mean();
    g.minimize(loss, optim.adamW({ lr: 0.1 }));
    return { loss };
  });
  const piped = compile(training, { dims: { batch: 32 }, microBatches: { batch: 4 }, schedule: "1f1b" }).data;
  const { ops } = await explorerData(piped);
  const choiceOf = (name: string) => ops.find((op) => op.name === name)!.choice;

  it("says of every part of an op why it works as it does, and of what takes all parts", () => {
    for (const name of ["l0.matmul", "l1.matmul", "l0.add.grad.bias", "l1.matmul.grad.weight", "mean"]) {
      const chosen = piped.choices.find(({ op }) => op === name)!;
      for (const k of [0, 1, 2, 3])
        expect(choiceOf(`${name}[${k}]`), `${name}[${k}]`).toMatchObject({ compute: chosen.compute, parts: 4 });
    }
    expect(choiceOf("x[3]")).toMatchObject({ parts: 4 });
    expect(choiceOf("l0.weight")).not.toHaveProperty("parts");
    const without = ops.filter(({ choice }) => !choice).map(({ kind }) => kind);
    expect(new Set(without)).toEqual(new Set(["boxing", "add"]));
  });

  it("says nothing of why of the sums over micro-batches", () => {
    for (const name of ["l0.add.grad.bias", "l1.matmul.grad.weight", "mean"]) {
      const op = ops.find((one) => one.name === name)!;
      expect([op.kind, op.choice]).toEqual(["add", undefined]);
    }
  });

  it.each([
    ["two stages", piped],
    ["mixed precision", networkOf({ stages: [0], microBatches: 4, data: 2, precision: "bfloat16" }).data],
  ])("says only rules by which the tensors lie: %s", async (_, of) => {
    const { ops } = await explorerData(of);
    const on = (id: number, axis: string) => showSbp(of.layouts[id]!.find(([name]) => name === axis)?.[1] ?? B);
    expect(ops.some(({ choice }) => choice?.parts === 4)).toBe(true);
    for (const { name, ins, outs, choice } of ops)
      for (const { axis, ...rule } of choice?.rules ?? [])
        expect([name, rule]).toEqual([
          name,
          { ins: ins.map((id) => on(id, axis)), outs: outs.map((id) => on(id, axis)) },
        ]);
  });
});

test("shards are what each rank holds", () => {
  for (const [id, tensor] of data.tensors.entries()) {
    const { regions, of } = data.shards[tensor.shards]!;
    const held = plan.placements[0]!.ranks.map((_, member) =>
      region(plan.layouts[id]!, tensor.shape, plan.placements[0]!, member),
    );
    expect(of.map((each) => regions[each])).toEqual(held);
    expect(tensor.bytes).toBe(4 * Math.max(...held.map(size)));
  }
});

test("alike ranks share a row; ranks of two stages do not, and one waits for the other", async () => {
  const [front, back] = [placement("cpu", { data: 2 }), placement("cpu", { data: 2 }, { ranks: [2, 3] })];
  const [fc1, fc2] = [nn.linear(64, 64, { name: "fc1" }), nn.linear(64, 4, { name: "fc2" })];
  const inputs = {
    x: front.input([32, 64], "float32", { data: S(0) }),
    label: back.input([32], "int32", { data: S(0) }),
  };
  const training = graph([front, back], { name: "stages", model: nn.sequential(fc1, fc2), inputs }, (on, g) => {
    const loss = nn
      .softmaxCrossEntropy(
        fc2(
          fc1(on.x)
            .relu()
            .to(back, { data: S(0) }),
        ),
        on.label,
      )
      .mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const { timeline, tasks } = await explorerData(compile(training).data);
  expect(timeline.rows.map(({ ranks }) => ranks)).toEqual([
    [0, 1],
    [2, 3],
  ]);
  const waits = timeline.rows[1]!.lanes.flatMap(({ spans }) => spansOf(spans)).filter(({ why }) => why === 1);
  expect(waits.some(({ cause }) => tasks[cause]!.name.startsWith("fc1") || tasks[cause]!.name.includes("relu"))).toBe(
    true,
  );
});

describe("a measured timeline", async () => {
  const events: SessionEvent[] = [];
  const user = new Plan(plan);
  await using session = await launch(user, { trace: true, engine: "wasm" });
  session.events$.subscribe((event) => events.push(event));
  const batch = {
    image: array([128, 784], "float32", new Float32Array(128 * 784).fill(0.5)),
    label: array([128], "int32", new Int32Array(128)),
  };
  for await (const _ of session.run([batch, batch, batch])) void _;
  const trace = session.trace();

  it("is when the tasks of each rank ran, the same from events and from the trace", async () => {
    const [told, read] = [await explorerData(plan, { trace: events }), await explorerData(plan, { trace })];
    expect(told.timeline.measured).toBe(true);
    expect(told.timeline.text).toBe("measured: steps 0–2");
    expect(told.timeline.rows.map(({ ranks }) => ranks)).toEqual([[0], [1], [2], [3]]);
    const onRanks = plan.tasks.filter(({ stream }) => stream !== "host").length;
    for (const [r, row] of told.timeline.rows.entries()) {
      const spans = row.lanes.flatMap((lane) => spansOf(lane.spans));
      expect(spans).toHaveLength(3 * onRanks);
      const other = read.timeline.rows[r]!.lanes.flatMap((lane) => spansOf(lane.spans));
      expect(other.map(({ task, step }) => [task, step])).toEqual(spans.map(({ task, step }) => [task, step]));
      for (const [i, { start, end }] of spans.entries()) {
        expect(Math.abs(other[i]!.start - start)).toBeLessThan(3);
        expect(Math.abs(other[i]!.end - end)).toBeLessThan(3);
      }
    }
    expect(told.facts.find(([label]) => label === "a step takes")![1]).toMatch(/s$/);
  });

  it("is refused where it is of another plan, or none", async () => {
    await expect(render(layers, "html", { trace })).rejects.toThrow(/no trace of this plan.*SL1075/s);
    await expect(render(layers, "html", { trace: events })).rejects.toThrow(/SL4013/);
    await expect(render(plan, "html", { trace: "{" })).rejects.toThrow(/SL1075/);
    await expect(render(plan, "html", { trace: [] })).rejects.toThrow(/no step.*trace: true.*SL1075/s);
    await expect(render(plan, "svg", { trace })).rejects.toThrow(/SL1074/);
  });
});

describe("the page", async () => {
  const page = await new Plan(plan).render("html");

  it("is the same bytes each time, from plans that are", async () => {
    expect(await render(JSON.parse(JSON.stringify(mlp())), "html")).toBe(page);
  });

  it("fetches nothing and runs nothing but its own script", () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    expect(policy).toContain("default-src 'none'");
    const [script] = [.../<script type="module">([\s\S]*?)<\/script>/.exec(page)!].slice(1);
    const [style] = [.../<style>([\s\S]*?)<\/style>/.exec(page)!].slice(1);
    const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(policy).toContain(`script-src ${hash(script!)}`);
    expect(policy).toContain(`style-src ${hash(style!)}`);
    expect(page.replace(/http:\/\/www\.w3\.org\/2000\/svg/g, "")).not.toMatch(/https?:|\bsrc=|@import|url\(/);
  });

  it("holds the document, whatever things are called", async () => {
    const bad = `</script><img src=x onerror=alert(1)>{{script}}`;
    const named = { ...renamed(), name: bad };
    const document = await explorerData(named);
    const html = await explorerPage(document);
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html).not.toContain("<img");
    const text = /<script type="application\/json" id="plan">([\s\S]*?)<\/script>/.exec(html)![1]!;
    expect(JSON.parse(text) as Explorer).toEqual(JSON.parse(JSON.stringify(document)));
  });
});
