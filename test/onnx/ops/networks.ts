/** @file Products, windows and norms. */
import { emit, type Loose } from "../loose.ts";
import { dimOf, product, range, type Site, type Table, Uncovered } from "../site.ts";
import { reduceOver } from "./reductions.ts";

/** Windows over the spatial dims, and what is padded before and after each. */
interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** Beyond the padding, so that the last window is whole. */
  readonly ceil: readonly number[];
}

function windows(s: Site, kernel: readonly number[], dilations: readonly number[]): Windows {
  const space = s.shape(0).slice(2);
  const strides = s.ints("strides") ?? space.map(() => 1);
  const mode = s.text("auto_pad", "NOTSET");
  const wide = kernel.map((k, i) => (k - 1) * dilations[i]! + 1);
  const pads = s.ints("pads") ?? [];
  const same = space.map((n, i) => Math.max(0, (Math.ceil(n / strides[i]!) - 1) * strides[i]! + wide[i]! - n));
  const given = space.map((_, i) => [pads[i] ?? 0, pads[i + space.length] ?? 0] as const);
  const both = mode.startsWith("SAME")
    ? same.map((n) => (mode === "SAME_LOWER" ? [Math.ceil(n / 2), n >> 1] : [n >> 1, Math.ceil(n / 2)]))
    : given;
  const [before, after] = [both.map(([n]) => n!), both.map(([, n]) => n!)];
  const rest = space.map((n, i) => (n + before[i]! + after[i]! - wide[i]!) % strides[i]!);
  const ceil = rest.map((n, i) => (s.int("ceil_mode", 0) && n ? strides[i]! - n : 0));
  return { kernel, strides, before, after, ceil };
}

/** The image padded by hand, at the end as far as the last window reaches. */
const padded = (x: Loose, { before, after, ceil }: Windows, value: number): Loose =>
  before.reduce((y, n, i) => {
    const end = after[i]! + ceil[i]!;
    return n || end ? y.pad(i + 2, n, end, value) : y;
  }, x);

/** Windows over the last two dims; others have windows of one element. */
function pool2d(kind: string, x: Loose, kernel: readonly number[], strides: readonly number[]): Loose {
  return emit(kind, [x], { window: [...kernel], stride: [...strides], padding: [0, 0] });
}

/** Pooling in one, two or three dims, without padding. */
function pool(kind: string, x: Loose, { kernel, strides }: Windows): Loose {
  const [n, c, ...space] = x.shape as [number, number, ...number[]];
  if (space.length === 2) return pool2d(kind, x, kernel, strides);
  if (space.length === 1)
    return pool2d(kind, x.reshape([n, c, 1, space[0]!]), [1, ...kernel], [1, ...strides]).squeeze(2);
  if (space.length > 3) throw new Uncovered(`no windows in ${space.length} dims`);
  const planes = pool2d(kind, x, kernel.slice(1), strides.slice(1));
  const [, , d, h, w] = planes.shape as [number, number, number, number, number];
  const stacked = pool2d(kind, planes.reshape([n, c, d, h * w]), [kernel[0]!, 1], [strides[0]!, 1]);
  return stacked.reshape([n, c, stacked.shape[2]!, h, w]);
}

/** A maximum over windows with gaps: of the shifted images. */
function dilatedMax(x: Loose, { kernel, strides }: Windows, dilations: readonly number[]): Loose {
  if (strides.some((n) => n !== 1)) throw new Uncovered("no windows with gaps and strides");
  return kernel.reduce((y, k, i) => {
    const out = y.shape[i + 2]! - (k - 1) * dilations[i]!;
    const shifted = range(k).map((j) => y.slice(i + 2, j * dilations[i]!, j * dilations[i]! + out));
    return shifted.reduce((a, b) => a.maximum(b));
  }, x);
}

/** A vector over the channels of [N, C, …]. */
const overChannels = (vector: Loose, rank: number): Loose =>
  vector.reshape([vector.shape[0]!, ...range(rank - 2).map(() => 1)]);

/** (x − mean) · (scale / √(variance + ε)) + bias, all but x over the channels. */
function normalised(x: Loose, scale: Loose, bias: Loose, mean: Loose, variance: Loose, eps: number): Loose {
  const over = (vector: Loose) => (vector.shape.length === 1 ? overChannels(vector, x.shape.length) : vector);
  return x
    .sub(over(mean))
    .div(over(variance.add(eps).sqrt()))
    .mul(over(scale))
    .add(over(bias));
}

/** Mean and mean square deviation over dims. */
function moments(x: Loose, dims: readonly number[], keep: boolean): readonly [mean: Loose, variance: Loose] {
  const mean = reduceOver("mean", x, dims, true);
  const variance = reduceOver("mean", x.sub(mean).square(), dims, keep);
  return [keep ? mean : mean.reshape(variance.shape), variance];
}

/** Zeros between the elements of a dim. */
function spread(x: Loose, dim: number, gap: number): Loose {
  if (gap === 1) return x;
  const n = x.shape[dim]!;
  const apart = x.unsqueeze(dim + 1).pad(dim + 1, 0, gap - 1);
  return apart.reshape(x.shape.with(dim, n * gap)).slice(dim, 0, (n - 1) * gap + 1);
}

const spatial = (s: Site) => s.shape(0).slice(2);
const global = (kind: string) => (s: Site) => reduceOver(kind, s.x(0), range(s.shape(0).length).slice(2), true);

/** Convolution the other way round is the gradient of one to its image. */
function convTranspose(s: Site): Loose {
  const space = spatial(s);
  const [given, filters] = [s.x(0), s.x(1)];
  if (s.int("group", 1) !== 1) throw new Uncovered("no groups of channels");
  if (space.length > 2) throw new Uncovered("no convolution in 3 dims");
  const flat = space.length === 1;
  const [x, w] = flat ? [given.unsqueeze(2), filters.unsqueeze(2)] : [given, filters];
  const two = (list: readonly number[] | undefined, otherwise: number): number[] =>
    list ? (flat ? [otherwise, ...list] : [...list]) : [otherwise, otherwise];
  const stride = two(s.ints("strides"), 1);
  const [gaps, more] = [two(s.ints("dilations"), 1), two(s.ints("output_padding"), 0)];
  const dilated = gaps.reduce((y, gap, i) => spread(y, i + 2, gap), w);
  const [h, v] = x.shape.slice(2) as [number, number];
  const pads = s.ints("pads") ?? [0, 0, 0, 0];
  const full = [h, v].map((n, i) => (n - 1) * stride[i]! + dilated.shape[i + 2]! + more[i]!);
  const same = s.text("auto_pad", "NOTSET").startsWith("SAME") ? [h, v].map((n, i) => n * stride[i]!) : undefined;
  const wanted = s.ints("output_shape")?.slice(-2) ?? same;
  const before = full.map((n, i) => (wanted ? Math.trunc((n - wanted[i]!) / 2) : flat ? (pads[i - 1] ?? 0) : pads[i]!));
  const after = full.map((n, i) => (wanted ? n - wanted[i]! - before[i]! : flat ? (pads[i] ?? 0) : pads[i + 2]!));
  const whole = emit("conv2dGradInput", [dilated, x], { stride, padding: [0, 0], size: full });
  const cut = full.reduce((y, n, i) => {
    const [lo, hi] = [before[i]!, n - after[i]!];
    const grown = hi > n ? y.pad(i + 2, 0, hi - n) : y;
    return lo > 0 || hi < n ? grown.slice(i + 2, lo, hi) : grown;
  }, whole);
  return flat ? cut.squeeze(2) : cut;
}

const fold = (x: Loose, from: number): Loose => x.reshape([...x.shape.slice(0, from), product(x.shape.slice(from))]);

export const networks: Table = {
  AveragePool(s) {
    const w = windows(
      s,
      s.ints("kernel_shape")!,
      spatial(s).map(() => 1),
    );
    const mean = pool("avgPool2d", padded(s.x(0), w, 0), w);
    const whole = [...w.before, ...w.after, ...w.ceil].every((n) => n === 0);
    if (whole || s.int("count_include_pad", 0)) return mean;
    return mean.div(pool("avgPool2d", padded(s.fill("float32", s.shape(0), 1), w, 0), w));
  },
  BatchNormalization(s) {
    const [x, scale, bias, mean, variance] = s.all() as [Loose, Loose, Loose, Loose, Loose];
    const eps = s.float("epsilon", 1e-5);
    if (!s.int("training_mode", 0)) return normalised(x, scale, bias, mean, variance, eps);
    const keep = s.float("momentum", 0.9);
    const [own, spreadOf] = moments(x, range(x.shape.length).toSpliced(1, 1), false);
    const moved = (old: Loose, now: Loose) => old.mul(keep).add(now.mul(1 - keep));
    return [normalised(x, scale, bias, own, spreadOf, eps), moved(mean, own), moved(variance, spreadOf)];
  },
  Conv(s) {
    const dilations = s.ints("dilations") ?? [1, 1];
    if (spatial(s).length !== 2) throw new Uncovered(`no convolution in ${spatial(s).length} dims`);
    if (s.int("group", 1) !== 1) throw new Uncovered("no groups of channels");
    const w = windows(s, s.shape(1).slice(2), dilations);
    const even = w.before.every((n, i) => n === w.after[i]);
    const filters = dilations.reduce((y, gap, i) => spread(y, i + 2, gap), s.x(1));
    const image = even ? s.x(0) : padded(s.x(0), w, 0);
    const y = emit("conv2d", [image, filters], { stride: [...w.strides], padding: even ? [...w.before] : [0, 0] });
    return s.has(2) ? y.add(overChannels(s.x(2), 4)) : y;
  },
  ConvTranspose: convTranspose,
  Det(s) {
    const shape = s.shape(0);
    if (shape.at(-1) !== 2) throw new Uncovered(`no determinant of ${shape.at(-1)}×${shape.at(-1)}`);
    const last = shape.length - 1;
    const at = (i: number, j: number) =>
      s
        .x(0)
        .slice(last - 1, i, i + 1)
        .slice(last, j, j + 1)
        .reshape(shape.slice(0, -2));
    return at(0, 0)
      .mul(at(1, 1))
      .sub(at(0, 1).mul(at(1, 0)));
  },
  Gemm(s) {
    const side = (i: number, name: string) => (s.int(name, 0) ? s.x(i).transpose() : s.x(i));
    const product = side(0, "transA").matmul(side(1, "transB"));
    const [alpha, beta] = [s.float("alpha", 1), s.float("beta", 1)];
    const scaled = alpha === 1 ? product : product.mul(alpha);
    if (!s.has(2)) return scaled;
    return scaled.add(beta === 1 ? s.x(2) : s.x(2).mul(beta));
  },
  GlobalAveragePool: global("mean"),
  GlobalMaxPool: global("max"),
  InstanceNormalization(s) {
    const x = s.x(0);
    const [mean, variance] = moments(x, range(x.shape.length).slice(2), true);
    return normalised(x, s.x(1), s.x(2), mean, variance, s.float("epsilon", 1e-5));
  },
  LayerNormalization(s) {
    const [x, shape] = [s.x(0), s.shape(0)];
    const axis = dimOf(s.int("axis", -1), shape.length);
    const eps = s.float("epsilon", 1e-5);
    const y = emit("layerNorm", [x, s.x(1), s.x(2)], { dims: shape.length - axis, eps });
    const [mean, variance] = moments(x, range(shape.length).slice(axis), true);
    return [y, mean, variance.add(eps).sqrt().reciprocal()];
  },
  LogSoftmax: (s) => s.x(0).logSoftmax(dimOf(s.int("axis", -1), s.shape(0).length)),
  /** Local response normalisation: a mean over neighbouring channels. */
  LRN(s) {
    const [x, size] = [fold(s.x(0), 2), s.int("size", 1)];
    const before = Math.floor((size - 1) / 2);
    const squares = x.square().pad(1, before, size - 1 - before);
    const mean = emit("avgPool2d", [squares], { window: [size, 1], stride: [1, 1], padding: [0, 0] });
    const base = mean.mul(s.float("alpha", 1e-4)).add(s.float("bias", 1));
    return x.div(base.pow(s.float("beta", 0.75))).reshape(s.shape(0));
  },
  MatMul: (s) => s.x(0).matmul(s.x(1)),
  MaxPool(s) {
    if (s.node.outputs.length > 1) throw new Uncovered("no places of maxima in windows");
    const dilations = s.ints("dilations") ?? spatial(s).map(() => 1);
    const w = windows(s, s.ints("kernel_shape")!, dilations);
    const image = padded(s.x(0), w, Number.NEGATIVE_INFINITY);
    return dilations.every((n) => n === 1) ? pool("maxPool2d", image, w) : dilatedMax(image, w, dilations);
  },
  MaxUnpool(s) {
    const [kernel, shape] = [s.ints("kernel_shape")!, s.shape(0)];
    const strides = s.ints("strides") ?? kernel.map(() => 1);
    const own = shape.map((n, i) => (i < 2 ? n : (n - 1) * strides[i - 2]! + kernel[i - 2]!));
    const out = s.has(2) ? s.data(2) : own;
    const [n, width] = [product(shape), own.at(-1)!];
    const at = s.data(1).map((flat) => Math.floor(flat / width) * out.at(-1)! + (flat % width));
    if (product(shape.slice(0, 2)) !== 1) throw new Uncovered("no unpooling of several images");
    return s
      .x(0)
      .reshape([n])
      .scatterAdd(s.feed("int32", [n], at), product(out))
      .reshape(out);
  },
  MeanVarianceNormalization(s) {
    const axes = [...(s.ints("axes") ?? [0, 2, 3])];
    const [mean, variance] = moments(s.x(0), axes, true);
    return s.x(0).sub(mean).div(variance.sqrt().add(1e-9));
  },
  Softmax: (s) => s.x(0).softmax(dimOf(s.int("axis", -1), s.shape(0).length)),
};
