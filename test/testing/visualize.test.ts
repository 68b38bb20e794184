import { compile, globalTensor, graph, type LaidOut, layout, nn, optim, P, placement, S, visualize } from "sluice";
import { describe, expect, it } from "vitest";

const mesh = placement("cpu", { data: 2, model: 2 });
const draw = (tensor: LaidOut) => visualize(tensor).split("\n");
const cells = (lines: readonly string[]) =>
  lines
    .filter((line) => line.includes("│"))
    .map((line) =>
      line
        .split("│")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe("a drawing of blocks", () => {
  it("is a table of two dims, with the ranks in each box and the places beside them", () => {
    expect(draw({ shape: [5, 4], placement: mesh, layout: { data: S(0), model: S(1) } })).toEqual([
      "float32[5, 4] {data: S(0), model: S(1)} on cpu {data: 2, model: 2}, ranks 0–3",
      "        0:2   2:4",
      "      ┌─────┬─────┐",
      "  0:3 │  0  │  1  │",
      "      ├─────┼─────┤",
      "  3:5 │  2  │  3  │",
      "      └─────┴─────┘",
    ]);
  });

  it("lists all ranks that hold a copy", () => {
    expect(draw({ shape: [6, 4], placement: mesh, layout: { data: S(0) } })).toEqual([
      "float32[6, 4] {data: S(0), model: B} on cpu {data: 2, model: 2}, ranks 0–3",
      "      ┌─────┐",
      "  0:3 │ 0,1 │",
      "      ├─────┤",
      "  3:6 │ 2,3 │",
      "      └─────┘",
    ]);
    expect(cells(draw({ shape: [6, 4], placement: mesh }))).toEqual([["0–3"]]);
    expect(cells(draw({ shape: [], placement: mesh }))).toEqual([["0–3"]]);
  });

  it("is a row of one dim, and of a last dim", () => {
    expect(cells(draw({ shape: [8], placement: mesh, layout: { model: S(0) } }))).toEqual([["0,2", "1,3"]]);
    expect(cells(draw({ shape: [3, 8], placement: mesh, layout: { model: S(1) } }))).toEqual([["0,2", "1,3"]]);
  });

  it("follows the order of axes, uneven sizes, blocks dealt out by hand, and ranks with other numbers", () => {
    const inner = layout(mesh, [
      ["model", S(0)],
      ["data", S(0)],
    ]);
    expect(cells(draw({ shape: [8], placement: mesh, layout: inner }))).toEqual([["0", "2", "1", "3"]]);
    const wide = placement("cpu", { data: 2 }, { ranks: [7, 4] });
    const at = (sbp: string) => draw({ shape: [8], placement: wide, layout: { data: sbp } });
    expect(at("S(0:5,3)")[1]).toMatch(/0:5 +5:8/);
    expect(cells(at("S(0:4/0,3|1,2)"))).toEqual([["7", "4", "4", "7"]]);
  });

  it("draws a table for each block of the dims before the last two that are split", () => {
    const cube = placement("cpu", { a: 2, b: 2, c: 2 });
    const lines = draw({ shape: [4, 3, 2, 6], placement: cube, layout: { a: S(0), b: S(2), c: S(3) } });
    expect(lines.filter((line) => line.includes("["))).toEqual([
      "float32[4, 3, 2, 6] {a: S(0), b: S(2), c: S(3)} on cpu {a: 2, b: 2, c: 2}, ranks 0–7",
      "  [0:2, :, :, :]",
      "  [2:4, :, :, :]",
    ]);
    expect(cells(lines)).toEqual([
      ["0", "1"],
      ["2", "3"],
      ["4", "5"],
      ["6", "7"],
    ]);
  });

  it("says what is partial, and who holds nothing", () => {
    const sums = draw({ shape: [4], placement: mesh, layout: { data: P(), model: S(0) } });
    expect(sums.at(-1)).toBe("  partial along data: the value is the sum of what its ranks hold");
    const wide = placement("cpu", { data: 4 });
    expect(draw({ shape: [2], placement: wide, layout: { data: S(0) } }).at(-1)).toBe("  ranks 2,3: nothing");
    expect(draw({ shape: [0, 2], placement: wide })[1]).toBe("  no elements");
  });

  it("leaves out the middle of many blocks", () => {
    const many = placement("cpu", { data: 1024 });
    const [row] = cells(draw({ shape: [2048], placement: many, layout: { data: S(0) } }));
    expect(row).toEqual(["0", "1", "2", "3", "4", "5", "…", "1019", "1020", "1021", "1022", "1023"]);
    expect(cells(draw({ shape: [2048, 4], placement: many, layout: { data: S(0) } }))).toHaveLength(12);
    const deep = placement("cpu", { a: 40, b: 2, c: 2 });
    const lines = draw({ shape: [40, 2, 2], placement: deep, layout: { a: S(0), b: S(1), c: S(2) } });
    const heads = lines.slice(1).filter((line) => line.includes(":, ") || line.includes(", :") || line.trim() === "…");
    expect(heads.map((line) => line.trim())).toEqual(
      [0, 1, 2, 3, 4, 5, -1, 35, 36, 37, 38, 39].map((n) => (n < 0 ? "…" : `[${n}:${n + 1}, :, :]`)),
    );
  });

  it("has colours only when it is told so or the terminal takes them", () => {
    const laid = { shape: [4], placement: mesh, layout: { data: S(0) } };
    const plain = visualize(laid, { color: false });
    expect(visualize(laid)).toBe(plain); // no terminal here
    const coloured = visualize(laid, { color: true });
    expect(coloured).toContain("\u001b[36m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they are
    expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(plain);
    const { isTTY } = process.stdout;
    try {
      process.stdout.isTTY = true;
      process.env.NO_COLOR = "";
      expect(visualize(laid)).toBe(coloured);
      process.env.NO_COLOR = "1";
      expect(visualize(laid)).toBe(plain);
    } finally {
      process.stdout.isTTY = isTTY;
      delete process.env.NO_COLOR;
    }
  });
});

describe("what can be drawn", () => {
  const net = nn.linear(6, 4, { name: "fc" });
  const inputs = { x: mesh.input(["batch", 6], "float32", { data: S(0) }) };
  const training = graph(mesh, { name: "small", model: net, inputs }, ({ x }, g) => {
    const loss = net(x).square().mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  });
  const plan = compile(training, { dims: { batch: 8 }, sharding: { "fc.weight": { model: S(1) } } });

  const drawn = (name: string) => visualize(plan, name).split("\n");

  it("global tensors and inputs", () => {
    const x = globalTensor([1, 2, 3, 4], [4], mesh, { model: S(0) });
    expect(visualize(x)).toBe(visualize({ shape: [4], placement: mesh.data, layout: { model: S(0) } }));
    const input = mesh.input([4, 2], "int32", { data: S(0) });
    expect(draw(input)[0]).toMatch(/^int32\[4, 2\] \{data: S\(0\), model: B\}/);
  });

  it("values of a plan: parameters, inputs, outputs, what ops give", () => {
    expect(drawn("fc.weight").slice(0, 1)).toEqual([
      "fc.weight: float32[6, 4] {model: S(1), data: B} on cpu {data: 2, model: 2}, ranks 0–3",
    ]);
    expect(cells(drawn("fc.weight"))).toEqual([["0,2", "1,3"]]);
    expect(cells(drawn("x"))).toEqual([["0,1"], ["2,3"]]);
    expect(cells(drawn("loss"))).toEqual([["0–3"]]);
    expect(drawn("fc.matmul")[0]).toMatch(/^fc\.matmul: float32\[8, 4\] \{data: S\(0\), model: S\(1\)\}/);
  });

  it("nothing else: the error says what", () => {
    expect(() => visualize(plan, "fc.wieght")).toThrow(/did you mean "fc\.weight".*SL1075/s);
    expect(() => visualize(inputs.x)).toThrow(/dim "batch".*SL1075/s);
    expect(() => visualize({} as never)).toThrow(/SL1075/);
    expect(() => visualize({ shape: [4], placement: mesh, layout: { dta: S(0) } })).toThrow(/did you mean "data"/);
    expect(() => visualize({ shape: [4], placement: mesh, layout: { data: S(1) } })).toThrow(/SL1023/);
    expect(() => visualize(plan, "x", { colour: true } as never)).toThrow(/SL1074/);
  });
});
