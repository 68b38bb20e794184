/** @file Heads that lie between the rows of a sequence: attention takes them as they lie, with the bits of copies. */
import { array, B, graph, nn, optim, placement, S, type Tensor } from "sluice";
import { expect, test } from "vitest";
import { compileGraph } from "../../src/compiler/compile.ts";
import type { PlanData } from "../../src/ir/plan.ts";
import { runPoisoned } from "../actors/poison.ts";

const [T, heads, d] = [6, 4, 3] as const;
const width = heads * d;

const callsOf = (plan: PlanData, kernel: string) =>
  plan.tasks.flatMap(({ classes }) => classes[0]?.program.filter((call) => call.kernel === kernel) ?? []);
const opsOf = ({ graph: { ops } }: PlanData, kind: string) => ops.filter((op) => op.kind === kind).length;

/** Projections, attention by heads, a projection of what it gives, one step of SGD. `shows` the heads too. */
function training(ranks: number, shows = false) {
  const mesh = placement("cpu", { model: ranks });
  const linear = (name: string) => nn.linear(width, width, { name });
  const model = nn.define({ q: linear("q"), k: linear("k"), v: linear("v"), o: linear("o") }, (m) => (x: Tensor) => {
    const split = (t: Tensor) => (t as Tensor<[6, 12], "float32">).reshape([T, heads, d]).permute([1, 0, 2]);
    const mixed = nn.attention(split(m.q(x as never)), split(m.k(x as never)), split(m.v(x as never)), {
      causal: true,
    });
    return { mixed, y: m.o(mixed.permute([1, 0, 2]).reshape([T, width])) };
  });
  const inputs = { x: mesh.input([T, width], "float32", { model: B }) };
  return graph(mesh, { name: "heads", model, inputs }, ({ x }, on) => {
    const { mixed, y } = model(x);
    on.minimize(y.mul(y).mean(), optim.sgd({ lr: 0.1 }));
    return shows ? { y, mixed } : { y };
  }).logical;
}
const x = array(
  [T, width],
  "float32",
  Float32Array.from({ length: T * width }, (_, i) => Math.sin(i + 1)),
);

test.each([false, true])("has the bits of copies, in both directions; heads shown: %s", async (shows) => {
  const logical = training(1, shows);
  const [plan, copying] = [compileGraph(logical), compileGraph(logical, { joins: false })];
  expect(opsOf(copying, "transpose")).toBe(8);
  expect(opsOf(plan, "transpose")).toBe(shows ? 1 : 0);
  const feeds = [{ x }, { x }, { x }];
  const [got, want] = [await runPoisoned(plan, feeds, 1, false), await runPoisoned(copying, feeds, 1, false)];
  expect(Buffer.compare(got.bits, want.bits)).toBe(0);
});

test("ranks share the heads as before", () => {
  const sharding = ["q", "k", "v"].map((name) => [`${name}.weight`, { model: S(1) }] as const);
  const plan = compileGraph(training(2), { sharding });
  const [call] = callsOf(plan, "attention");
  expect(call!.args.slice(0, 6)).toEqual([1, heads / 2, T, T, d, d]);
  expect(call!.args.slice(10, 13)).toEqual([0, d, width / 2]); // a rank's heads side by side
});

test("operands that are transposed each in its own way are copied", () => {
  const mesh = placement("cpu", { d: 1 });
  const inputs = { q: mesh.input([T, heads, d], "float32"), k: mesh.input([heads, T, d], "float32") };
  const own = graph(mesh, { name: "own", inputs }, ({ q, k }) => ({ y: nn.attention(q.permute([1, 0, 2]), k, k) }));
  expect(opsOf(compileGraph(own.logical), "transpose")).toBe(1);
  const turned = graph(mesh, { name: "turned", inputs: { q: inputs.q } }, ({ q }) => {
    const t = q.permute([0, 2, 1]); // what was a row is not one any more
    return { y: nn.attention(t, t, t) };
  });
  expect(opsOf(compileGraph(turned.logical), "transpose")).toBe(1);
});
