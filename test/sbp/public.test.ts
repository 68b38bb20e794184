/** @file `planBoxing` as users call it. */
import { globalTensor, layout, P, placement, planBoxing, S } from "sluice";
import { describe, expect, test } from "vitest";

const mesh = placement("cpu", { data: 2, model: 2 });
const type = { shape: [4, 4], dtype: "float32" } as const;

describe("planBoxing", () => {
  test("gives steps, bytes and a line of text", () => {
    const from = { placement: mesh, layout: { data: S(0), model: P() } };
    const plan = planBoxing({ ...type, from, to: { placement: mesh, layout: { data: S(0) } } });
    expect(plan.text).toBe("S(0),P(sum) → S(0),B");
    expect(plan.bytes).toBe(128);
    expect(plan.ranks).toEqual([0, 1, 2, 3]);
    expect(plan.received).toEqual([32, 32, 32, 32]);
    expect(plan.steps).toMatchObject([{ kind: "all-reduce", axis: "model", from: { data: "S(0)", model: "P(sum)" } }]);
  });

  test("reaches other ranks and minds the order of axes", () => {
    const away = placement("cpu", { stage: 2 }, { ranks: [7, 8] });
    const from = { placement: mesh, layout: layout(mesh, [["model", S(0)], ["data", S(0)]]) }; // biome-ignore format: a layout
    const plan = planBoxing({ ...type, from, to: { placement: away, layout: { stage: S(0) } } });
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["p2p"]);
    expect(plan.bytes).toBe(64);
    expect(plan.text).toMatch(/^cpu\[0-3\] .* → cpu\[7,8\] S\(0\)$/);
  });

  test("says who sends how much to whom", () => {
    const pair = placement("cpu", { data: 2 }, { ranks: [4, 5] });
    const to = { placement: pair, layout: {} };
    const { steps } = planBoxing({ ...type, from: { placement: pair, layout: { data: S(0) } }, to });
    expect(steps[0]!.links).toEqual([
      { from: 5, to: 4, bytes: 32 },
      { from: 4, to: 5, bytes: 32 },
    ]);
  });

  test("plans by the links that it is told of, or by bytes", () => {
    const away = placement("cpu", { stage: 2 }, { ranks: [6, 7] });
    const line = placement("cpu", { data: 4 });
    const request = {
      ...type,
      from: { placement: line, layout: { data: P() } },
      to: { placement: away, layout: {} },
    } as const;
    const [fast, slow] = [
      { alpha: 1e-6, beta: 1e-10 },
      { alpha: 1e-6, beta: 1e-6 },
    ];
    const host = (rank: number) => (rank < 4 ? 0 : 1);
    expect(planBoxing(request).text).toBe("cpu[0-3] P(sum) → cpu[6,7] B");
    const links = { local: fast, remote: slow, host };
    const across = planBoxing({ ...request, links });
    // Over the slow link as little as there can be: the sum is made first, half of it sent to each, and shared there.
    expect(across.steps.map(({ kind }) => kind)).toEqual(["reduce-scatter", "p2p", "all-gather"]);
    expect(planBoxing({ ...request, objective: "bytes" }).bytes).toBeLessThan(planBoxing(request).bytes);
    expect(() => planBoxing({ ...request, links: { remote: { alpha: -1, beta: 0 } } })).toThrow(
      /remote\.alpha: it is -1/,
    );
    expect(() => planBoxing({ ...request, links: { distant: fast } as never })).toThrow(
      /"distant"[\s\S]*choices: local/,
    );
  });

  test("remembers plans over links that say the same, written anew each time", () => {
    const request = {
      ...type,
      from: { placement: mesh, layout: { data: S(0) } },
      to: { placement: mesh, layout: {} },
    } as const;
    const links = (size: number) => ({
      host: (rank: number) => Math.floor(rank / size),
      remote: { alpha: 1e-4, beta: 1e-8 },
    });
    const plan = planBoxing({ ...request, links: links(2) });
    expect(planBoxing({ ...request, links: links(2) })).toBe(plan);
    expect(planBoxing({ ...request, links: links(4) }).time).not.toBe(plan.time);
  });

  test("nothing to do is no step", () => {
    const side = { placement: mesh, layout: { data: S(0) } };
    expect(planBoxing({ ...type, from: side, to: side })).toMatchObject({ steps: [], bytes: 0, text: "S(0),B" });
  });

  test("says what a global tensor's move transfers", async () => {
    const away = placement("cpu", { stage: 3 }, { ranks: [1, 2, 3] });
    const x = globalTensor((rank) => [rank, 1, 2, 3, 4, 5, 6, 7], [4, 4], mesh, { data: S(0), model: P() });
    const moved = await x.to(away, { stage: S(1) });
    expect([...moved.toArray().data]).toEqual([...x.toArray().data]);
  });

  test("refuses what cannot be, with the side and the line", () => {
    const from = { placement: mesh, layout: { data: "S(2)" } };
    const to = { placement: mesh, layout: {} };
    expect(() => planBoxing({ ...type, from: from as never, to })).toThrow(
      /planBoxing, from: S\(2\)[\s\S]*public\.test\.ts[\s\S]*choices: S\(0\), S\(1\)/,
    );
    expect(() =>
      planBoxing({ shape: [4, 4], dtype: "bool", from: to, to: { placement: mesh, layout: { data: P() } } }),
    ).toThrow(/P\(sum\)[\s\S]*bool/);
    expect(() => planBoxing({ ...type, from: { placement: {} as never, layout: {} }, to })).toThrow(/placement/);
  });

  const side = { placement: mesh, layout: {} };
  test.each<[string, unknown[], string, RegExp]>([
    ["nothing", [], "SL1074", /options are an object, got undefined[\s\S]*choices: shape, dtype, from, to/],
    ["null", [null], "SL1074", /got null/],
    ["a misspelt part", [{ ...type, form: side, to: side }], "SL1074", /"form"[\s\S]*did you mean "from"/],
    ["no source", [{ ...type, to: side }], "SL1074", /planBoxing, from: options are an object, got undefined/],
    ["an unknown part of a side", [{ ...type, from: { ...side, on: 3 }, to: side }], "SL1074", /from: .*"on"/],
    [
      "more bytes than can be counted",
      [{ ...type, shape: [2 ** 30, 2 ** 30, 2 ** 30], from: side, to: side }],
      "SL1001",
      /5\.0e\+27 bytes/,
    ],
    [
      "a link of an axis that is none",
      [{ ...type, from: side, to: side, links: { axes: { modle: { alpha: 0, beta: 0 } } } }],
      "SL1074",
      /"modle"[\s\S]*did you mean "model"/,
    ],
    ["links of axes that are none", [{ ...type, from: side, to: side, links: { axes: 3 } }], "SL1074", /axes: .*got 3/],
    [
      "a third figure of a link",
      [{ ...type, from: side, to: side, links: { local: { alpha: 0, beta: 0, gamma: 0 } } }],
      "SL1074",
      /links, local: .*"gamma"/,
    ],
    [
      "a link too slow for times to be counted",
      [{ ...type, from: side, to: side, links: { local: { alpha: 0, beta: 1e3 } } }],
      "SL1075",
      /local\.beta: it is 1000[\s\S]*from 0 to 0\.001/,
    ],
    [
      "a host that is no number",
      [{ ...type, from: side, to: side, links: { host: () => undefined } }],
      "SL1075",
      /host\(0\)/,
    ],
    ["no layout", [{ ...type, from: side, to: { placement: mesh } }], "SL1022", /a layout is an object, got undefined/],
    ["no shape", [{ dtype: "float32", from: side, to: side }], "SL1001", /planBoxing: the shape is undefined/],
    [
      "a name of a dim",
      [{ ...type, shape: ["batch", 4], from: side, to: side }],
      "SL1001",
      /^planBoxing.*dim 0 is the name "batch"/,
    ],
    ["a fraction", [{ ...type, shape: [1.5], from: side, to: side }], "SL1001", /^planBoxing.*1\.5 is not a dim/],
    ["a dtype", [{ ...type, dtype: "f32", from: side, to: side }], "SL1000", /unknown dtype "f32"/],
  ])("refuses %s", (_, args, code, text) => {
    const attempt = () => (planBoxing as (...args: readonly unknown[]) => unknown)(...args);
    expect(attempt).toThrow(text);
    expect(attempt).toThrow(code);
    expect(attempt).toThrow(/at test\/sbp\/public\.test\.ts:\d+/);
  });
});

describe("globalTensor", () => {
  test("holds 64-bit integers given as such", () => {
    expect(globalTensor([1n, -2n] as never, [2], mesh, {}, "int64").local(3).data).toEqual(BigInt64Array.of(1n, -2n));
  });

  test.each<[string, unknown[], string, RegExp]>([
    ["texts", [["a", "b"], [2], mesh, {}], "SL6005", /element 0 is "a", which is no float32/],
    ["what is too large", [[1, 1e12], [2], mesh, {}, "int32"], "SL6005", /element 1 is 1000000000000/],
    ["fractions", [[1.5, 2], [2], mesh, {}, "int64"], "SL6005", /element 0 is 1\.5, which is no int64/],
    ["a bool of 7", [Uint8Array.of(0, 7), [2], mesh, {}, "bool"], "SL6005", /element 1 is 7, which is no bool/],
    [
      "replicas that differ",
      [(rank: number) => [rank], [1], mesh, {}],
      "SL6006",
      /rank 1 was given other .* than rank 0/,
    ],
    [
      "data of several types",
      [(rank: number) => (rank ? Int32Array : Float32Array).of(1), [1], mesh, {}],
      "SL6002",
      /rank 1: the data is Int32Array, float32 takes Float32Array/,
    ],
  ])("refuses %s", (_, args, code, text) => {
    const attempt = () => (globalTensor as (...args: readonly unknown[]) => unknown)(...args);
    expect(attempt).toThrow(text);
    expect(attempt).toThrow(code);
    expect(attempt).toThrow(/at test\/sbp\/public\.test\.ts:\d+/);
  });
});
