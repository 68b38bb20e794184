import { describe, expect, it } from "vitest";
import { bytes } from "../../src/view/format.ts";
import { logicalPicture } from "../../src/view/logical.ts";
import { physicalPicture } from "../../src/view/physical.ts";
import { pictureDot } from "../../src/view/picture-dot.ts";
import { render } from "../../src/view/render.ts";
import { mlp, nasty, renamed } from "./plans.ts";
import { clusterCount, nodeCount, tags, texts } from "./support.ts";

const plan = mlp();
const logical = await render(plan, "svg", { graph: "logical" });
const physical = await render(plan, "svg");

describe("the logical graph", () => {
  it("has a node for every op but the moments, and one for each output", () => {
    const moments = plan.graph.ops.filter((op) => op.kind === "state" && /\.[mv]$/.test(op.name));
    expect(moments).toHaveLength(8);
    expect(nodeCount(logical)).toBe(plan.graph.ops.length - moments.length + 1);
    expect(clusterCount(logical)).toBe(3);
    expect(texts(logical)).toEqual(expect.arrayContaining(["forward", "backward", "optimizer", "output"]));
  });

  it("says on its edges what a tensor is and how it lies", () => {
    expect(texts(logical)).toEqual(
      expect.arrayContaining(["f32[128,512]", "{data: S(0), model: S(1)}", "{data: S(0), model: P(sum)}"]),
    );
    expect(texts(logical)).toContain("param · f32[784,512] {model: S(1)}");
    expect(texts(logical)).toContain("input · i32[128] {data: S(0)}");
  });

  it("draws boxing as what it is", () => {
    const step = plan.collectives.find((c) => c.axis === "model" && c.kind === "all-reduce")!;
    expect(step.bytes).toBeGreaterThan(0);
    expect(texts(logical)).toContain("all-reduce · model");
    expect(texts(logical)).toContain(`P(sum) → B · ${bytes(step.bytes)}`);
  });

  it("puts gradients into backward and what writes states into optimizer", () => {
    const part = (name: string) => pictureDot(logicalPicture(plan)).split(`cluster_${name}0`)[1]!.split("\n  }")[0]!;
    expect(part("backward")).toContain("fc1.matmul.grad.weight");
    expect(part("backward")).not.toContain('"relu"');
    expect(part("optimizer")).toContain("fc1.weight.update");
    expect(part("optimizer")).toContain("adamW.lr");
    expect(part("forward")).toContain("fc1.matmul");
  });
});

describe("the physical plan", () => {
  it("has a cluster for each rank with all its tasks, and the host's two ends", () => {
    const onRanks = plan.tasks.filter((task) => task.stream !== "host").length;
    expect(clusterCount(physical)).toBe(4);
    expect(nodeCount(physical)).toBe(4 * onRanks + 2);
    expect(texts(physical)).toEqual(expect.arrayContaining(["rank 0", "rank 3", "host · source", "host · sink"]));
  });

  it("lists the ops and kernels of a task", () => {
    expect(texts(physical).filter((text) => text === "fc1.matmul")).toHaveLength(4);
    const kernels = texts(physical).filter((text) => /\bgemm/.test(text));
    expect(kernels.length).toBeGreaterThanOrEqual(4);
    expect(texts(physical).some((text) => /\w ×\d/.test(text))).toBe(true);
  });

  it("says at each boxing task which ranks take part and what this one gets", () => {
    const said = texts(physical).filter((text) => text.startsWith("ranks "));
    const expected = plan.collectives.flatMap((c) =>
      [0, 1, 2, 3].map((rank) => {
        const peers = c.axis === "model" ? [rank & ~1, rank | 1] : [rank & 1, (rank & 1) + 2];
        return `ranks ${peers.join(",")}: ${bytes(c.received[rank]!)} in`;
      }),
    );
    expect(said.sort()).toEqual(expected.sort());
  });

  it("joins the ranks of each group by a line, and draws every line", () => {
    const edges = physical.split('class="edge"').slice(1);
    expect(edges.filter((edge) => edge.includes('stroke-width="2.2"'))).toHaveLength(2 * plan.collectives.length);
    for (const edge of edges) expect(edge).toContain("<path ");
  });

  it("gives bytes and slots of registers, and dashes what the next step reads", () => {
    expect(texts(physical).some((text) => / × 2$/.test(text))).toBe(true);
    const dashed = pictureDot(physicalPicture(plan)).match(/style="dashed"/g) ?? [];
    expect(dashed).toHaveLength(4 * plan.edges.filter((edge) => edge.delay > 0).length);
  });

  it("draws the ranks asked for, the first eight of many, and says what is left out", async () => {
    const some = await render(plan, "svg");
    expect(clusterCount(some)).toBe(4);
    expect(pictureDot(physicalPicture(plan, { ranks: [1] }))).not.toContain("cluster_rank0");
    const many = pictureDot(physicalPicture(mlp({ data: 4, model: 4 })));
    expect(many.match(/subgraph/g)).toHaveLength(8);
    expect(many).toContain("8 more ranks not drawn");
  });
});

describe("pictures", () => {
  it("are the same bytes each time, from plans that are", async () => {
    expect(await render(mlp(), "svg")).toBe(physical);
    expect(await render(mlp(), "svg", { graph: "logical" })).toBe(logical);
  });

  it("are well-formed, also with names that mean something to DOT and XML", async () => {
    for (const graph of ["logical", "physical"] as const) {
      const svg = await render(renamed(), "svg", { graph });
      expect(tags(svg)).toContain("svg");
      expect(texts(svg)[0]).toContain(nasty);
      expect(texts(svg).filter((text) => text.includes(nasty)).length).toBeGreaterThan(10);
    }
  });

  it("hold no script", () => {
    for (const svg of [logical, physical]) expect(tags(svg)).not.toContain("script");
  });

  it("come as DOT too, and in no other format", async () => {
    expect(await render(plan, "dot")).toBe(pictureDot(physicalPicture(plan)));
    await expect(render(plan, "png" as "svg")).rejects.toThrow(/"png".*svg, dot, mermaid, json.*SL7000/s);
    await expect(render(plan, "svg", { graph: "both" as "logical" })).rejects.toThrow(/logical, physical/);
  });

  it("of a plan on one rank have no boxing", async () => {
    const alone = await render(mlp({ data: 1, model: 1 }), "svg");
    expect(clusterCount(alone)).toBe(1);
    expect(texts(alone).some((text) => text.includes("all-reduce"))).toBe(false);
  });
});
