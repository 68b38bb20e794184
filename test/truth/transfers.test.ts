/** @file Tensors that go from one placement to another on the runtime: random pairs, stages that train, global tensors. */
import fc from "fast-check";
import {
  array,
  compile,
  type GlobalTensor,
  globalTensor,
  graph,
  launch,
  layout,
  nn,
  optim,
  P,
  type Placement,
  placement,
  S,
} from "sluice";
import { describe, expect, test } from "vitest";
import { startSession } from "../../src/actors/session.ts";
import { type DType, dtypes } from "../../src/ir/dtype.ts";
import { fromElements } from "../../src/ir/element.ts";
import { planBoxing } from "../../src/sbp/boxing.ts";
import { trafficOf } from "../../src/sbp/traffic.ts";
import { assemble } from "../sbp/support/arrays.ts";
import { anyPair, generator, type Pair, product } from "../sbp/support/meshes.ts";
import { feedsOf, type Move, planOf } from "../sbp/support/moves.ts";
import { batches, sizes } from "./mlp.ts";

const numbers: readonly DType[] = ["float32", "float64", "int32", "int64"];
const isPartial = ({ from, to }: Pair) => [...from.layout, ...to.layout].some(([, { kind }]) => kind === "P");

/** Runs all pairs as one graph, and compares values, shards and bytes. */
async function moveAll(pairs: readonly Pair[], random: () => number): Promise<void> {
  const moves = pairs.map((pair, i): Move => {
    const types = isPartial(pair) ? numbers : dtypes;
    const dtype = types[i % types.length]!;
    const most = dtype === "bool" ? 2 : 100;
    const value = Array.from({ length: product(pair.shape) }, () => Math.floor(random() * most));
    return { ...pair, name: `x${i}`, dtype, value };
  });
  await using session = await startSession(planOf(moves), { threads: 2 });
  for await (const { shards } of session.run([feedsOf(moves, random)], { inShards: true }))
    for (const { name, shape, dtype, to, value } of moves) {
      const { placement: on, layout } = to;
      const local = on.ranks.map((rank) => [...fromElements(dtype, shards![name]!.shards.get(rank)!)]);
      expect(assemble({ shape, on, layout, shards: local }), `${name}: ${dtype}[${shape}]`).toEqual(value);
    }
  const left = new Map<string, number>();
  const add = (place: string, bytes: number) => left.set(place, (left.get(place) ?? 0) + bytes);
  for (const move of moves) {
    const plan = planBoxing(move);
    for (const [i, rank] of plan.ranks.entries()) add(`to ${rank}`, plan.received[i]!);
    for (const step of plan.steps)
      for (const { from, to, bytes } of trafficOf(step, move)) add(`${from} to ${to}`, bytes);
  }
  for (const { ranks, received, links } of session.traffic()) {
    for (const [i, rank] of ranks.entries()) add(`to ${rank}`, -received[i]!);
    for (const { from, to, bytes } of links) add(`${from} to ${to}`, -bytes);
  }
  expect([...left].filter(([, bytes]) => bytes !== 0)).toEqual([]);
}

describe("random pairs on the runtime", () => {
  const [runs, together] = [process.env.LONG ? 5_000 : 150, 30];
  const seed = Number(process.env.SEED ?? 1);
  test(
    `${runs}: values, shards and bytes of every rank and link`,
    async () => {
      const pairs = fc.sample(anyPair, { seed, numRuns: runs });
      const random = generator(seed);
      for (let i = 0; i < pairs.length; i += together) await moveAll(pairs.slice(i, i + together), random);
      console.info(`seed ${seed}, ${runs} random pairs run`);
    },
    runs * 100 + 20_000,
  );
});

describe("a model on two placements trains to the single-device losses", () => {
  const steps = 40;
  const on = (axes: Readonly<Record<string, number>>, ranks: readonly number[]) => placement("cpu", axes, { ranks });

  /** Both weights of the second layer are met on two placements: one is moved to where the other is needed. */
  async function train(front: Placement, back: Placement) {
    const [fc1, fc2] = [
      nn.linear(sizes.inputs, sizes.hidden, { name: "fc1" }),
      nn.linear(sizes.hidden, sizes.classes, { name: "fc2" }),
    ];
    const training = graph(
      [front, back],
      {
        name: "stages",
        model: nn.sequential(fc1, fc2),
        inputs: {
          image: front.input([sizes.batch, sizes.inputs], "float32"),
          label: back.input([sizes.batch], "int32"),
        },
      },
      ({ image, label }, g) => {
        const hidden = fc1(image).relu();
        const early = fc2(hidden); // a skip connection, with the weights of the other placement
        const logits = fc2(hidden.to(back)).add(early.to(back).mul(0.5));
        const loss = nn.softmaxCrossEntropy(logits, label).mean();
        g.minimize(loss, optim.adamW({ lr: 1e-2 }));
        return { loss, early };
      },
    );
    const split = (mesh: Placement) => Object.fromEntries(Object.keys(mesh.axes).map((axis) => [axis, S(0)]));
    const plan = compile(training, { dims: {}, sharding: { "fc1.weight": split(front) as never } });
    await using session = await launch(plan);
    const losses: number[] = [];
    for await (const { loss } of session.run(batches(steps))) losses.push(loss);
    return { losses, plan, counted: session.traffic() };
  }

  const single = train(on({ data: 1 }, [0]), on({ data: 1 }, [0]));
  test.each([
    ["disjoint", on({ data: 2 }, [0, 1]), on({ data: 2 }, [2, 3]), true],
    ["partly overlapping, of other sizes", on({ data: 2 }, [0, 1]), on({ model: 3 }, [1, 2, 3]), true],
    ["two meshes of the same ranks", on({ data: 4 }, [0, 1, 2, 3]), on({ data: 2, model: 2 }, [3, 2, 1, 0]), false],
    ["many and one", on({ data: 2, model: 2 }, [0, 1, 2, 3]), on({ last: 1 }, [4]), true],
  ])("%s", async (_, front, back, moves) => {
    const expected = (await single).losses;
    expect(expected.at(-1)).toBeLessThan(expected[0]! / 2);
    const { losses, plan, counted } = await train(front, back);
    for (const [step, loss] of losses.entries())
      expect(Math.abs(loss - expected[step]!)).toBeLessThanOrEqual(1e-5 * Math.max(Math.abs(expected[step]!), 0.1));
    expect(plan.communication.some(({ kind }) => kind === "p2p")).toBe(moves);
    for (const [i, { name, received }] of plan.communication.entries())
      expect(counted[i]!.received, name).toEqual(received.map((bytes) => bytes * steps));
  });
});

describe("a global tensor", () => {
  const line = placement("cpu", { data: 3 });
  const square = placement("cpu", { row: 2, column: 2 }, { ranks: [5, 4, 1, 0] });
  const value = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const shards = (tensor: GlobalTensor) =>
    tensor.placement.ranks.map((rank) => [...tensor.local(rank).data].map(Number));

  test("lies as its layout says", () => {
    const x = globalTensor(value, [5, 2], line, { data: S(0) });
    expect(shards(x)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ]);
    expect(x.local(2)).toEqual(array([1, 2], "float32", Float32Array.of(9, 10)));
    expect(x.toArray()).toEqual(array([5, 2], "float32", Float32Array.from(value)));
  });

  test("moves to another placement and layout, and back", async () => {
    const x = globalTensor(value, [5, 2], line, { data: S(0) });
    const moved = await x.to(
      square,
      layout(square, [
        ["column", S(0)],
        ["row", S(1)],
      ]),
    );
    expect(shards(moved)).toEqual([
      [1, 3, 5],
      [7, 9],
      [2, 4, 6],
      [8, 10],
    ]);
    expect(moved.toArray().data).toEqual(Float32Array.from(value));
    expect(shards(await moved.to(line, { data: S(0) }))).toEqual(shards(x));
    expect((await x.to(square)).toArray().data).toEqual(Float32Array.from(value));
  });

  test("moves in milliseconds once one has moved, in turn where several are asked for at once", async () => {
    const mesh = placement("cpu", { d: 2 });
    const x = globalTensor([1, 2, 3, 4], [2, 2], mesh, { d: S(0) });
    await x.to(mesh, { d: S(1) });
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      const start = performance.now();
      expect((await x.to(mesh, { d: S(1) })).local(1).data).toEqual(Float32Array.of(2, 4));
      times.push(performance.now() - start);
    }
    expect(times.sort((a, b) => a - b)[4]).toBeLessThan(200); // a session takes longer to start
    const both = await Promise.all([x.to(mesh, { d: S(1) }), x.to(placement("cpu", { e: 3 }), { e: S(0) })]);
    expect(both.map((y) => [...y.toArray().data])).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
  });

  test("may be what each rank says, and is reduced", async () => {
    const x = globalTensor((rank) => [rank, 10], [2], line, { data: P() });
    expect(x.toArray().data).toEqual(Float32Array.of(3, 30));
    expect(shards(await x.to(square, {}))).toEqual([0, 1, 2, 3].map(() => [3, 30]));
    expect((await x.to(square)).toArray().data).toEqual(Float32Array.of(3, 30));
    expect(shards(await x.to(line, {}))).toEqual([
      [3, 30],
      [3, 30],
      [3, 30],
    ]);
    const most = globalTensor((rank) => BigInt64Array.of(BigInt(rank)), [1], line, { data: P("max") });
    expect((await most.to(square, {})).local(5).data).toEqual(BigInt64Array.of(2n));
  });

  test("can be fed, in its own layout or another", async () => {
    const doubling = graph(
      line,
      { name: "twice", inputs: { x: line.input([5, 2], "float32", { data: S(0) }) } },
      ({ x }) => ({
        y: x.mul(2),
      }),
    );
    await using session = await launch(compile(doubling));
    const tensors = [
      globalTensor(value, [5, 2], line, { data: S(0) }),
      globalTensor(value, [5, 2], line, { data: S(1) }),
    ];
    for await (const { y } of session.run(tensors.map((x) => ({ x }))))
      expect(y.data).toEqual(Float32Array.from(value, (v) => 2 * v));
  });

  test("that does not fit is refused, with the rank and the numbers", () => {
    expect(() => globalTensor([1, 2, 3], [2, 2], line)).toThrow(/4 elements, the data 3/);
    expect(() => globalTensor((rank) => (rank ? [1, 2] : [1, 2, 3, 4]), [5, 2], line, { data: S(0) })).toThrow(
      /rank 1: it holds \[2,2\], 4 elements, and was given 2[\s\S]*transfers\.test\.ts/,
    );
    expect(() => globalTensor([true] as never, [1], line, {}, "bool")).not.toThrow();
    expect(() => globalTensor(value, [5, 2], line, { row: S(0) } as never)).toThrow(/no axis "row"/);
    expect(() => globalTensor(value, [5, 2], line).local(7)).toThrow(/rank 7 is not part of/);
  });
});

describe("a module met on two placements", () => {
  const [front, back] = [placement("cpu", { data: 2 }), placement("cpu", { data: 2 }, { ranks: [2, 3] })];
  const norm = nn.batchNorm(6, { name: "bn" });
  const twice = (trains: boolean) =>
    graph([front, back], { name: "twice", model: norm, inputs: { x: front.input([8, 6], "float32") } }, ({ x }, g) => {
      const y = norm(norm(x).to(back));
      if (trains) g.minimize(y.square().mean(), optim.sgd({ lr: 0.1 }));
      return { y };
    });

  test("has one set of statistics, which one call alone may move", () => {
    expect(() => twice(true)).toThrow(/state "bn\.mean"[\s\S]*SL1033/);
    const names = compile(twice(false)).data.states.map(({ name }) => name);
    expect(names.sort()).toEqual(["bn.bias", "bn.mean", "bn.variance", "bn.weight"]);
  });

  test("is an implicit boxing, which explicit mode refuses with the line", () => {
    const fc = nn.linear(6, 6, { name: "fc" });
    const shared = graph(
      [front, back],
      { name: "shared", inputs: { x: front.input([8, 6], "float32", {}) } },
      ({ x }) => ({
        y: fc(fc(x).to(back, {})),
      }),
    );
    expect(() => compile(shared, { dims: {}, boxing: "explicit" })).toThrow(
      /state "fc\.\w+": it lives on cpu \{data: 2\} on ranks 0,1 and is used on[\s\S]*transfers\.test\.ts[\s\S]*SL3042/,
    );
  });
});
