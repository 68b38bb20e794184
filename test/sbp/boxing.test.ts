import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LayoutError } from "../../src/ir/errors.ts";
import { B, type Layout, P, S, type Sbp } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { regions } from "../../src/sbp/boxes.ts";
import { type BoxingPlan, flatSlice, planBoxing } from "../../src/sbp/boxing.ts";
import { layoutKey } from "../../src/sbp/canonical.ts";
import { hierarchical } from "../../src/sbp/link.ts";
import { assemble, execute, indices, scatter } from "./support/arrays.ts";
import { anyCase, generator, layoutOn, mesh, product, tuples } from "./support/meshes.ts";

const fast = { alpha: 1e-6, beta: 1e-10 };
/** Counts bytes and nothing else. */
const bytesOnly = hierarchical({
  host: () => 0,
  memory: { alpha: 0, beta: 0 },
  local: { alpha: 0, beta: 1e-9 },
  remote: { alpha: 0, beta: 1e-9 },
});
/** Two ranks a host, a slow network. */
const hosts = hierarchical({
  host: (rank) => rank >> 1,
  memory: fast,
  local: fast,
  remote: { alpha: 2e-5, beta: 1e-9 },
});

const boxing = (shape: readonly number[], on: PlacementData, from: Layout, to: Layout, model?: typeof hosts) =>
  planBoxing(
    {
      shape,
      dtype: "float32",
      from: { placement: on, layout: from },
      to: { placement: on, layout: to },
      transfers: false,
    },
    model,
  );

/** Plans and runs: the value kept after each step, the bytes counted equal to the bytes predicted, rank by rank. */
function check(
  shape: readonly number[],
  on: PlacementData,
  from: Layout,
  to: Layout,
  model?: typeof hosts,
): BoxingPlan {
  const plan = boxing(shape, on, from, to, model);
  const random = generator(7);
  const value = Array.from({ length: product(shape) }, () => Math.floor(random() * 200) - 100);
  let tensor = scatter(value, shape, on, from, random);
  const received = on.ranks.map(() => 0);
  for (const step of plan.steps) {
    const done = execute(step, tensor);
    expect(done.received, plan.text).toEqual(step.received);
    expect(assemble(done.tensor), plan.text).toEqual(value);
    for (const [m, n] of done.received.entries()) received[m]! += n;
    tensor = done.tensor;
  }
  expect(received).toEqual(plan.received);
  expect(received.reduce((a, b) => a + b, 0)).toBe(plan.bytes);
  expect(layoutKey(tensor.layout, on)).toBe(layoutKey(to, on));
  return plan;
}

const sbps = [S(0), S(1), B, P()];

describe("collectives within a placement", () => {
  test("one axis: every pair of layouts, even and uneven", () => {
    for (const shape of [
      [4, 4],
      [6, 8],
      [5, 7],
    ])
      for (const ranks of [2, 3, 4])
        for (const [from, to] of tuples([...sbps, P("max"), P("min")], 2)) {
          const on = mesh([ranks]);
          check(shape, on, layoutOn(on, [from!]), layoutOn(on, [to!]));
        }
  });

  test("two axes: all 256 pairs on (8,8,16)", () => {
    const on = mesh([2, 2]);
    for (const [from, to] of tuples(tuples(sbps, 2), 2)) check([8, 8, 16], on, layoutOn(on, from!), layoutOn(on, to!));
  });

  test("random pairs: up to three axes in any order, empty dims, zigzag, mixed monoids, two models", () => {
    fc.assert(
      fc.property(anyCase, fc.boolean(), ({ shape, on, from, to }, far) => {
        check(shape, on, from, to, far ? hosts : undefined);
      }),
      { numRuns: process.env.LONG ? 10_000 : 700, seed: 4 },
    );
  });

  test("one dim split by three axes, from every order to every other", () => {
    const on = mesh([2, 2, 2]);
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    const split = [S(0), S(0), S(0)];
    for (const n of [8, 17])
      for (const a of orders) for (const b of orders) check([n], on, layoutOn(on, split, a), layoutOn(on, split, b));
  });

  test("sizes by hand at either end", () => {
    const on = mesh([2, 2]);
    for (const sizes of [
      [1, 6],
      [7, 0],
      [0, 7],
    ]) {
      const byHand = layoutOn(on, [S(0, { sizes }), S(1)]);
      for (const other of [
        [S(0), S(0)],
        [B, P()],
        [P("max"), S(1)],
      ]) {
        check([7, 3], on, byHand, layoutOn(on, other));
        check([7, 3], on, layoutOn(on, other), byHand);
      }
    }
  });

  test("a counter that forgets a rank does not agree", () => {
    const on = mesh([4]);
    for (const [from, to] of [
      [S(0), B],
      [S(0), S(1)],
      [P(), S(0)],
      [P(), B],
    ] as const) {
      const [step] = boxing([64, 64], on, layoutOn(on, [from]), layoutOn(on, [to])).steps;
      const tensor = scatter(new Array(64 * 64).fill(1), [64, 64], on, layoutOn(on, [from]), generator(1));
      for (const blind of on.ranks) expect(execute(step!, tensor, { blind }).received).not.toEqual(step!.received);
    }
  });
});

describe("bytes", () => {
  /** Totals over p ranks for a tensor of T bytes that all splits divide evenly: OneFlow (arXiv 2110.15032), table 2. */
  const table: readonly (readonly [Sbp, Sbp, (p: number, T: number) => number])[] = [
    [S(0), S(0), () => 0],
    [S(0), S(1), (p, T) => ((p - 1) / p) * T],
    [S(0), B, (p, T) => (p - 1) * T],
    [S(0), P(), () => 0],
    [B, S(0), () => 0],
    [B, B, () => 0],
    [B, P(), () => 0],
    [P(), S(0), (p, T) => (p - 1) * T],
    [P(), B, (p, T) => 2 * (p - 1) * T],
    [P(), P(), () => 0],
  ];

  test.each([2, 4])("closed forms on %i ranks", (p) => {
    const on = mesh([p]);
    for (const [from, to, volume] of table)
      expect(boxing([16, 16], on, layoutOn(on, [from]), layoutOn(on, [to])).bytes).toBe(volume(p, 16 * 16 * 4));
  });

  test("no fewer than what each rank misses, counted element by element", () => {
    fc.assert(
      fc.property(anyCase, ({ shape, on, from, to }) => {
        const whole = (layout: Layout) => layout.every(([, sbp]) => sbp.kind !== "P");
        fc.pre(whole(from) && whole(to));
        const own = regions(from, shape, on).map((r) => new Set(indices(r, shape)));
        const missing = regions(to, shape, on).map((r, m) => indices(r, shape).filter((g) => !own[m]!.has(g)).length);
        for (const [m, n] of boxing(shape, on, from, to, bytesOnly).received.entries())
          expect(n).toBeGreaterThanOrEqual(4 * missing[m]!);
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  test("flat slices cover a block once, on lines of 64 bytes", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 9 }), (count, parts) => {
        const slices = Array.from({ length: parts }, (_, i) => flatSlice(count, parts, i));
        expect(slices[0]![0]).toBe(0);
        expect(slices.at(-1)![1]).toBe(count);
        slices.slice(1).forEach(([lo], i) => {
          expect(lo).toBe(slices[i]![1]);
          expect(lo % 16 === 0 || lo === count).toBe(true);
        });
        const sizes = slices.map(([lo, hi]) => hi - lo);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(31);
      }),
      { seed: 6 },
    );
  });
});

describe("the cheapest path", () => {
  test("a detour never pays: cost obeys the triangle inequality", () => {
    const on = mesh([2, 2]);
    const layouts = tuples([...sbps, P("max")], 2).flatMap((pair) => [layoutOn(on, pair), layoutOn(on, pair, [1, 0])]);
    const any = fc.constantFrom(...layouts);
    fc.assert(
      fc.property(any, any, any, fc.boolean(), (a, b, c, far) => {
        const time = (x: Layout, y: Layout) => boxing([64, 49], on, x, y, far ? hosts : undefined).time;
        expect(time(a, c)).toBeLessThanOrEqual((time(a, b) + time(b, c)) * (1 + 1e-12));
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  test("slices before it gathers over a slow axis", () => {
    const on = mesh([2, 2]);
    const plan = boxing([256, 256], on, layoutOn(on, [S(0), B]), layoutOn(on, [B, S(1)]), hosts);
    expect(plan.text).toBe("S(0),B → S(0),S(1) → B,S(1)");
    expect(plan.steps.map(({ kind, axis }) => `${kind} ${axis}`)).toEqual(["slice b", "all-gather a"]);
  });

  test("reduces over both axes piece by piece", () => {
    const on = mesh([2, 2]);
    const plan = boxing([256, 256], on, layoutOn(on, [P(), P()]), [], hosts);
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["reduce-scatter", "all-reduce", "all-gather"]);
    expect(plan.steps[1]!.axis).toBe("a"); // the slow axis carries the half that is left
  });

  test("an axis within hosts is faster than one across", () => {
    const on = mesh([2, 2]);
    const gather = (sbp: readonly Sbp[]) => boxing([64, 64], on, layoutOn(on, sbp), [], hosts).time;
    expect(gather([B, S(0)])).toBeLessThan(gather([S(0), B]));
  });

  test("nothing to do is no steps; the order of axes of size 1 is nothing", () => {
    const on = mesh([2, 1]);
    const plan = boxing([4], on, layoutOn(on, [S(0), S(0)]), layoutOn(on, [S(0), P()], [1, 0]));
    expect(plan).toEqual({ steps: [], bytes: 0, ranks: [0, 1], received: [0, 0], time: 0, text: "S(0),B" });
  });

  test("the same plan whatever was planned before", () => {
    const on = mesh([2, 2, 2]);
    const layouts = tuples([S(0), S(1), B, P()], 3).map((each) => layoutOn(on, each));
    const pairs = layouts.map((from, i) => [from, layouts[(i * 37 + 11) % layouts.length]!] as const);
    const texts = (order: typeof pairs) => {
      const model = { ...hosts };
      return new Map(
        order.map(([from, to]) => [
          `${layoutKey(from, on)} > ${layoutKey(to, on)}`,
          boxing([32, 48], on, from, to, model).text,
        ]),
      );
    };
    const forwards = texts(pairs);
    for (const [key, text] of texts(pairs.toReversed())) expect(text).toBe(forwards.get(key));
  });
});

describe("what can not be boxed", () => {
  const on = mesh([2]);

  test("a partial value of truth values", () => {
    const side = (layout: Layout) => ({ placement: on, layout });
    const attempt = () => planBoxing({ shape: [4], dtype: "bool", from: side([]), to: side([["a", P()]]) });
    expect(attempt).toThrow(LayoutError);
    expect(attempt).toThrow(/sum reduces numbers/);
  });

  test("layouts that do not fit, each with its numbers", () => {
    expect(() => boxing([4], on, [], [["a", S(1)]])).toThrow(/the tensor has 1 dims/);
    expect(() => boxing([4], on, [], [["a", S(0, { sizes: [2, 3] })]])).toThrow(/2\+3 make 5, the local extent is 4/);
    expect(() => boxing([4], on, [], [["a", P("mean")]])).toThrow(/no monoid named "mean"/);
    expect(() => boxing([4], on, [], [["z", B]])).toThrow(/no mesh axis named "z"/);
  });
});
