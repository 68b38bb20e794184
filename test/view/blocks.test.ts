/** @file Equal blocks are drawn once: what stands for what, how many of it there are, and what is asked for in full. */
import { describe, expect, it, test } from "vitest";
import { titleOf } from "../../src/view/blocks.ts";
import { logicalPicture } from "../../src/view/logical.ts";
import type { Picture, PictureNode } from "../../src/view/picture.ts";
import { pictureDot } from "../../src/view/picture-dot.ts";
import { render } from "../../src/view/render.ts";
import { gpt, mlp } from "./plans.ts";

const plan = gpt(4);
const folded = logicalPicture(plan);
const titles = ({ clusters }: Picture) => clusters.map(({ text }) => text[0]);
const named = (picture: Picture, name: string) => picture.nodes.filter(({ text }) => text[0]![0] === name);
const frame = (picture: Picture, { inside }: PictureNode) => picture.clusters.find(({ id }) => id === inside)!.text[0];

/** Ops that are drawn: all but the moments. */
const drawn = plan.graph.ops.filter((op) => op.kind !== "state" || !/\.[mv]$/.test(op.name)).map(({ name }) => name);
const wide = logicalPicture(plan, "all");
const pictures: [string, Picture][] = [
  ["by itself", folded],
  ["all", wide],
  ["one block", logicalPicture(plan, ["block1"])],
  ["a module of all", logicalPicture(plan, ["block*.up", "head"])],
  ["every block", logicalPicture(plan, ["block*"])],
];

describe.each(pictures)("a GPT, expanded: %s", (_, picture) => {
  it("has each op in one node", () => {
    expect(picture.nodes.flatMap(({ ops }) => ops).sort()).toEqual([...drawn].sort());
  });

  it("joins nodes that there are, each two once in a way, and counts no tensor twice", () => {
    const ids = new Set(picture.nodes.map(({ id }) => id));
    expect(ids.size).toBe(picture.nodes.length);
    const keys = picture.edges.map(({ from, to, kind }) => `${from} ${to} ${kind}`);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { from, to } of picture.edges) expect([ids.has(from), ids.has(to)]).toEqual([true, true]);
    const home = new Map(picture.nodes.flatMap(({ id, ops }) => ops.map((op) => [op, id])));
    const nodeOf = new Map(wide.nodes.map(({ id, ops }) => [id, home.get(ops[0]!) ?? id]));
    const between = new Map<string, number>();
    for (const { from, to, count } of wide.edges) {
      const key = `${nodeOf.get(from)} ${nodeOf.get(to)}`;
      between.set(key, (between.get(key) ?? 0) + count);
    }
    const counted = new Map<string, number>();
    for (const { from, to, count } of picture.edges)
      counted.set(`${from} ${to}`, (counted.get(`${from} ${to}`) ?? 0) + count);
    for (const [key, count] of counted)
      if (key.split(" ")[0] !== key.split(" ")[1]) expect(between.get(key)).toBe(count);
  });

  it("has frames inside frames that came before", () => {
    const known = new Set<string | null>([null]);
    for (const { id, inside } of picture.clusters) {
      expect(known).toContain(inside);
      known.add(id);
    }
    for (const { inside } of picture.nodes) expect(known).toContain(inside);
  });
});

describe("equal blocks", () => {
  it("are one frame in each part of the step, of the same size whatever their number", () => {
    expect(titles(folded)).toEqual(
      ["forward", "backward", "optimizer"].flatMap((phase) => [phase, "block0 … block3 · 4 alike"]),
    );
    const more = logicalPicture(gpt(6));
    expect(titles(more)).toContain("block0 … block5 · 6 alike");
    expect(more.nodes).toHaveLength(folded.nodes.length);
    expect(more.edges).toHaveLength(folded.edges.length);
    expect(folded.nodes.length).toBeLessThan(80);
  });

  it("say of what is not in all of them in how many it is, and which", () => {
    const [total] = named(folded, "add_1.grad.total");
    expect(total!.text[0]).toContain("in 3 of 4"); // the gradient of the last block's result comes from outside
    const attention = named(folded, "attention")[0]!;
    expect(attention.text[0]).toEqual(["attention"]);
    expect(attention.ops).toEqual([0, 1, 2, 3].map((i) => `block${i}.attention`));
    const [add, last] = [named(folded, "add")[0]!, named(folded, "add_1")[0]!];
    const into = folded.edges.filter(
      ({ from, to }) =>
        from === add.id && frame(folded, folded.nodes.find(({ id }) => id === to)!)!.startsWith("block0"),
    );
    expect(into.some(({ text }) => text.at(-1) === "block0")).toBe(true);
    const next = folded.edges.filter(({ from, kind }) => from === last.id && kind === "next");
    expect(next.map(({ text }) => text.at(-1))).toEqual(next.map(() => "next ×3"));
    expect(next.length).toBeGreaterThan(0);
  });

  it("that lie otherwise are told apart", () => {
    const odd = logicalPicture(gpt(4, { "block2.up.weight": {} }), ["block*.up"]);
    const weights = named(odd, "up.weight");
    expect(weights.map(({ text }) => text[0]!.at(-1)).sort()).toEqual(["in 1 of 4", "in 3 of 4"]);
    expect(weights.find(({ ops }) => ops.length === 1)!.ops).toEqual(["block2.up.weight"]);
  });
});

test("a module in a large picture is one box that says what it does and holds; updates are counted", () => {
  expect(named(folded, "up")[0]).toMatchObject({
    kind: "module",
    text: [["up", "matmul, add", "weight f32[16,64] {model: S(1)}", "bias f32[64] B", "slice · model"]],
  });
  const updates = folded.nodes.filter(({ text }) => /updates$/.test(text[0]![0]!));
  expect(updates.map(({ text }) => text[0])).toEqual([
    ["6 updates", "adamW · keeps m, v"],
    ["16 updates", "adamW · keeps m, v"],
  ]);
});

describe("expand", () => {
  it("draws blocks by themselves, op by op, and leaves the others together", () => {
    const one = logicalPicture(plan, ["block1"]);
    expect(titles(one)).toEqual(expect.arrayContaining(["block1", "block0,2,3 · 3 alike"]));
    const [weight] = one.nodes.filter(({ ops }) => ops.includes("block1.up.weight"));
    expect(weight!.ops).toEqual(["block1.up.weight"]);
    expect(frame(one, weight!)).toBe("block1");
    expect(titles(logicalPicture(plan, ["block*"]))).toEqual(
      expect.arrayContaining(["block0", "block1", "block2", "block3"]),
    );
  });

  it("draws a module of all blocks op by op", () => {
    const up = logicalPicture(plan, ["block*.up"]);
    expect(named(up, "up")).toHaveLength(0);
    expect(named(up, "up.matmul")[0]!.ops).toHaveLength(4);
    expect(named(up, "up.weight.update")[0]!.ops).toHaveLength(4);
    expect(named(up, "15 updates")).toHaveLength(0);
    expect(named(up, "14 updates")).toHaveLength(1);
  });

  it("refuses what is no module, and lists those that there are", async () => {
    const asked = (name: string) => render(plan, "dot", { graph: "logical", expand: [name] });
    await expect(asked("blok1")).rejects.toThrow(
      /no module "blok1".*choices: all, tokens, places, block0–3 ×4, .*block0–3\.up ×4.*did you mean "block1"\?.*SL7001/s,
    );
    await expect(asked("block1.attention")).rejects.toThrow(/SL7001/);
  });

  it("is not needed for a small graph", () => {
    expect(pictureDot(logicalPicture(mlp()))).toBe(pictureDot(logicalPicture(mlp(), "all")));
  });
});

test("titles name the first and the last, or all where some are missing", () => {
  expect(titleOf(["blocks.0", "blocks.1", "blocks.2"])).toBe("blocks.0 … blocks.2 · 3 alike");
  expect(titleOf(["block0", "block2", "block4"])).toBe("block0,2,4 · 3 alike");
  expect(titleOf(["block7"])).toBe("block7");
});
