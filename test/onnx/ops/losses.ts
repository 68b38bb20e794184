/** @file Losses against class ids, and what a training step and dropout do. */
import { emit, type Loose, where } from "../loose.ts";
import { range, type Site, type Table, Uncovered } from "../site.ts";

/** Class ids with −1, which is none, for those to be ignored. */
const targets = (s: Site): Loose => {
  const [given, ignored] = [s.x(1), s.node.attrs.ignore_index];
  return (typeof ignored === "number" ? where(given.equal(ignored), -1, given) : given).cast("int32");
};

/** Losses of all rows weighed by class and reduced; ids that are none have weight 0. */
function reduced(s: Site, losses: Loose, ids: Loose): Loose {
  const weights = s.has(2) ? s.x(2).gather(ids) : ids.greaterEqual(0).cast("float32");
  const weighed = losses.mul(weights);
  const total = (x: Loose) => emit("sum", [x], { dims: range(x.shape.length), keep: false });
  const mode = s.text("reduction", "mean");
  if (mode === "none") return weighed;
  return mode === "sum" ? total(weighed) : total(weighed).div(total(weights));
}

export const losses: Table = {
  Dropout(s) {
    const ratio = s.has(1) ? s.data(1)[0]! : s.float("ratio", 0.5);
    if (s.has(2) && s.data(2)[0] && ratio > 0) throw new Uncovered("random numbers of NumPy's generator");
    const kept = s.fill("float32", s.shape(0), 1).cast("bool");
    return [emit("to", [s.x(0)], { layout: null }), kept];
  },
  /** The log-probability of each row's class. */
  NegativeLogLikelihoodLoss(s) {
    const ids = targets(s);
    const picked = s.x(0).takeAlong(ids.unsqueeze(1), 1).squeeze(1);
    return reduced(s, picked.neg(), ids);
  },
  SoftmaxCrossEntropyLoss(s) {
    const [x, ids] = [s.x(0), targets(s)];
    const order = range(x.shape.length).toSpliced(1, 1).concat(1);
    const losses = emit("softmaxCrossEntropy", [x.permute(order), ids]);
    const all = [reduced(s, losses, ids)];
    return s.node.outputs.length > 1 ? [...all, x.logSoftmax(1)] : all;
  },
};

/** The tensors of a training step come in groups: all X, all G, all of the first statistic, … */
function groups(s: Site, kinds: number): { rate: number; step: number; of: Loose[][] } {
  const n = (s.node.inputs.length - 2) / kinds;
  const of = range(n).map((i) => range(kinds).map((kind) => s.x(2 + kind * n + i)));
  return { rate: s.data(0)[0]!, step: s.data(1)[0]!, of };
}

/** Results by tensor to results by kind. */
const byKind = (found: readonly (readonly Loose[])[]): Loose[] =>
  range(found[0]!.length).flatMap((k) => found.map((row) => row[k]!));

/** The gradient with the decay of its tensor. */
const decayed = (s: Site, x: Loose, g: Loose): Loose => g.add(x.mul(s.float("norm_coefficient", 0)));

export const optimizers: Table = {
  Adagrad(s) {
    const { rate, step, of } = groups(s, 3);
    const now = rate / (1 + step * s.float("decay_factor", 0));
    return byKind(
      of.map(([x, g, h]) => {
        const gradient = decayed(s, x!, g!);
        const squares = h!.add(gradient.square());
        return [x!.sub(gradient.mul(now).div(squares.sqrt().add(s.float("epsilon", 1e-6)))), squares];
      }),
    );
  },
  Adam(s) {
    const { rate, step, of } = groups(s, 4);
    const [alpha, beta] = [s.float("alpha", 0.9), s.float("beta", 0.999)];
    const now = step > 0 ? (rate * Math.sqrt(1 - beta ** step)) / (1 - alpha ** step) : rate;
    return byKind(
      of.map(([x, g, v, h]) => {
        const gradient = decayed(s, x!, g!);
        const mean = v!.mul(alpha).add(gradient.mul(1 - alpha));
        const squares = h!.mul(beta).add(gradient.square().mul(1 - beta));
        const moved = x!.sub(mean.mul(now).div(squares.sqrt().add(s.float("epsilon", 1e-6))));
        return [moved.mul(1 - s.float("norm_coefficient_post", 0)), mean, squares];
      }),
    );
  },
  Momentum(s) {
    const { rate, step, of } = groups(s, 3);
    const [alpha, beta] = [s.float("alpha", 0.9), step > 0 ? s.float("beta", 1) : 1];
    return byKind(
      of.map(([x, g, v]) => {
        const gradient = decayed(s, x!, g!);
        const velocity = v!.mul(alpha).add(gradient.mul(beta));
        const along = s.text("mode", "standard") === "nesterov" ? gradient.add(velocity.mul(alpha)) : velocity;
        return [x!.sub(along.mul(rate)), velocity];
      }),
    );
  },
};

/** `ij,jk->ik`: every letter a dim, the operands broadcast and multiplied, the letters that are left out summed. */
export function einsum(s: Site): Loose {
  const equation = s.text("equation", "").replaceAll(" ", "");
  const shape = s.shape(0);
  if (equation === "...ii->...i") {
    const n = shape.at(-1)!;
    const flat = s.x(0).reshape([...shape.slice(0, -2), n * n]);
    return flat.gather(
      s.feed(
        "int32",
        [n],
        range(n).map((i) => i * (n + 1)),
      ),
      shape.length - 2,
    );
  }
  const [left, right] = equation.split("->") as [string, string | undefined];
  const terms = left.split(",").map((term) => [...term]);
  if (terms.some((term) => term.includes(".") || new Set(term).size < term.length))
    throw new Uncovered(`no einsum ${equation}`);
  const letters = [...new Set(terms.flat())];
  const once = letters.filter((x) => terms.flat().filter((y) => y === x).length === 1).sort();
  const out = right === undefined ? once : [...right];
  const all = [...out, ...letters.filter((x) => !out.includes(x))];
  const spread = terms.map((term, i) => {
    const own = all.filter((x) => term.includes(x));
    const shape = all.map((x) => (term.includes(x) ? s.shape(i)[term.indexOf(x)]! : 1));
    return s
      .x(i)
      .permute(own.map((x) => term.indexOf(x)))
      .reshape(shape);
  });
  const whole = spread.reduce((a, b) => a.mul(b));
  const summed = range(all.length).slice(out.length);
  return summed.length ? emit("sum", [whole], { dims: summed, keep: false }) : whole;
}
