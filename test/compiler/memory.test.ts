/** @file Memory of a rank: what is there at different times shares it, and what is there at one time does not. */

import fc from "fast-check";
import { compile, graph, nn, optim, type PlanData, placement, S } from "sluice";
import { describe, expect, test } from "vitest";
import { models } from "../../bench/models.ts";
import { arrange } from "../../src/compiler/memory/arrange.ts";
import { verify } from "../../src/compiler/verify.ts";
import { compiled } from "../truth/mlp.ts";

/** Bytes at the fullest moment: no arrangement needs less. */
const fullest = (blocks: readonly { readonly first: number; readonly last: number; readonly bytes: number }[]) =>
  Math.max(
    0,
    ...blocks.map(({ first: now }) =>
      blocks.reduce((sum, { first, last, bytes }) => sum + (first <= now && now <= last ? bytes : 0), 0),
    ),
  );

const mesh = placement("cpu", { data: 2 });

function perceptron() {
  return compiled({ data: 2, model: 2 }, "adamW", 256).data;
}

function convolutional(): PlanData {
  const net = nn.sequential(
    nn.conv2d(1, 16, 3, { padding: 1, name: "c1" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.conv2d(16, 32, 3, { padding: 1, name: "c2" }),
    nn.relu(),
    nn.maxPool2d(2),
    nn.flatten(),
    nn.linear(32 * 49, 10, { name: "fc" }),
  );
  const inputs = {
    image: mesh.input([32, 1, 28, 28], "float32", { data: S(0) }),
    label: mesh.input([32], "int32", { data: S(0) }),
  };
  return compile(
    graph(mesh, { name: "cnn", model: net, inputs }, ({ image, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(image), label).mean();
      g.minimize(loss, optim.adamW({ lr: 1e-3 }));
      return { loss };
    }),
  ).data;
}

/** What a rank's compute programs alone touch in single slots, with the first and the last call that do. */
function passing({ tasks, buffers }: PlanData) {
  const calls = new Map<number, { first: number; last: number }>();
  const elsewhere = new Set<number>();
  let call = 0;
  for (const { stream, classes } of tasks)
    for (const { args } of classes[0]?.program ?? []) {
      for (const arg of args) {
        if (typeof arg !== "object" || arg === null || !("buffer" in arg)) continue;
        if (stream !== "compute" || arg.peer) elsewhere.add(arg.buffer);
        calls.set(arg.buffer, { first: calls.get(arg.buffer)?.first ?? call, last: call });
      }
      call++;
    }
  return buffers
    .filter(({ id, role, slots }) => role === "activation" && slots === 1 && calls.has(id) && !elsewhere.has(id))
    .map(({ id, offset, bytes }) => ({ offset, bytes, ...calls.get(id)! }));
}

describe.each([
  ["a perceptron", perceptron, 0.83],
  ["a convolutional network", convolutional, 0.65],
])("%s", (_, planned, share) => {
  const plan = planned();
  const blocks = passing(plan);

  test("takes at most 1 % more than its fullest moment for what passes", () => {
    expect(blocks.length).toBeGreaterThan(8);
    const start = Math.min(...blocks.map(({ offset }) => offset));
    const end = Math.max(...blocks.map(({ offset, bytes }) => offset + bytes));
    expect(end - start).toBeLessThanOrEqual(1.01 * fullest(blocks));
    expect(end - start).toBeLessThan(share * blocks.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  test("is refused when two buffers that are there at one time overlap", () => {
    const [one, other] = plan.buffers.filter(({ role }) => role === "state");
    const buffers = plan.buffers.map((b) => (b === other ? { ...b, offset: one!.offset } : b));
    expect(() => verify({ ...plan, buffers })).toThrow(/two buffers overlap at byte \d+ of rank 0[\s\S]*SL3021/);
    const bad = blocks.find((a) => blocks.some((b) => a !== b && a.first < b.last && b.first < a.last))!;
    const rival = blocks.find((b) => b !== bad && bad.first < b.last && b.first < bad.last)!;
    const moved = plan.buffers.map((b) =>
      b.offset === rival.offset && b.slots === 1 ? { ...b, offset: bad.offset } : b,
    );
    expect(() => verify({ ...plan, buffers: moved })).toThrow(/SL3021/);
  });
});

/**
 * All of rank 0's bytes over the largest sum of what is live at one time: what must keep its place is live throughout, a
 * buffer that passes from the first to the last call that touches it, and so is the workspace.
 */
function overhead(plan: PlanData): number {
  const blocks = passing(plan);
  const places = new Set(blocks.map(({ offset }) => offset));
  const apart = plan.buffers.filter((b) => !(b.role === "activation" && b.slots === 1 && places.has(b.offset)));
  const kept = apart.reduce((sum, { bytes, slots }) => sum + bytes * slots, 0);
  return plan.memory[0]!.bytes / (kept + fullest(blocks));
}

describe.each(["mlp", "cnn", "gpt"] as const)("the whole memory of a rank, workspace and all, of the %s", (name) => {
  test.each([1, 2, 4])("on %i ranks is at most 1 % more than what is live at its fullest moment", (ranks) => {
    const { plan } = models[name](ranks, 16);
    const over = overhead(plan.data);
    expect(over).toBeGreaterThanOrEqual(1);
    expect(over).toBeLessThanOrEqual(1.01);
    const [{ bytes, byRole }] = plan.memory as [(typeof plan.memory)[0]];
    expect(byRole.workspace).toBeGreaterThan(0);
    expect(Object.values(byRole).reduce((sum, n) => sum + n, 0)).toBe(bytes);
  });
});

test("blocks of random lives never meet", () => {
  const ranks = [0];
  const life = fc.tuple(fc.nat(40), fc.nat(8)).map(([first, more]) => ({ first, last: first + more, from: 64, ranks }));
  fc.assert(
    fc.property(fc.array(fc.tuple(life, fc.integer({ min: 1, max: 20 })), { maxLength: 40 }), (all) => {
      const blocks = all.map(([each, size]) => ({ ...each, bytes: 64 * size }));
      const offsets = arrange(blocks);
      blocks.forEach((a, i) => {
        expect(offsets[i]).toBeGreaterThanOrEqual(a.from);
        blocks.slice(0, i).forEach((b, j) => {
          const together = a.first <= b.last && b.first <= a.last;
          const overlap = offsets[i]! < offsets[j]! + b.bytes && offsets[j]! < offsets[i]! + a.bytes;
          expect(together && overlap).toBe(false);
        });
      });
    }),
    { seed: 5, numRuns: 300 },
  );
});
