/** @file What does not fit is said where the user's call stands, with the numbers and the next step. */
import { compile, concat, graph, type Tensor } from "sluice";
import { describe, expect, test } from "vitest";
import { mesh, thrown } from "./support.ts";

type F = Tensor<["batch", 6], "float32">;
type I = Tensor<["batch"], "int32">;

const built = (body: (x: F, ids: I) => Tensor) =>
  graph(
    mesh,
    { name: "g", inputs: { x: mesh.input(["batch", 6], "float32"), ids: mesh.input(["batch"], "int32") } },
    ({ x, ids }) => ({ y: body(x, ids) }),
  );

const wrong: readonly (readonly [what: string, (x: F, ids: I) => Tensor, code: string, message: RegExp])[] = [
  [
    "bounds the wrong way round",
    (x) => x.clamp(1, 0),
    "SL1080",
    /^clamp\(x: f32\[batch,6\]\): the bounds 1 and 0 hold no/,
  ],
  ["a bound that is no number", (x) => x.clamp(Number.NaN, 0), "SL1080", /NaN and 0/],
  [
    "another number of elements",
    (x) => x.reshape(["batch", 7]),
    "SL1081",
    /\[batch,6\] has batch × 6 elements, \[batch,7\] batch × 7/,
  ],
  ["a name that is lost", (x) => x.reshape([6]), "SL1081", /batch × 6 elements, \[6\] 6/],
  ["a dim that is not 1", (x) => x.squeeze(1), "SL1081", /batch × 6 elements/],
  ["a dim twice", (x) => x.permute([0, 0]), "SL1082", /\[0,0\] is no order of 2 dims.*name each of 0, 1 once/s],
  [
    "a range past the end",
    (x) => x.slice(1, 2, 7),
    "SL1083",
    /no range \[2,7\) of dim 1, which has 6.*0 ≤ start ≤ stop ≤ 6/s,
  ],
  ["a range backwards", (x) => x.slice(1, 4, 2), "SL1083", /\[4,2\)/],
  [
    "the rest of a dim with a name",
    (x) => x.slice(0, 2),
    "SL1083",
    /where dim 0 ends is not known yet, it is named batch/,
  ],
  ["a padding less than nothing", (x) => x.pad(1, -1, 0), "SL1084", /cannot pad dim 1 with -1 and 0/],
  ["a padded name", (x) => x.pad(0, 1, 0), "SL1085", /dim 0 is "batch", a name.*as a number/s],
  [
    "joined names",
    (x) => concat([x, x], 0),
    "SL1085",
    /^concat\(x: f32\[batch,6\], x: f32\[batch,6\]\): dim 0 is "batch"/,
  ],
  [
    "joined shapes that differ",
    (x) => concat([x.slice(0, 0, 2), x.slice(0, 0, 3)], 1),
    "SL1086",
    /\[2,6\] and \[3,6\] differ beyond dim 1/,
  ],
  [
    "ids of another shape",
    (x, ids) => x.takeAlong(ids.unsqueeze(1).slice(0, 0, 2), 1),
    "SL1086",
    /\[batch,6\] and \[2,1\]/,
  ],
  [
    "rows of another shape",
    (x, ids) => x.slice(0, 0, 3).scatterAdd(ids as never, 3),
    "SL1087",
    /want rows \[batch,6\], got \[3,6\]/,
  ],
  ["no number of classes", (_, ids) => ids.oneHot(-1), "SL1088", /-1 is no number of classes/],
  ["more than there are", (x) => x.topK(7, 1).values, "SL1089", /dim 1 has no 7 largest elements, it has 6/],
  ["nothing to join", () => concat([] as never, 0 as never) as Tensor, "SL1090", /^concat: there are no tensors/],
  [
    "a truth value in a comparison",
    (x) => (x.greater(0) as never as F).less(x.greater(0) as never),
    "SL1012",
    /takes numbers, got bool/,
  ],
];

describe("refused where it is written", () => {
  test.each(wrong)("%s", (_, body, code, message) => {
    const error = thrown(() => built(body));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.at).toMatch(/^test\/graph\/element-errors\.test\.ts:\d+/);
  });

  test("and what only a number can tell, when it is bound, still with that line", () => {
    const g = built((x) => x.slice(0, 0, 9));
    expect(() => compile(g, { dims: { batch: 12 } })).not.toThrow();
    const error = thrown(() => compile(g, { dims: { batch: 8 } }));
    expect(error.code).toBe("SL1083");
    expect(error.message).toMatch(
      /slice\(x: f32\[8,6\]\): there is no range \[0,9\) of dim 0, which has 8 · at test\/graph/,
    );
  });
});
