import { compile, graph, nn, optim, placement, S } from "sluice";
import { describe, expect, it } from "vitest";
import { bytes } from "../../src/view/format.ts";
import { logicalPicture } from "../../src/view/logical.ts";
import { physicalPicture } from "../../src/view/physical.ts";
import { foldedPicture } from "../../src/view/physical-folded.ts";
import type { Picture } from "../../src/view/picture.ts";
import { pictureDot } from "../../src/view/picture-dot.ts";
import { render } from "../../src/view/render.ts";
import { darkInk, darkLayoutTints, ink, layoutTints } from "../../src/view/style.ts";
import { contrast, distance } from "./colours.ts";
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

  it("says on its edges what a tensor is, what of it a rank holds, and how it lies", () => {
    expect(texts(logical)).toEqual(
      expect.arrayContaining([
        `f32[128,512] · ${bytes(64 * 256 * 4)}`,
        "{data: S(0), model: S(1)}",
        "{data: S(0), model: P(sum)}",
      ]),
    );
    expect(texts(logical)).toContain("param · f32[784,512] {model: S(1)}");
    expect(texts(logical)).toContain("input · i32[128] {data: S(0)}");
  });

  it("says it of each tensor that leaves an input, a parameter or an op, at least once", () => {
    const { edges, nodes } = logicalPicture(plan);
    for (const { id, kind, text } of nodes) {
      const out = edges.filter(({ from, kind }) => from === id && kind === "tensor");
      if (kind === "output" || text[0]![0]!.startsWith("adamW.")) continue; // numbers that only updates take
      if (out.length)
        expect(
          out.some((edge) => edge.text.length === 2),
          text[0]![0],
        ).toBe(true);
    }
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

  it("says on edges what passes, from the host and to it too", async () => {
    const { edges, nodes } = physicalPicture(plan);
    const source = nodes.find(({ kind }) => kind === "source")!.id;
    const fed = edges.filter(({ from }) => from === source);
    expect(fed.length).toBe(8);
    for (const { text } of fed) expect(text).toHaveLength(2);
    expect(fed[0]!.text).toEqual([`${bytes(64 * 784 * 4)} × 2`, "image f32[128,784] S(0),B"]);
    for (const { kind, text } of edges) if (!kind.endsWith("group")) expect(text.length).toBeGreaterThan(0);
    expect(await render(plan, "mermaid")).toContain(
      'task0 -->|"201 KB × 2<br/>image f32[128,784] S(0),B"| task1_rank0',
    );
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

it("draws a task that reads nothing of its step, which the source only tells to begin", async () => {
  const mesh = placement("cpu", { data: 2 });
  const net = nn.linear(6, 4, { name: "fc" });
  const inputs = { x: mesh.input([64, 6], "float32", { data: S(0) }) };
  const training = graph(mesh, { name: "gathered", model: net, inputs }, ({ x }, g) => {
    const loss = net(x).square().mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const { data } = compile(training, { sharding: { "fc.weight": { data: S(0) } } });
  const gather = data.tasks.find(({ name }) => name.startsWith("fc.weight.all-gather"))!;
  expect(data.edges.some(({ to, delay }) => to === gather.id && delay === 0)).toBe(false);
  const told = physicalPicture(data).edges.filter(
    ({ to, kind }) => to.startsWith(`task${gather.id}_`) && kind === "host",
  );
  expect(told.map(({ text, tone }) => [text, tone])).toEqual([
    [["control"], null],
    [["control"], null],
  ]);
  expect(await render(data, "svg")).toContain("control");
});

describe("colours", () => {
  const [graph, whole, folded] = [logicalPicture(plan), physicalPicture(plan), foldedPicture(plan, true)];
  const toneOf = (picture: Picture, op: string) => picture.nodes.find(({ ops }) => ops.includes(op))!.tone;

  it("are layouts: one for each, whatever the kind of the node", () => {
    const by: Record<string, readonly string[]> = {
      whole: ["fc2.bias", "mean.grad", "fc2.add.grad.bias.all-reduce.data"],
      split0: ["image", "fc2.matmul.all-reduce.model", "softmaxCrossEntropy"],
      split1: ["fc1.weight", "fc1.bias.update", "fc2.matmul.grad.weight.all-reduce.data"],
      splits: ["fc1.matmul", "relu", "relu.grad"],
      partial: ["mean", "fc2.add.grad.bias"],
      mixed: ["fc2.matmul", "fc1.matmul.grad.weight"],
    };
    for (const [tone, ops] of Object.entries(by))
      for (const op of ops) expect([op, toneOf(graph, op)]).toEqual([op, tone]);
    expect(graph.nodes.find(({ kind }) => kind === "output")!.tone).toBe("partial");
  });

  it("are the same in every picture, and of edges too", () => {
    // A collective gives what its op gives; of a task most of what it gives counts.
    for (const picture of [whole, folded]) {
      expect(toneOf(picture, "fc2.matmul.all-reduce.model")).toBe("split0");
      expect(toneOf(picture, "fc1.matmul")).toBe("splits");
      expect(picture.nodes.filter(({ kind }) => kind === "source" || kind === "sink").map(({ tone }) => tone)).toEqual([
        null,
        null,
      ]);
    }
    const from = (picture: Picture, op: string) => {
      const { id } = picture.nodes.find(({ ops }) => ops.includes(op))!;
      return new Set(
        picture.edges.filter((edge) => edge.from === id && !edge.kind.endsWith("group")).map(({ tone }) => tone),
      );
    };
    expect(from(graph, "fc2.matmul")).toEqual(new Set(["mixed"]));
    expect(from(whole, "fc2.matmul.all-reduce.model")).toEqual(new Set(["split0"]));
  });

  it("have a legend of what occurs, and of nothing else", () => {
    for (const picture of [graph, whole, folded]) {
      const used = new Set([...picture.nodes, ...picture.edges].flatMap(({ tone }) => tone ?? []));
      expect(new Set(picture.legend.map(({ tone }) => tone))).toEqual(used);
    }
    expect(graph.legend.map(({ text }) => text)).toEqual([
      "whole on every rank",
      "split along data",
      "split along model",
      "split along data and model",
      "partial along data",
      "split along data, partial along model, or split along model, partial along data",
    ]);
    expect(texts(logical)).toEqual(expect.arrayContaining(graph.legend.map(({ text }) => text)));
    const alone = logicalPicture(mlp({ data: 1, model: 1 }));
    expect(alone.legend).toEqual([{ tone: "whole", text: "whole on every rank" }]);
  });

  it("can be told apart, and text on them read, on light and on dark pages", () => {
    const pages = [
      [layoutTints, ink],
      [darkLayoutTints, darkInk],
    ] as const;
    for (const [of, text] of pages)
      for (const [tone, { fill, line }] of Object.entries(of)) {
        expect(contrast(fill, text), tone).toBeGreaterThan(5.5);
        expect(contrast(fill, line), tone).toBeGreaterThan(3);
        for (const [other, tint] of Object.entries(of))
          if (other !== tone) expect(distance(fill, tint.fill), `${tone} ${other}`).toBeGreaterThan(3);
      }
    expect(logical).toContain("prefers-color-scheme: dark");
    expect(logical).toContain(`[fill="${layoutTints.splits.fill}"] { fill: ${darkLayoutTints.splits.fill} }`);
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
