/** @file The physical plan drawn once for ranks and blocks that do the same: what stands for what, and how many. */
import { compile, graph, nn, optim, placement, S } from "sluice";
import { describe, expect, it, test } from "vitest";
import { ranksAlike, steps } from "../../src/view/alike.ts";
import { physicalPicture } from "../../src/view/physical.ts";
import { foldedPicture } from "../../src/view/physical-folded.ts";
import type { Picture } from "../../src/view/picture.ts";
import { render } from "../../src/view/render.ts";
import { gpt, mlp } from "./plans.ts";

const plan = gpt(6);
const folded = foldedPicture(plan, true);
const titles = ({ clusters }: Picture) => clusters.map(({ text }) => text[0]);

/** A pipeline of two meshes, the second one wider. */
function stages() {
  const front = placement("cpu", { data: 2 });
  const back = placement("cpu", { data: 2, model: 2 }, { ranks: [2, 3, 4, 5] });
  const [fc1, fc2] = [nn.linear(8, 16, { name: "fc1" }), nn.linear(16, 4, { name: "fc2" })];
  const model = nn.sequential(fc1, fc2);
  const inputs = {
    x: front.input([8, 8], "float32", { data: S(0) }),
    label: back.input([8], "int32", { data: S(0) }),
  };
  const training = graph([front, back], { name: "stages", model, inputs }, ({ x, label }, g) => {
    const loss = nn
      .softmaxCrossEntropy(
        fc2(
          fc1(x)
            .relu()
            .to(back, { data: S(0) }),
        ),
        label,
      )
      .mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  return compile(training).data;
}

describe.each([
  ["a GPT", plan, folded],
  ["an MLP, op by op", mlp(), foldedPicture(mlp(), false)],
  ["two stages", stages(), foldedPicture(stages(), true)],
])("%s", (_, data, picture) => {
  it("has each op in one node for each class of ranks that runs it", () => {
    const classes = ranksAlike(data);
    const expected = data.tasks.flatMap(({ ops, stream, placement }) => {
      const { ranks } = data.placements[placement]!;
      const times = stream === "host" ? 1 : classes.filter(([rank]) => ranks.includes(rank!)).length;
      return Array.from({ length: times }, () => ops).flat();
    });
    expect(picture.nodes.flatMap(({ ops }) => ops).sort()).toEqual(expected.sort());
  });

  it("joins nodes that there are, each two once in a way", () => {
    const ids = new Set(picture.nodes.map(({ id }) => id));
    expect(ids.size).toBe(picture.nodes.length);
    for (const { from, to } of picture.edges) expect([ids.has(from), ids.has(to)]).toEqual([true, true]);
    const keys = picture.edges.map(({ from, to, kind }) => `${from} ${to} ${kind}`);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("leaves out no register between two tasks", () => {
    const home = new Map(picture.nodes.flatMap(({ id, ops }) => ops.map((op) => [op, id.split("_")[0]!] as const)));
    const drawn = new Set(picture.edges.map(({ from, to }) => `${from.split("_")[0]} ${to.split("_")[0]}`));
    const task = new Map(data.tasks.map((each) => [each.id, each]));
    for (const { from, to } of data.edges) {
      const ends = [from, to].map((id) => home.get(task.get(id)!.ops[0] ?? ""));
      if (ends[0] !== undefined && ends[1] !== undefined && ends[0] !== ends[1])
        expect(drawn).toContain(ends.join(" "));
    }
  });
});

describe("a GPT", () => {
  it("has as many nodes whatever the number of its blocks, and one frame of all ranks", () => {
    expect(foldedPicture(gpt(8), true).nodes).toHaveLength(folded.nodes.length);
    expect(titles(folded)).toEqual(["ranks 0–3 · × 4 ranks", "block0 … block5 · 6 alike", "block0 … block5 · 6 alike"]);
    expect(folded.nodes.length).toBeLessThan(30);
  });

  it("counts tasks, and says where in the launch order they begin and end", () => {
    const step = folded.nodes.find(({ ops }) => ops.includes("block2.out.matmul.all-reduce.model"))!;
    expect(step.ops).toEqual([0, 1, 2, 3, 4, 5].map((i) => `block${i}.out.matmul.all-reduce.model`));
    expect(step.text[0]![0]).toMatch(/^3 … \d+ · all-reduce · model · ×6$/);
    expect(step.text[0]![2]).toMatch(/^ranks 0,1 \| 2,3: .* in$/);
  });

  it("is what render draws, every task and rank if asked", async () => {
    const asked = async (expand?: "all") => JSON.parse(await render(plan, "json", expand ? { expand } : {})) as Picture;
    expect((await asked()).nodes).toEqual(folded.nodes);
    expect((await asked("all")).nodes).toEqual(physicalPicture(plan).nodes);
  });
});

test("ranks of different placements have frames of their own", () => {
  expect(titles(foldedPicture(stages(), true))).toEqual(["ranks 0,1 · × 2 ranks", "ranks 2–5 · × 4 ranks"]);
});

test("names are alike by the numbers of their blocks alone", () => {
  expect(steps("block3.norm1 … block4.up_2")).toBe("block#0.norm1 … block#1.up_2");
  expect(steps("block3.norm2.x")).not.toBe(steps("block3.norm1.x"));
  expect(steps("layers.7.mlp")).toBe(steps("layers.11.mlp"));
  expect(steps("head")).toBe("head");
  expect(steps("block1.add[2] … block2.up[2]")).toBe(steps("block0.add[5] … block1.up[5]"));
  expect(steps("add[1] … mean.total.2")).toBe(steps("add[4] … mean.total.5"));
  expect(steps("add[1] … total[2]")).not.toBe(steps("add[1] … total[1]"));
});
