import { compile, graph, placement, S } from "sluice";
import { describe, expect, it } from "vitest";
import { explain } from "../../src/view/explain.ts";
import { bytes, count, ranges, seconds, shorten, table } from "../../src/view/format.ts";
import { mlp } from "./plans.ts";

const plan = mlp();
const text = explain(plan);
const lineOf = (start: string) => text.split("\n").find((line) => line.trimStart().startsWith(start)) ?? "";

describe("explain", () => {
  it("names the plan, its mesh and its hash", () => {
    expect(text.split("\n")[0]).toBe(`plan tiny · ${plan.hash.slice(0, 12)} · seed 0`);
    expect(text).toContain("cpu {data: 2, model: 2} on ranks 0,1,2,3");
  });

  it("gives each parameter its layout and moments", () => {
    expect(lineOf("fc1.weight").split(/ {2,}/).slice(1)).toEqual([
      "fc1.weight",
      "f32[784,512]",
      "{model: S(1)}",
      "m, v",
    ]);
    expect(text).toContain("407,050 elements");
  });

  it("gives every op with inputs its signature and the reason", () => {
    const matmul = text.split("\n").find((line) => /^ {2}fc1\.matmul /.test(line))!;
    expect(matmul).toMatch(/S\(0\),B · B,S\(1\) → S\(0\),S\(1\).*(best of \d+|set by user)/);
  });

  it("gives the bytes of each collective, their sums by axis and in all", () => {
    for (const c of plan.collectives) {
      const row = text.split("\n").find((line) => line.includes(` ${count(c.bytes)} `) && line.includes(c.kind));
      expect(row, c.name).toContain(c.axis);
    }
    const sum = (axis?: string) =>
      plan.collectives.filter((c) => axis === undefined || c.axis === axis).reduce((n, c) => n + c.bytes, 0);
    expect(text).toContain(`model ${count(sum("model"))} B`);
    expect(text).toContain(`data ${count(sum("data"))} B`);
    expect(text).toContain(`in all ${count(sum())} B`);
  });

  it("lists every task once in its order, and one row for ranks that need the same memory", () => {
    const schedule = text.split("Schedule")[1]!.split("\n\n")[0]!.split("\n").slice(2);
    expect(schedule.map((line) => Number(line.trim().split(" ")[0]))).toEqual([...plan.tasks.keys()]);
    const memory = text.split("Memory of a rank\n")[1]!.split("\n");
    expect(memory).toHaveLength(2);
    expect(memory[1]).toContain("0–3");
  });

  it("names for each parameter, input and boxed tensor its layout, the next best, and what that would cost", () => {
    const layouts = text.split("Layouts:")[1]!.split("\n\n")[0]!;
    const row = (name: string) => layouts.split("\n").find((line) => line.trimStart().startsWith(`${name} `))!;
    expect(row("fc1.weight")).toMatch(/param +B,S\(1\) +– +set by user/);
    expect(row("fc1.bias")).toMatch(/param +B,S\(0\) +\S.* {2}[+−].* (boxing|compute)/);
    expect(layouts).toMatch(/ boxed +\S+ +\S.* {2}\+/);
    for (const { rivals } of plan.choices)
      for (const rival of rivals ?? []) if (rival) expect(rival.compute + rival.boxing).toBeGreaterThanOrEqual(0);
  });

  it("says which layouts the user set: not those at the ends of what an op is expanded to", () => {
    const mesh = placement("cpu", { model: 4 });
    const inputs = { x: mesh.input([64, 65536], "float32", { model: S(1) }) };
    const g = graph(mesh, { name: "ends", inputs }, ({ x }) => ({
      y: x
        .exp()
        .to(mesh, { model: S(1) })
        .softmax(1),
    }));
    const rows = compile(g).explain().split("\n");
    const ends = rows.filter((row) => /^ {2}softmax\.to/.test(row));
    expect(ends.length).toBeGreaterThan(0);
    for (const row of ends) expect(row).toMatch(/the only one$/);
    expect(rows.find((row) => /^ {2}to /.test(row))).toMatch(/set by user$/);
    expect(rows.find((row) => /^ {2}x +input/.test(row))).toMatch(/set by user$/);
  });

  it("counts the tensors that it leaves out of the table of layouts", () => {
    const layouts = text.split("Layouts:")[1]!.split("\n\n")[0]!;
    expect(layouts).toMatch(/\n {2}\d+ others lie as the ops above say$/);
  });

  it("is at most 120 characters wide, and the same each time", () => {
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
    expect(explain(mlp())).toBe(text);
  });

  it("says so when nothing moves", () => {
    expect(explain(mlp({ data: 1, model: 1 }))).toContain("nothing moves between ranks");
  });
});

describe("numbers", () => {
  it.each([
    [bytes(0), "0 B"],
    [bytes(999), "999 B"],
    [bytes(1000), "1.00 KB"],
    [bytes(999_999), "1.00 MB"],
    [bytes(3_276_800), "3.28 MB"],
    [seconds(2.5e-9), "2.50 ns"],
    [seconds(0.0123), "12.3 ms"],
    [seconds(61), "61.0 s"],
    [count(1234567), "1,234,567"],
    [count(999), "999"],
    [ranges([3, 0, 1, 2, 7, 5]), "0–3,5,7"],
    [ranges([0, 1]), "0,1"],
    [shorten("abcdef", 4), "abc…"],
    [shorten("abcd", 4), "abcd"],
  ])("%s is written as %s", (written, expected) => {
    expect(written).toBe(expected);
  });

  it("stand in aligned columns", () => {
    const rows = table(
      [{ title: "a" }, { title: "number", right: true }],
      [
        ["one", "1"],
        ["three", "1,000"],
      ],
    );
    expect(rows).toEqual(["  a      number", "  one         1", "  three   1,000"]);
  });
});
