/** @file What choosing charges, against what a pick really takes: a copy that serves several users is paid for once. */
import fc from "fast-check";
import { graph, placement, S } from "sluice";
import { expect, test } from "vitest";
import { type Copies, chargesOf } from "../../src/compiler/choose/charges.ts";
import { menusOf } from "../../src/compiler/choose/menu.ts";
import { constrain } from "../../src/compiler/constrain.ts";
import { start } from "../../src/compiler/draft.ts";
import { evaluate } from "../../src/compiler/solve/problem.ts";

const mesh = placement("cpu", { data: 2, model: 2 });
const inputs = {
  x: mesh.input([64, 64], "float32", { data: S(0), model: S(1) }),
  w: mesh.input([64, 64], "float32", { model: S(1) }),
};
const { logical } = graph(mesh, { name: "users", inputs }, ({ x, w }) => {
  const h = x.exp();
  return { a: h.matmul(w), b: h.softmax(1), c: h.add(w).sum(), d: h.mul(h) };
});
const draft = constrain(start(logical, {}));
const menus = menusOf(draft);
const charges = chargesOf(draft, menus);
const sizes = menus.map(({ signatures }) => signatures.length);
const picks = fc.tuple(...sizes.map((size) => fc.nat(size - 1)));
const charged = (copies: Copies, pick: readonly number[]) => evaluate({ sizes, tables: charges.tables(copies) }, pick);
/** Parts are rounded down, by less than a picosecond and a byte for each copy and each input that waits for peers. */
const rounding = logical.ops.reduce((n, op) => n + 2 * op.inputs.length, 0);

test("copies shared among those who want them cost what the pick takes", () => {
  fc.assert(
    fc.property(picks, (pick) => {
      const { time, memory } = charges.evaluate(pick);
      const { cost, memory: bytes } = charged(pick, pick);
      expect(cost).toBeLessThanOrEqual(time);
      expect(cost).toBeGreaterThan(time - rounding);
      expect(bytes).toBeLessThanOrEqual(memory);
      expect(bytes).toBeGreaterThan(memory - rounding);
    }),
  );
});

test("copies shared among all who could want them never cost more than the pick takes, copies of one's own never less", () => {
  let [less, more] = [0, 0];
  fc.assert(
    fc.property(picks, (pick) => {
      const { time } = charges.evaluate(pick);
      const [shared, own] = [charged("shared", pick).cost, charged("own", pick).cost];
      expect(shared).toBeLessThanOrEqual(time);
      expect(own).toBeGreaterThanOrEqual(time);
      if (shared < time) less++;
      if (own > time) more++;
    }),
  );
  expect(Math.min(less, more)).toBeGreaterThan(0);
});
