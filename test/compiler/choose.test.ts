/** @file Choosing for random small graphs of real ops against all their picks, each copy counted once. */
import { B, graph, placement, S, type Tensor } from "sluice";
import { expect, test } from "vitest";
import { chargesOf } from "../../src/compiler/choose/charges.ts";
import { choose } from "../../src/compiler/choose/choose.ts";
import { menusOf } from "../../src/compiler/choose/menu.ts";
import { signatureKey } from "../../src/compiler/choose/strategies.ts";
import { constrain } from "../../src/compiler/constrain.ts";
import { type Draft, start } from "../../src/compiler/draft.ts";
import { prune } from "../../src/compiler/prune.ts";
import { random } from "./random-problem.ts";

/** Two inputs and up to six ops, most of them with fan-out, on a mesh of two or four ranks. */
function randomDraft(seed: number): Draft {
  const draw = random(seed * 7919 + 13);
  const whole = (n: number) => Math.floor(draw() * n);
  const mesh = placement("cpu", { d: 2 + 2 * whole(2) });
  const side = [64, 512, 2048][whole(3)]!;
  const input = () => {
    const layout = ([S(0), S(1), B, undefined] as const)[whole(4)];
    return layout ? mesh.input([side, side], "float32", { d: layout }) : mesh.input([side, side], "float32");
  };
  type Square = Tensor<[number, number], "float32">;
  const { logical } = graph(mesh, { name: `random${seed}`, inputs: { x: input(), w: input() } }, ({ x, w }) => {
    const made: Square[] = [x, w];
    const taken = new Set<Square>();
    const take = (): Square => {
      const t = made[Math.max(0, made.length - 1 - Math.floor(draw() * draw() * 4))]!;
      taken.add(t);
      return t;
    };
    const kinds = [
      () => take().exp(),
      () => take().add(take()),
      () => take().matmul(take()),
      () => take().softmax(whole(2) as 0 | 1),
      () => take().permute([1, 0]),
    ];
    for (let left = 3 + whole(4); left > 0; left--) made.push(kinds[whole(kinds.length)]!() as Square);
    const outputs = made.slice(2).filter((t) => !taken.has(t));
    return Object.fromEntries(outputs.map((t, i) => [`y${i}`, t]));
  });
  return constrain(prune(start(logical, {})));
}

/** Of all picks that fit. */
function leastTime(sizes: readonly number[], evaluate: (pick: readonly number[]) => { time: number; memory: number }) {
  const picks = sizes.reduce<number[][]>(
    (all, size) => all.flatMap((pick) => Array.from({ length: size }, (_, option) => [...pick, option])),
    [[]],
  );
  const each = picks.map(evaluate);
  return (limit: number) =>
    each.reduce(
      (least, { time, memory }) => (memory <= limit ? Math.min(least, time) : least),
      Number.POSITIVE_INFINITY,
    );
}

test("graphs of up to 8 ops with fan-out get the best of all picks, with and without a limit that binds", () => {
  let [all, bound] = [0, 0];
  for (let seed = 0; seed < 120; seed++) {
    const draft = randomDraft(seed);
    const menus = menusOf(draft);
    const sizes = menus.map(({ signatures }) => signatures.length);
    if (sizes.reduce((a, b) => a * b, 1) > 20_000) continue;
    all++;
    const { evaluate } = chargesOf(draft, menus);
    const best = leastTime(sizes, evaluate);
    const chosen = (budget?: number) => {
      const { signatures } = choose(budget === undefined ? draft : { ...draft, budget });
      const place = (v: number) =>
        menus[v]!.signatures.findIndex((option) => signatureKey(option) === signatureKey(signatures[v]!));
      return evaluate(sizes.map((_, v) => place(v)));
    };
    const free = chosen();
    expect(free.time, `seed ${seed}`).toBe(best(Number.POSITIVE_INFINITY));
    const limit = Math.floor(free.memory * 0.9);
    const least = best(limit);
    if (least === Number.POSITIVE_INFINITY) continue;
    bound++;
    const limited = chosen(limit);
    expect(limited.memory, `seed ${seed}`).toBeLessThanOrEqual(limit);
    expect(limited.time, `seed ${seed}`).toBe(least);
  }
  expect(all).toBeGreaterThan(80);
  expect(bound).toBeGreaterThan(15);
});
