/** @file Products, images, norms, attention and losses. */
import type { Attr, Dim } from "../../../ir/graph.ts";
import type { OnnxAttrs } from "../messages.ts";
import type { Operand, Site, Table, Write } from "../site.ts";
import { checked, size } from "./indexing.ts";
import { reshape, unsqueeze } from "./shapes.ts";

/** The last two dims swapped. */
function swapped({ node }: Site, { name, shape }: Operand): string {
  const [...dims] = shape.keys();
  return node("Transpose", [name], { perm: [...dims.slice(0, -2), dims.at(-1)!, dims.at(-2)!] });
}

function matmul(site: Site): string {
  const [a, b] = [site.ins[0]!, site.ins[1]!];
  const { transposeA, transposeB } = site.attrs;
  return site.node("MatMul", [transposeA ? swapped(site, a) : a.name, transposeB ? swapped(site, b) : b.name]);
}

const pair = (attr: Attr | undefined) => attr as readonly [number, number];

/** Windows over images. These have one dim before `[C, H, W]` in ONNX, in ours any; pooling has no C of its own. */
const windows =
  (type: string, channels: (x: Operand) => Dim, more: (site: Site) => OnnxAttrs): Write =>
  (site) => {
    const { ins, outs, attrs, node, ints } = site;
    const [x, ...rest] = ins as readonly [Operand, ...Operand[]];
    const [strides, padding] = [pair(attrs.stride), pair(attrs.padding)];
    const given = { strides, pads: [...padding, ...padding], ...more(site) };
    const folded = [-1, channels(x), ...x.shape.slice(-2)] as number[];
    const image = x.shape.length === 4 ? x.name : node("Reshape", [x.name, ints(folded)]);
    const made = node(type, [image, ...rest.map(({ name }) => name)], given);
    return image === x.name ? made : reshape(site, made, outs[0]!.shape);
  };
const window = ({ attrs }: Site) => ({ kernel_shape: pair(attrs.window) });

function layerNorm({ ins, attrs, node }: Site): string {
  const operands = ins.map(({ name }) => name);
  return node("LayerNormalization", operands, {
    axis: -(attrs.dims as number),
    epsilon: { float: attrs.eps as number },
  });
}

/** x / √(mean of x² + ε) · gain */
function rmsNorm({ ins, attrs, node, scalar, ints }: Site): string {
  const [x, gain] = [ins[0]!, ins[1]!];
  const dims = [...x.shape.keys()].slice(-(attrs.dims as number));
  const mean = node("ReduceMean", [node("Mul", [x.name, x.name]), ints(dims)]);
  const deviation = node("Sqrt", [node("Add", [mean, scalar(x.dtype, attrs.eps as number)])]);
  return node("Mul", [node("Div", [x.name, deviation]), gain.name]);
}

/** softmax(q·kᵀ·scale)·v */
function attention(site: Site): string {
  const { ins, attrs, node, scalar } = site;
  const [q, k, v] = [ins[0]!, ins[1]!, ins[2]!];
  const products = node("MatMul", [q.name, swapped(site, k)]);
  const scores = node("Mul", [products, scalar(q.dtype, attrs.scale as number)]);
  const weights = (x: string) => node("Softmax", [x], { axis: -1 });
  if (!attrs.causal) return node("MatMul", [weights(scores), v.name]);
  const seen = causal(site, q.shape.at(-2)!, k.shape.at(-2)!);
  const masked = weights(node("Where", [seen, scores, scalar(q.dtype, Number.NEGATIVE_INFINITY)]));
  // A query that sees no key gives zeros, where a softmax of nothing is NaN.
  return node("MatMul", [node("Where", [seen, masked, scalar(q.dtype, 0)]), v.name]);
}

/** Query i of T sees the keys up to i + U − T of U. */
function causal(site: Site, queries: Dim, keys: Dim): string {
  const { node, scalar } = site;
  const [zero, one] = [scalar("int64", 0), scalar("int64", 1)];
  const [T, U] = [size(site, queries), size(site, keys)];
  const column = unsqueeze(site, node("Range", [zero, T, one]), [1]);
  const last = queries === keys ? column : node("Add", [column, node("Sub", [U, T])]);
  return node("LessOrEqual", [node("Range", [zero, U, one]), last]);
}

/** An id that is no class gives 0. */
function softmaxCrossEntropy(site: Site): string {
  const { ins, node, scalar, ints } = site;
  const [logits, labels] = [ins[0]!, ins[1]!];
  const axis = logits.shape.length - 1;
  const safe = checked(site, labels, logits.shape[axis]!);
  const logs = node("LogSoftmax", [logits.name], { axis });
  const taken = node("GatherElements", [logs, unsqueeze(site, safe.ids, [axis])], { axis });
  const loss = node("Neg", [node("Squeeze", [taken, ints([axis])])]);
  return node("Where", [safe.known, loss, scalar(logits.dtype, 0)]);
}

export const network: Table = {
  attention,
  avgPool2d: windows(
    "AveragePool",
    () => 1,
    (site) => ({ ...window(site), count_include_pad: 1 }),
  ),
  conv2d: windows(
    "Conv",
    (x) => x.shape.at(-3)!,
    () => ({}),
  ),
  layerNorm,
  matmul,
  maxPool2d: windows("MaxPool", () => 1, window),
  rmsNorm,
  softmaxCrossEntropy,
};
