/** @file A loader keeps its bound and its order, hears of errors and of who leaves, and feeds a session. */
import { lastValueFrom, take, toArray } from "rxjs";
import { array, compile, graph, launch, placement } from "sluice";
import { loader } from "sluice/data";
import { expect, test, vi } from "vitest";

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Loads numbers, the earlier ones slower, and counts. */
function watched(prefetch: number) {
  const seen = { under: 0, most: 0, begun: 0, left: false };
  function* items() {
    try {
      yield* numbers(30);
    } finally {
      seen.left = true;
    }
  }
  const load = async (n: number) => {
    seen.begun++;
    seen.most = Math.max(seen.most, ++seen.under);
    await pause(10 - (n % 10));
    seen.under--;
    return 2 * n;
  };
  return { seen, loads: loader({ [Symbol.iterator]: items }, load, { prefetch }) };
}

test.each([1, 3, 8])(
  "%i loads are under way at most, and their results come in the order of the items",
  async (prefetch) => {
    const { seen, loads } = watched(prefetch);
    const got: number[] = [];
    for await (const n of loads) {
      got.push(n);
      expect(seen.begun - got.length).toBeLessThanOrEqual(prefetch);
    }
    expect(got).toEqual(numbers(30).map((n) => 2 * n));
    expect(seen.most).toBe(prefetch);
  },
);

test("who takes his time holds the loads back, and who leaves ends the items", async () => {
  const { seen, loads } = watched(4);
  for await (const n of loads) {
    await pause(30);
    expect(seen.begun).toBeLessThanOrEqual(n / 2 + 1 + 4);
    if (n === 6) break;
  }
  expect(seen.left).toBe(true);
  await pause(20);
  expect(seen.begun).toBeLessThanOrEqual(8);
});

test("for a subscriber it is an observable, each time from the start", async () => {
  const { seen, loads } = watched(3);
  expect(await lastValueFrom(loads.pipe(toArray()))).toEqual(numbers(30).map((n) => 2 * n));
  expect(await lastValueFrom(loads.pipe(take(2), toArray()))).toEqual([0, 2]);
  expect(seen.most).toBe(3);
  await vi.waitFor(() => expect(seen.under).toBe(0));
  expect(seen.begun).toBeLessThan(30 + 10);
});

test("a load that fails is heard of in its place", async () => {
  const loads = loader(numbers(10), (n) => (n === 3 ? Promise.reject(new Error("no file 3")) : n));
  const got: number[] = [];
  const run = async () => {
    for await (const n of loads) got.push(n);
  };
  await expect(run()).rejects.toThrow("no file 3");
  expect(got).toEqual([0, 1, 2]);
  expect(() => loader([], () => 0, { prefetch: 0 })).toThrow(/prefetch is 0.*SL6023/s);
});

test("a session runs it: credits reach back to the loads", async () => {
  const mesh = placement("cpu", { d: 1 });
  const doubled = graph(mesh, { name: "doubled", inputs: { x: mesh.input([1], "float32") } }, ({ x }) => ({
    y: x.mul(2).sum(),
  }));
  await using session = await launch(compile(doubled));
  let begun = 0;
  const loads = loader(numbers(200), async (n) => {
    begun++;
    await pause(1);
    return { x: array([1], "float32", Float32Array.of(n)) };
  });
  for await (const { step, y } of session.run(loads, { prefetch: 2 })) {
    expect(y).toBe(2 * step);
    await pause(4);
    expect(begun).toBeLessThanOrEqual(step + 1 + 2 + 4);
    if (step === 20) break;
  }
  expect(begun).toBeLessThan(30);
});
