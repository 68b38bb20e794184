import { compile, graph, nn, placement, S } from "sluice";
import { describe, expect, it } from "vitest";
import { explain } from "../../src/view/explain/explain.ts";
import { bytes, count, ranges, seconds, shorten, table, wrap } from "../../src/view/format.ts";
import { mlp } from "./plans.ts";

const plan = mlp();
const text = explain(plan);
const sectionOf = (all: string, title: string) => all.split(`${title}`)[1]!.split("\n\n")[0]!;
const lines = (section: string, name: string) => section.split("\n").filter((line) => line.startsWith(`  ${name} `));
const lineOf = (start: string) => text.split("\n").find((line) => line.trimStart().startsWith(start)) ?? "";

describe("explain", () => {
  it("names the plan, its mesh and its hash", () => {
    expect(text.split("\n")[0]).toBe(`plan tiny · ${plan.hash.slice(0, 12)} · seed 0`);
    expect(text).toContain("cpu {data: 2, model: 2} on ranks 0,1,2,3");
  });

  it("gives each parameter its layout and moments", () => {
    expect(lineOf("fc1.weight").split(/ {2,}/).slice(1)).toEqual(["fc1.weight", "f32[784,512]", "B,S(1)", "m, v"]);
    expect(text).toContain("407,050 elements");
  });

  it("gives every op with inputs its signature and the reason", () => {
    expect(lines(sectionOf(text, "Signatures"), "fc1.matmul")[0]).toMatch(
      /S\(0\),B · B,S\(1\) → S\(0\),S\(1\).*(best of \d+|set by user)/,
    );
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
    const schedule = sectionOf(text, "Schedule").split("\n").slice(2);
    const places = schedule.flatMap((line) => /^ +(\d+) {2}\S/.exec(line)?.[1] ?? []);
    expect(places.map(Number)).toEqual([...plan.tasks.keys()]);
    expect(
      sectionOf(text, "Memory of a rank")
        .split("\n")
        .filter((line) => line.startsWith("  0–3 ")),
    ).toHaveLength(1);
  });

  it("names for every tensor its layout, what it takes, the next best, and by what that lost", () => {
    const layouts = sectionOf(text, "Tensors");
    const row = (name: string) => layouts.split("\n").find((line) => line.trimStart().startsWith(`${name} `))!;
    expect(row("fc1.weight")).toMatch(/ B,S\(1\) +803 KB +– +– +set by user$/);
    expect(row("fc1.bias")).toMatch(/ B,S\(0\) +1\.02 KB .* −358 ns +\+6\.05 µs +−512 B$/);
    expect(row("fc2.add")).toMatch(/ S\(0\),B +2\.56 KB +\d+ ns +[\d.]+ µs +S\(0\),S\(0\): boxing /);
    for (const { op, outs, rivals, fixed, candidates } of plan.choices) {
      for (const rival of rivals ?? []) if (rival) expect(rival.compute + rival.boxing).toBeGreaterThanOrEqual(0);
      if (outs.length > 1 || op.length > 18) continue; // several rows, or perhaps several lines
      const found = lines(layouts, op);
      expect(found, op).toHaveLength(1);
      if (fixed) expect(found[0]).toMatch(/set by user$/);
      else if (candidates > 1 && rivals?.[0]) expect(found[0]).toMatch(/ [+−–]\S*( \S+)?$/);
      else expect(found[0]).toMatch(/(the only one|no other nearby)$/);
    }
  });

  it("folds repeated blocks into one row, and leaves no name out", () => {
    const mesh = placement("cpu", { data: 2 });
    const layers = Array.from({ length: 12 }, () => nn.sequential(nn.linear(16, 16), nn.relu()));
    const net = nn.sequential(...(layers as [(typeof layers)[0]]));
    const g = graph(mesh, { name: "deep", model: net, inputs: { x: mesh.input([8, 16], "float32") } }, ({ x }) => ({
      y: net(x),
    }));
    const deep = compile(g);
    for (const title of ["Boxing", "Schedule"]) {
      const rows = sectionOf(deep.explain(), title).split("\n").slice(2);
      expect(rows.filter((row) => /^ *\S/.test(row)).length, title).toBeLessThan(30);
    }
    const tensors = sectionOf(deep.explain(), "Tensors");
    expect(tensors).toMatch(/ 0–11\.0\.bias ×12 /);
    const times = tensors
      .split("\n")
      .slice(3)
      .map((line) => / ×(\d+)/.exec(line)?.[1] ?? (/^ {2}\S/.test(line) ? 1 : 0));
    expect(times.reduce((sum: number, n) => sum + Number(n), 0)).toBe(deep.data.choices.length);
  });

  it("says how near memory comes to its limit, and what lies otherwise because of it", () => {
    expect(sectionOf(text, "Memory")).toMatch(
      /5\.4\d MB of 1\.07 GB \(0\.50\d %; the limit is the device's, shared by 4 ranks\)/,
    );
    expect(sectionOf(text, "Memory")).toContain("No layout gave way to the limit");
    const mesh = placement("cpu", { d: 4 });
    const net = nn.linear(512, 512, { name: "fc" });
    const inputs = { x: mesh.input([64, 512], "float32", { d: S(0) }) };
    const g = graph(mesh, { name: "limited", model: net, inputs }, ({ x }) => ({ y: net(x) }));
    const limit = Math.floor(compile(g).memory[0]!.bytes * 0.8);
    const tight = compile(g, { memory: limit }).explain();
    expect(sectionOf(tight, "Memory")).toMatch(/\(\d+\.\d %; the limit is the option memory\)/);
    expect(sectionOf(tight, "Memory")).toMatch(/lie otherwise than is cheapest:\n.*\n +fc\.weight +S\([01]\) +B\n/);
    expect(lines(sectionOf(tight, "Tensors"), "fc.weight")[0]).toContain(", too large");
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
    for (const name of ["to", "x"]) expect(rows.find((row) => row.startsWith(`  ${name} `))).toMatch(/set by user$/);
  });

  it("cuts nothing: long names go on in the next line", () => {
    for (const { name } of plan.collectives) expect(text.replace(/\n +/g, "")).toContain(name);
    const mesh = placement("cpu", { data: 2 });
    const name = Array.from({ length: 30 }, (_, i) => `level${i}`).join(".");
    const net = nn.linear(4, 4, { name });
    const inputs = { x: mesh.input([4, 4], "float32", { data: S(0) }) };
    const g = graph(mesh, { name: "long", model: net, inputs }, ({ x }) => ({ y: net(x) }));
    const tensors = sectionOf(compile(g).explain(), "Tensors").split("\n");
    const left = tensors.map((line) => /^ {2}(\S*)/.exec(line)?.[1] ?? "").join("");
    expect(left).toContain(`${name}.weight`);
    for (const line of tensors) expect(line.length).toBeLessThanOrEqual(120);
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

  it("break where words and parts of names do", () => {
    expect(wrap("one, two three", 10)).toEqual(["one,", "two three"]);
    expect(wrap("block.weight", 8)).toEqual(["block.", "weight"]);
    expect(wrap("abcdefgh", 3)).toEqual(["abc", "def", "gh"]);
    expect(wrap("abc def", 3)).toEqual(["abc", "def"]);
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
