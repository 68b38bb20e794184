/** @file Every op that ONNX can say, run by onnxruntime: the same numbers, at two sizes of the named dims from one file. */
import { array, compile, graph, launch, type NdArray, toOnnx } from "sluice";
import { beforeAll, describe, expect, test } from "vitest";
import { opKinds } from "../../src/graph/registry.ts";
import { toElements } from "../../src/ir/element.ts";
import { type Any, cases, feeds, inputs, mesh } from "./cases.ts";
import { expectSame, load } from "./runtime.ts";

const names = Object.keys(cases);
const built = graph(mesh, { name: "ops", inputs, mode: "eval" }, (t) =>
  Object.fromEntries(names.map((name) => [name, cases[name]!(t)])),
);
const sizes = [
  { batch: 7, seq: 5 },
  { batch: 2, seq: 3 },
];
const expected: Readonly<Record<string, NdArray | number>>[] = [];
const states = new Map<string, NdArray>();

beforeAll(async () => {
  for (const dims of sizes) {
    await using session = await launch(compile(built as Any, { dims } as Any));
    for (const name of session.states.names) states.set(name, await session.states.read(name));
    for await (const step of session.run([feeds(dims.batch, dims.seq)] as Any)) expected.push(step as Any);
  }
});

/** Steps have numbers for tensors of no dims. */
const tensorOf = (name: string, value: NdArray | number): NdArray => {
  const { dtype } = built.outputs[name]!;
  return typeof value === "number" ? array([], dtype, toElements(dtype, [value])) : value;
};

describe("onnxruntime gives what Sluice gives", () => {
  test.each(names)("%s", async (name) => {
    const read = async (state: string) => states.get(state)!;
    const model = await load(await toOnnx(built, { outputs: [name], states: { names: [...states.keys()], read } }));
    for (const [i, { batch, seq }] of sizes.entries()) {
      const found = await model.run(feeds(batch, seq));
      expectSame(found[name], tensorOf(name, expected[i]![name]!));
    }
  });
});

test("every op has a case, but those of backward passes, updates and the compiler, and what is drawn", () => {
  const covered = new Set(built.logical.ops.map(({ kind }) => kind));
  const absent = opKinds().filter((kind) => !covered.has(kind) && !kind.includes("Grad"));
  expect(absent.sort()).toEqual([
    "adamW",
    "addAlong",
    "assign",
    "blend",
    "dropout", // below, in a network
    "increment",
    "lambDirection",
    "minimize",
    "nonFinite",
    "random",
    "sgd",
    "topKBlocks",
    "trustedRate",
  ]);
});
