/**
 * @file Layer norm and RMS norm where the mesh splits a dim that they normalise over: each rank holds a piece of every
 * row, of the gain and of the bias. Means over rows are partial sums, and only these few numbers a row travel. Two
 * passes, as in the kernel: the variance is taken about the mean, so nothing cancels.
 */
import type { Attrs } from "../../ir/graph.ts";
import { S, type Sbp } from "../../ir/layout.ts";
import type { Site } from "../../sbp/rule.ts";
import { range } from "../dims.ts";
import type { Expansion, ExpansionSite } from "../op.ts";
import { emit, type Tensor } from "../tensor.ts";

type Along = ExpansionSite["along"];

/** Rows with mean 0 where they are centred and mean square 1, what they were scaled by, and means over rows. */
function normalised(x: Tensor, attrs: Attrs, centred: boolean, along: Along) {
  const lead = x.shape.length - (attrs.dims as number);
  const dims = range(x.shape.length).slice(lead);
  const mean = (t: Tensor) => along(emit("mean", [t], { dims, keep: true }), "B");
  const moved = centred ? emit("sub", [x, mean(x)]) : x;
  const variance = emit("affine", [mean(emit("square", [moved]))], { mul: 1, add: attrs.eps! });
  const scale = emit("reciprocal", [emit("sqrt", [variance])]);
  return { rows: emit("mul", [moved, scale]), scale, mean, lead };
}

/** Each normalised dim may be split; operands like the gain have these dims alone. */
const byColumn =
  (ins: readonly ("x" | "gain")[], out: "x" | "gain", rounds: number, build: Expansion["build"]) =>
  (site: Site): Expansion[] => {
    const rank = site.ins[0]!.shape.length;
    const lead = rank - (site.attrs.dims as number);
    return range(rank - lead).map((d) => {
      const split = (like: "x" | "gain"): Sbp => S(like === "x" ? lead + d : d);
      return { ins: ins.map(split), outs: [split(out)], rounds, build };
    });
  };

/** Boxings for the scale: the mean, where rows are centred, and the mean square. */
const scaling = (centred: boolean) => (centred ? 2 : 1);

export const splitNorm = (centred: boolean) =>
  byColumn(centred ? ["x", "gain", "gain"] : ["x", "gain"], "x", scaling(centred), ({ ins, attrs, along }) => {
    const [x, gain, bias] = ins;
    const y = emit("mul", [normalised(x!, attrs, centred, along).rows, gain!]);
    return [bias ? emit("add", [y, bias]) : y];
  });

/** dx = (g − mean g − h · mean(g · h)) · scale with g = dy · gain; without mean g where rows are not centred. */
export const splitNormGrad = (centred: boolean) =>
  byColumn(["x", "gain", "x"], "x", 2 * scaling(centred), ({ ins: [x, gain, dy], attrs, along }) => {
    const { rows, scale, mean } = normalised(x!, attrs, centred, along);
    const g = emit("mul", [dy!, gain!]);
    const across = centred ? emit("sub", [g, mean(g)]) : g;
    const tilt = emit("mul", [rows, mean(emit("mul", [g, rows]))]);
    return [emit("mul", [emit("sub", [across, tilt]), scale])];
  });

export const splitNormGradGain = (centred: boolean) =>
  byColumn(["x", "x"], "gain", scaling(centred), ({ ins: [x, dy], attrs, along }) => {
    const { rows, lead } = normalised(x!, attrs, centred, along);
    const slope = emit("mul", [dy!, rows]);
    return [lead ? emit("sum", [slope], { dims: range(lead), keep: false }) : slope];
  });
