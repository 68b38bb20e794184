/** @file Every op that Sluice knows: a new one is a file and a line here. */
export { affine } from "./affine.ts";
export { addAlong, takeAlong } from "./along.ts";
export { argmax } from "./argmax.ts";
export { assign } from "./assign.ts";
export { attention, attentionGrad } from "./attention.ts";
export { blend } from "./blend.ts";
export { add, div, maximum, minimum, mul, sub } from "./broadcast.ts";
export { broadcastTo } from "./broadcast-to.ts";
export { cast } from "./cast.ts";
export { clamp, clampGrad } from "./clamp.ts";
export {
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  logicalAnd,
  logicalNot,
  logicalOr,
  notEqual,
} from "./compare.ts";
export { concat } from "./concat.ts";
export { conv2d, conv2dGradFilter, conv2dGradInput } from "./conv2d.ts";
export { softmaxCrossEntropy, softmaxCrossEntropyGrad } from "./cross-entropy.ts";
export { cumsum } from "./cumsum.ts";
export { cotangent, withGradient } from "./custom-gradient.ts";
export { gather, scatterAdd } from "./gather.ts";
export { geluGrad } from "./gelu-grad.ts";
export { lambDirection, trustedRate } from "./lamb.ts";
export { layerNorm, layerNormGrad, layerNormGradGain, rmsNorm, rmsNormGrad, rmsNormGradGain } from "./layer-norm.ts";
export { matmul } from "./matmul.ts";
export { minimize } from "./minimize.ts";
export { nonFinite } from "./non-finite.ts";
export { oneHot } from "./one-hot.ts";
export { pad } from "./pad.ts";
export { avgPool2d, avgPool2dGrad, maxPool2d, maxPool2dGrad } from "./pool2d.ts";
export { power } from "./power.ts";
export { dropout, random } from "./random.ts";
export { max, mean, min, sum } from "./reduce.ts";
export { reluGrad } from "./relu-grad.ts";
export { reshape } from "./reshape.ts";
export { slice } from "./slice.ts";
export { logSoftmax, logSoftmaxGrad, softmax, softmaxGrad } from "./softmax.ts";
export { constant, input, state } from "./sources.ts";
export { topKBlocks } from "./split-top-k.ts";
export { stopGradient } from "./stop-gradient.ts";
export { to } from "./to.ts";
export { topK } from "./top-k.ts";
export { transpose } from "./transpose.ts";
export {
  abs,
  ceil,
  cos,
  erf,
  exp,
  floor,
  gelu,
  log,
  neg,
  reciprocal,
  relu,
  round,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  tanh,
} from "./unary.ts";
export { adamW, increment, sgd } from "./update.ts";
export { where } from "./where.ts";
