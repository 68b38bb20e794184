/** @file The commands do what they say: what they print, as text and as JSON, what they write, and their exit codes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clusters, Plan } from "sluice";
import { describe, expect, it } from "vitest";
import { findCluster } from "../../src/cli/cluster.ts";
import { grouped } from "../../src/cli/measure.ts";
import { prepare } from "../../src/cli/prepare.ts";
import { folder, programs, sluice } from "./support.ts";

const cwd = programs;
const lines = (text: string) => text.trimEnd().split("\n");

describe("run", () => {
  it("says what it runs, how far it is, and what came of it", async () => {
    const { code, out, err } = await sluice("run mlp.ts --steps 4");
    expect(code).toBe(0);
    expect(out).toMatch(/^mesh {8}data 2, model 1: 2 ranks on \d threads?, (native|wasm) kernels\nparameters {2}212\n/);
    expect(out).toMatch(/\nstep 4\/4 · loss 1\.\d{4} · [\d,]+ rows\/s · 0\.0 s left\n4 steps in /);
    expect(err).toBe("");
  });
  it("prints a line a step as JSON", async () => {
    const { code, out } = await sluice("run mlp.ts --steps 5 --json");
    const steps = lines(out).map((line) => JSON.parse(line));
    expect(steps.map(({ plan, step }) => [plan, step])).toEqual([0, 1, 2, 3, 4].map((step) => ["mlp", step]));
    for (const { ms, outputs } of steps) expect([ms > 0, Object.keys(outputs)]).toEqual([true, ["loss"]]);
    // The fourth batch is the first again: there is an epoch of three.
    expect(steps[3].outputs.loss).not.toBe(steps[0].outputs.loss);
    expect(code).toBe(0);
  });
  it("says where a page of it is, beside what it prints", async () => {
    const { code, out, err } = await sluice("run mlp.ts --steps 5 --json --ui");
    expect([code, lines(out).length]).toEqual([0, 5]);
    const address = /^live: (http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/)\n$/.exec(err)?.[1];
    await expect(fetch(address!)).rejects.toThrow(); // it was there while the run was
  });

  it("runs one epoch unless told otherwise", async () => {
    expect(lines((await sluice("run mlp.ts --json")).out)).toHaveLength(3);
  });
  it("computes the same on another mesh", async () => {
    const losses = async (mesh: string) =>
      lines((await sluice(`run mlp.ts --steps 3 --json --mesh ${mesh}`)).out).map((l) => JSON.parse(l).outputs.loss);
    const [one, four] = [await losses("data=1"), await losses("data=2,model=2")];
    for (const [i, loss] of four.entries()) expect(loss).toBeCloseTo(one[i], 5);
  });
  it("feeds what --dims says", async () => {
    const { out } = await sluice("run mlp.ts --dims batch=6 --steps 3");
    expect(out).toContain("step 3/3");
  });
});

describe("plan", () => {
  it("tells the bubble of a pipeline apart from the shares of its ranks' time", async () => {
    const { use, bubble } = JSON.parse((await sluice("plan stages.ts --json")).out);
    expect(use.compute + use.exposed + use.idle).toBeCloseTo(1, 9);
    expect(bubble).toBeGreaterThan(0);
    const { out } = await sluice("plan stages.ts");
    expect(out).toMatch(/\nranks' time +compute [\d.]+ %, exposed communication [\d.]+ %, idle [\d.]+ %\n/);
    expect(out).toContain(
      `the rank that waits most waits ${(100 * bubble).toFixed(1)} % of the time that its actions take`,
    );
  });
  it("says memory, bytes and time at any size", async () => {
    const { code, out } = await sluice("plan mlp.ts --mesh data=8,model=4 --dims batch=64 --cluster 1024-gpus --json");
    const report = JSON.parse(out);
    expect(code).toBe(0);
    expect(report).toMatchObject({ plan: "mlp", mesh: { data: 8, model: 4 }, ranks: 32, parameters: 212, fits: true });
    // The same by hand.
    const { compile: made } = await prepare("mlp.ts", { mesh: "data=8,model=4", dims: "batch=64" }, cwd);
    const { links, memory, devices } = clusters["1024-gpus"];
    const plan = made({ links, memory, devices });
    const { stepTime, traffic } = plan.simulate({ links, devices, steps: 4 });
    expect(report.stepTime).toBe(stepTime);
    expect(report.bytes).toBe(plan.communication.reduce((sum, { bytes }) => sum + bytes, 0));
    expect(report.memory.map((row: { bytes: number }) => row.bytes)).toContain(plan.memory[0]!.bytes);
    const byLink: Record<string, number> = {};
    for (const { link, bytes } of report.traffic) byLink[link] = (byLink[link] ?? 0) + bytes;
    expect(byLink).toEqual(traffic.links);
    // An axis inside a server is local, one across servers remote.
    for (const { axis, link } of report.traffic)
      expect([axis, link]).toEqual([axis, axis === "data" ? "remote" : "local"]);
    const { compute, exposed, idle } = report.use;
    expect(compute + exposed + idle).toBeCloseTo(1, 9);
    expect(report.samples).toEqual({ unit: "rows", perSecond: 64 / stepTime });
  });
  it("is a text for people", async () => {
    const { code, out } = await sluice("plan mlp.ts --mesh data=8");
    expect(code).toBe(0);
    expect(out).toContain("mesh         data 8, model 1: 8 ranks\n");
    expect(out).toMatch(/\nmemory {7}\S+ KB of 537 MB a rank: fits\n/);
    expect(out).toMatch(/\nmoved in a step, over all ranks\n {2}axis/);
    expect(out).toMatch(/\n {2}0–7 /);
  });
  it("says what it takes a rank to compute with, and in what", async () => {
    const report = async (line: string) => JSON.parse((await sluice(`plan mlp.ts ${line} --json`)).out);
    const { devices, precision } = clusters["8-gpu-server"];
    const gpus = await report("--cluster 8-gpu-server");
    expect(gpus).toMatchObject({ device: { ...devices, precision }, precision: "float32" });
    expect(await report("")).toMatchObject({ device: { flops: 5e10, bandwidth: 1e10 }, precision: "float32" });
    const { out } = await sluice("plan mlp.ts --cluster 8-gpu-server");
    expect(out).toContain("device       693 TFLOP/s in bfloat16, 3.02 TB/s of memory\n");
    expect(out).toContain(
      "precision    float32, in which that device may be far slower than predicted; compile has an",
    );
    const half = folder({
      "half.mjs": `import own from ${JSON.stringify(join(programs, "mlp.ts"))};
export default { ...own, compile: { ...own.compile, precision: { compute: "bfloat16", gradients: "float32" } } };`,
    });
    const told = (await sluice("plan half.mjs --cluster 8-gpu-server", { cwd: half })).out;
    expect(told).toContain("\nprecision    bfloat16\n");
  });
  it("is made for the devices of the cluster", async () => {
    const at = folder({
      "slow.json": '{ "devices": { "flops": 1e10, "bandwidth": 1e10 } }',
      "fast.json": '{ "devices": { "flops": 1e15, "bandwidth": 1e13 } }',
    });
    const bytes = async (name: string) =>
      JSON.parse((await sluice(["plan", "product.ts", "--json", "--cluster", join(at, name)])).out).bytes;
    expect(await bytes("slow.json")).toBeGreaterThan(0);
    expect(await bytes("fast.json")).toBe(0); // each rank has done all of it before it would get the rest
  });
  it("says which links it has no use for", async () => {
    const link = { alpha: 1e-6, beta: 1e-9 };
    const at = folder({ "axes.json": JSON.stringify({ links: { axes: { data: link, stage: link } } }) });
    const line = ["plan", "mlp.ts", "--cluster", join(at, "axes.json")];
    const { code, out } = await sluice(line);
    expect(out).toContain("\nnot used     links of stage: nothing goes along this axis of data 2, model 1\n");
    expect(code).toBe(0);
    expect(JSON.parse((await sluice([...line, "--json"])).out).unusedLinks).toEqual(["stage"]);
  });
  it("has words for long times", async () => {
    const slow = '{ "devices": { "flops": 100, "bandwidth": 100 } }';
    const { out } = await sluice(["plan", "mnist.ts", "--cluster", join(folder({ "slow.json": slow }), "slow.json")]);
    expect(out).toMatch(/\nstep {9}\d+\.\d+ days, \d\.\d+ images\/(h|day), as predicted\n/);
    expect(out).not.toContain("-0.0");
  });
  it("explains, and writes the plan", async () => {
    const output = join(folder(), "plan.json");
    const { out } = await sluice(["plan", "mlp.ts", "--explain", "-o", output]);
    const plan = Plan.fromJSON(readFileSync(output, "utf8"));
    expect(out.endsWith(`\n${plan.explain()}\n`)).toBe(true);
    const { explained } = JSON.parse((await sluice("plan mlp.ts --explain --json")).out);
    expect(explained).toContain(plan.explain().split("\n")[2]);
  });
  it("exits with 3 when it does not fit, and says by how much", async () => {
    const small = folder({ "small.json": '{ "memory": 1000, "about": "a watch" }' });
    const { code, out } = await sluice(["plan", "mlp.ts", "--cluster", join(small, "small.json")]);
    expect(out).toMatch(/\ncluster {6}a watch\n/);
    expect(out).toMatch(/\nmemory {7}\S+ KB of 1\.00 KB a rank: does not fit\n/);
    expect(code).toBe(3);
    const { code: more, err } = await sluice("plan mlp.ts --mesh data=16 --cluster 8-gpu-server");
    expect(err).toContain("the mesh data=16,model=1 has 16 ranks, the cluster has 8");
    expect(more).toBe(3);
  });
});

describe("clusters", () => {
  it("are options of compile and simulate", async () => {
    const { compile: made } = await prepare("mlp.ts", { mesh: "data=8" }, cwd);
    for (const cluster of Object.values(clusters)) {
      const { links } = cluster;
      const memory = "memory" in cluster && { memory: cluster.memory };
      const devices = "devices" in cluster && { devices: cluster.devices };
      const precision = "precision" in cluster && { precision: cluster.precision };
      const plan = made({ links, ...memory, ...devices, ...precision });
      expect(plan.simulate({ links, ...devices }).stepTime).toBeGreaterThan(0);
    }
  });
  it("of a file have hosts of so many ranks", () => {
    const at = folder({ "two.json": '{ "perHost": 4, "links": { "remote": { "alpha": 1e-5, "beta": 1e-10 } } }' });
    const { about, links } = findCluster("two.json", at);
    expect(about).toBe("two.json");
    expect([0, 3, 4, 9].map(links.host!)).toEqual([0, 0, 1, 2]);
    expect(links.remote).toEqual({ alpha: 1e-5, beta: 1e-10 });
  });
});

describe("graph", () => {
  it.each([
    ["svg", /^<\?xml[\s\S]*<\/svg>\n$/],
    ["dot", /^digraph[\s\S]*\}\n$/],
    ["mermaid", /\nflowchart TB\n/],
    ["json", /^\{[\s\S]*\}\n$/],
    ["html", /^<!doctype html>[\s\S]*<\/html>\n$/i],
  ])("as %s", async (format, pattern) => {
    const { code, out } = await sluice(`graph mlp.ts --format ${format}`);
    expect(out).toMatch(pattern);
    expect(code).toBe(0);
  });
  it("draws the graph, or the tasks on the ranks", async () => {
    const { compile: made } = await prepare("mlp.ts", {}, cwd);
    const plan = made();
    const drawn = async (line: string) => (await sluice(`graph mlp.ts ${line}`)).out;
    expect(await drawn("--json")).toBe(await plan.render("json", { graph: "logical" }));
    expect(await drawn("--physical --format dot")).toBe(await plan.render("dot", { graph: "physical" }));
    expect(await drawn("--expand all --format dot")).toBe(
      await plan.render("dot", { graph: "logical", expand: "all" }),
    );
  });
  it("takes the format from the file's name", async () => {
    const at = folder();
    const { out } = await sluice(["graph", join(programs, "mlp.ts"), "-o", "graph.dot"], { cwd: at });
    expect(out).toBe("");
    expect(readFileSync(join(at, "graph.dot"), "utf8")).toMatch(/^digraph/);
  });
});

describe("trace", () => {
  it("writes what it traced", async () => {
    const at = folder();
    const { code, out } = await sluice(["trace", join(programs, "mlp.ts"), "--steps", "3", "--json"], { cwd: at });
    expect(JSON.parse(out)).toMatchObject({ file: "trace.json", steps: 3 });
    const { traceEvents } = JSON.parse(readFileSync(join(at, "trace.json"), "utf8"));
    const steps = traceEvents.flatMap((event: { ph: string; args: { step: number } }) =>
      event.ph === "X" ? [event.args.step] : [],
    );
    expect([...new Set(steps)].sort()).toEqual([0, 1, 2]);
    expect(code).toBe(0);
  });
});

describe("bench", () => {
  it("measures the steps after the warm-up, in groups in which bursts average out", async () => {
    const { code, out } = await sluice("bench mlp.ts --steps 12 --warmup 3 --json");
    const { steps, warmup, groups, seconds, stepsPerSecond, samples, mesh } = JSON.parse(out);
    expect([steps, warmup, mesh, code]).toEqual([12, 3, { data: 2, model: 1 }, 0]);
    expect(groups).toEqual({ count: 4, steps: 3 });
    const { least, median, most, quartiles } = seconds;
    const order = [least, quartiles[0], median, quartiles[1], most];
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(samples).toEqual({ unit: "rows", perSecond: 8 * stepsPerSecond });
    const text = (await sluice("bench mlp.ts --steps 100 --warmup 0")).out;
    expect(text).toMatch(
      /\nsteps {7}100 after 0\na step {6}.* at the median of 10 groups of 10 steps\nspread {6}half of [^\n]+\non average {2}[\d,]+ steps\/s/,
    );
  });
  it("has groups that differ by one step at most, and leave none out", () => {
    for (const n of [1, 2, 7, 49, 50, 51, 99, 1009]) {
      const { means, size } = grouped(Array.from({ length: n }, (_, i) => i));
      expect(means.length).toBeGreaterThanOrEqual(Math.min(n, 3));
      // Means of 0, 1, 2, … tell where the groups lie.
      let end = 0;
      const sizes = means.map((mean) => {
        const start = end;
        end = 2 * mean - start + 1;
        return end - start;
      });
      expect(sizes.every((each) => Math.abs(each - size) < 1e-6 || Math.abs(each - size - 1) < 1e-6)).toBe(true);
      expect(end).toBeCloseTo(n, 6);
    }
  });
});
