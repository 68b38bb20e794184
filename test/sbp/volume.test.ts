/**
 * @file The table of boxing volumes of the OneFlow paper, reproduced: formula, planned and counted. `BOXING_DOCS=write`
 * writes docs/boxing.md; otherwise the page must be what would be written.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startSession } from "../../src/actors/session.ts";
import { B, P, S, type Sbp, showSbp } from "../../src/ir/layout.ts";
import type { PlacementData } from "../../src/ir/placement.ts";
import { edgesOf } from "../../src/sbp/edges.ts";
import { execute, scatter } from "./support/arrays.ts";
import { generator, layoutOn, mesh, type Pair, product } from "./support/meshes.ts";
import { feedsOf, type Move, planOf } from "./support/moves.ts";
import { bytes, check, checked } from "./support/plans.ts";

/** What the page says before its tables. */
const about = `# Boxing

A boxing takes a tensor from one placement and layout to another. \`planBoxing\` says how, and what it costs; \`.to(…)\` does it, in a graph and on a global tensor.

## The text of a plan

\`S(0),B → B,B → B,S(1)\` are the layouts that a tensor passes by, each one step from the next. A layout has one SBP for each mesh axis, in the mesh's order: here it is split along dim 0 over the first axis and whole along the second. Where several axes split one dim in another order than the mesh's, the order is written out, outermost first: \`{model: S(0), data: S(0)}\`. Where the placement changes it is named: \`cpu[0-3] P(sum),B → cpu[4,5] S(0)\`.

## What a step costs

The α-β model (Hockney, 1994). A step takes

    α(memory) + β(memory) · bytes that the busiest rank writes
    + α(link) + β(link) · bytes that the busiest rank receives

and the second line is nothing where no byte passes between ranks. A collective runs along one mesh axis, over that axis's link: \`links.axes\` by name, else \`links.remote\` where a group of the axis spans two hosts, else \`links.local\`. In a transfer each pair of ranks has the link of its hosts, and the busiest rank counts what it receives or what it sends, whichever takes longer. So an axis inside hosts is cheaper than one across, and a path may reduce inside hosts before it crosses. \`links.host\` says which rank is on which host. Without \`links\` all ranks share one memory: 5 µs and 10 GB/s a link, 1 µs to start a step. These rank plans; they promise no time.

\`objective: "time"\`, the default, makes that sum least, and among equals the bytes; \`"bytes"\` makes bytes least, and among equals the time. Then fewer steps, then the smaller text: the same request has the same plan everywhere.

## Among what it is the cheapest

- Steps: all-gather, all-to-all, reduce-scatter, all-reduce, slice and fill along one axis, and transfers, in which each rank takes what it misses from ranks that have it.
- Splits by hand and zigzag are kept by inputs, by \`.to(…)\` and by global tensors; ops compute on balanced splits, so a tensor that is to be computed with is moved first, and parameters that train are split evenly.
- Layouts on the way: those made of balanced splits of each dim, B, and the SBPs that the two ends name (splits by hand, P), in every order of the axes; partial by several monoids only where an end is.
- First on the source's placement, then on the target's, on no third one.
- Where there are more than 1,000 such layouts on a placement, collectives still go by all of them, and a transfer goes to the target, or on its placement to what is one SBP away from it.

Within these no path is cheaper: small meshes are checked against an exhaustive search. \`.to(…)\` and \`planBoxing\` use all of them. What an op's layouts imply within a placement is boxed by the cheapest sequence of collectives, without transfers; from one placement to another there is always a transfer.

# Boxing volumes`;

const file = fileURLToPath(new URL("../../docs/boxing.md", import.meta.url));

type Volume = (p: number, T: number, q: number) => number;
interface Row {
  readonly from: Sbp;
  readonly to: Sbp;
  /** On p ranks, and from p ranks to q others; T bytes. */
  readonly same: readonly [text: string, Volume];
  readonly other: readonly [text: string, Volume];
}
const none: Row["same"] = ["0", () => 0];
const once: Row["other"] = ["T", (_, T) => T];
const rows: readonly Row[] = [
  { from: S(0), to: S(0), same: none, other: once },
  { from: S(0), to: S(1), same: ["(p−1)/p · T", (p, T) => ((p - 1) / p) * T], other: once },
  { from: S(0), to: B, same: ["(p−1) · T", (p, T) => (p - 1) * T], other: ["q · T", (_, T, q) => q * T] },
  { from: S(0), to: P(), same: none, other: once },
  { from: B, to: S(0), same: none, other: once },
  { from: B, to: B, same: none, other: ["q · T", (_, T, q) => q * T] },
  { from: B, to: P(), same: none, other: once },
  { from: P(), to: S(0), same: ["(p−1) · T", (p, T) => (p - 1) * T], other: ["p · T", (p, T) => p * T] },
  {
    from: P(),
    to: B,
    same: ["2(p−1) · T", (p, T) => 2 * (p - 1) * T],
    other: ["(p+q−1) · T", (p, T, q) => (p + q - 1) * T],
  },
  { from: P(), to: P(), same: none, other: ["p · T", (p, T) => p * T] },
];

const [p, q] = [4, 2];
const here = mesh([p]);
const away = mesh([q], [6, 7]);
const side = (placement: PlacementData, ...sbps: Sbp[]) => ({ placement, layout: layoutOn(placement, sbps) });
const count = (n: number) => n.toLocaleString("en-US");

/** Counts bytes in the kernels: all plans run in one session, whose first only claims the ranks. */
async function ranBytes(pairs: readonly Pair[]): Promise<number[]> {
  const value = (shape: readonly number[]) => Array.from({ length: product(shape) }, (_, i) => i);
  const moves = pairs.map((pair): Move => ({ ...pair, name: "x", dtype: "float32", value: value(pair.shape) }));
  const all = mesh([8]);
  const first: Move = { ...moves[0]!, from: side(all, B), to: side(all, S(0)) };
  await using session = await startSession(planOf([first]), { threads: 2 });
  const counted: number[] = [];
  for (const move of moves) {
    const plan = planOf([move]);
    const runner = await session.load(plan);
    for await (const { outputs } of runner.run([feedsOf([move], generator(7))]))
      expect([...outputs.x!.data]).toEqual(move.value);
    counted.push(session.traffic(plan.hash).reduce((sum, { bytes }) => sum + bytes, 0));
  }
  return counted;
}

/** Bytes of the byte-optimal plan, those counted when it was run, and its text. */
function planned(shape: readonly number[], from: ReturnType<typeof side>, to: ReturnType<typeof side>) {
  const plan = check({ shape, from, to }, bytes);
  return { bytes: plan.bytes, counted: checked.lastBytes, text: plan.text };
}

async function table(shape: readonly number[], target: PlacementData, even: boolean): Promise<string[]> {
  const T = product(shape) * 4;
  const one = target === here;
  const ran = await ranBytes(rows.map(({ from, to }) => ({ shape, from: side(here, from), to: side(target, to) })));
  return rows.map((row, i) => {
    const [text, volume] = one ? row.same : row.other;
    const { bytes: exact, counted, text: path } = planned(shape, side(here, row.from), side(target, row.to));
    if (even) expect(exact, path).toBe(volume(p, T, q));
    const what = `${showSbp(row.from)} → ${showSbp(row.to)}`;
    return `| ${what} | ${text} | ${count(Math.round(volume(p, T, q)))} | ${count(exact)} | ${count(counted)} | ${count(ran[i]!)} | \`${path}\` |`;
  });
}

const head = (title: string) => [
  `| ${title} | formula | by formula | planned | counted | run | path |`,
  "| --- | --- | ---: | ---: | ---: | ---: | --- |",
];

/** (B,S(0)) → (S(0),S(0)) on meshes of a × m. */
function nested(): string[] {
  return [
    [12, 2, 2],
    [12, 2, 3],
    [6, 3, 2],
    [7, 3, 2],
    [5, 2, 2],
  ].map(([n, a, m]) => {
    const on = mesh([a!, m!]);
    const shape = [n!, 2];
    const { bytes: exact, counted } = planned(shape, side(on, B, S(0)), side(on, S(0), S(0)));
    const T = product(shape) * 4;
    return `| ${a} × ${m} | ${shape.join(" × ")} | ${count(T)} | ${count(exact)} | ${count(counted)} | ${(exact / T).toFixed(4)} |`;
  });
}

async function page(): Promise<string> {
  const even = [16, 16];
  const uneven = [7, 5];
  return [
    "<!-- Written by npm run docs:boxing from test/sbp/volume.test.ts. -->",
    "",
    about,
    "",
    "Table 2 of the OneFlow paper (arXiv 2110.15032) gives the bytes that a change of layout moves in all, for a tensor of",
    "T bytes on p ranks, and from p ranks to q others. Here are its formulas beside what the planner says with",
    '`objective: "bytes"`, and what was counted, element by element, when the plan was run on arrays. Planned and counted',
    "agree rank by rank and link by link; the formulas hold for even splits only, the planner's bytes always. What was run",
    "is `.to(…)` in a session, whose kernels count what crosses from rank to rank; it takes the path that is cheapest in",
    "time, which may move more bytes.",
    "",
    `## Even splits: float32[${even.join(",")}], T = ${count(product(even) * 4)}`,
    "",
    ...head(`the same ${p} ranks`),
    ...(await table(even, here, true)),
    "",
    ...head(`${p} ranks to ${q} others`),
    ...(await table(even, away, true)),
    "",
    `## Uneven splits: float32[${uneven.join(",")}], T = ${count(product(uneven) * 4)}`,
    "",
    ...head(`the same ${p} ranks`),
    ...(await table(uneven, here, false)),
    "",
    ...head(`${p} ranks to ${q} others`),
    ...(await table(uneven, away, false)),
    "",
    "## B,S(0) → S(0),S(0)",
    "",
    "The split of the second axis becomes the inner one of two, so parts move. It is (1 − 1/m) · T on even splits of a 2 × m",
    "mesh and T/3 on a 3 × 2 mesh: no closed form holds for all, and where splits are uneven only the boxes tell.",
    "",
    "| mesh | float32 | T | planned | counted | of T |",
    "| --- | --- | ---: | ---: | ---: | ---: |",
    ...nested(),
    "",
  ].join("\n");
}

test("docs/boxing.md is what is planned and counted; formulas hold on even splits", async () => {
  const text = await page();
  if (process.env.BOXING_DOCS === "write") writeFileSync(file, text);
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("the direct transfer of each row, run by itself, is counted as it says", () => {
  for (const { from, to } of rows)
    for (const target of [here, away, mesh([3], [2, 3, 4])]) {
      const shape = [7, 5];
      const sbps = [S(0), S(1), B, P()];
      const edges = edgesOf({ shape, dtype: "float32", from: here, to: target, model: bytes, alphabet: sbps });
      const [a, b] = [edges.source.place(layoutOn(here, [from]))!, edges.target.place(layoutOn(target, [to]))!];
      if (a === b) continue;
      const edge = edges.transfer(a, b);
      const value = [...new Array(product(shape)).keys()];
      const tensor = scatter(value, shape, here, a.layout, generator(3));
      const step = {
        kind: "p2p",
        source: here,
        placement: target,
        from: a.layout,
        to: b.layout,
        bytes: edge.bytes,
        time: 0,
      } as const;
      const done = execute({ ...step, received: [], transfer: edges.plan(a, b) }, tensor);
      expect(done.received).toEqual(edges.received(edge));
    }
});
