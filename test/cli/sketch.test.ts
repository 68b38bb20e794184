/** @file A plan that is only looked at says what the plan that runs would: memory, bytes, times, and why. */
import { describe, expect, it } from "vitest";
import { prepare } from "../../src/cli/prepare.ts";
import { programs, sluice } from "./support.ts";

const links = { remote: { alpha: 1e-5, beta: 1e-9 }, host: (rank: number) => rank >> 1 };

describe.each([
  ["mlp.ts", "data=1,model=1", "batch=8"],
  ["mlp.ts", "data=2,model=2", "batch=8"],
  ["mlp.ts", "data=3,model=3", "batch=7"],
  ["mlp.ts", "data=16", "batch=5"],
  ["mnist.ts", "data=4,model=2", "batch=32"],
])("%s on %s, %s", (file, mesh, dims) => {
  it("is the same", async () => {
    const { compile, sketch } = await prepare(file, { mesh, dims }, programs);
    const [plan, seen] = [compile({ links }), sketch({ links })];
    const said = (of: typeof plan) => {
      const { memory, ...simulation } = of.simulate({ links, steps: 3 });
      // A rank whose shards are empty uses less than the first one, which stands for all.
      const live = Math.max(...memory.map((rank) => rank.live));
      const explained = of.explain().split("\n").slice(1); // the first line has the hash
      return {
        simulation: JSON.stringify(simulation),
        live,
        memory: of.memory,
        communication: of.communication,
        explained,
      };
    };
    expect(said(seen)).toEqual(said(plan));
  });
});

it("takes seconds at 1,024 ranks, where every rank's programs would name up to 1,023 peers", async () => {
  const line = "plan mlp.ts --mesh data=512,model=2 --dims batch=4096 --cluster 1024-gpus --json";
  const start = performance.now();
  const { code, out } = await sluice(line);
  expect([code, JSON.parse(out).ranks]).toEqual([0, 1024]);
  expect((performance.now() - start) / 1000).toBeLessThan(30);
});
