/** @file Every op that Sluice knows: a new one is a file and a line here. */
export { affine } from "./affine.ts";
export { add, div, maximum, minimum, mul, sub } from "./broadcast.ts";
export { broadcastTo } from "./broadcast-to.ts";
export { cast } from "./cast.ts";
export { argmax, equal } from "./compare.ts";
export { softmaxCrossEntropy, softmaxCrossEntropyGrad } from "./cross-entropy.ts";
export { matmul } from "./matmul.ts";
export { minimize } from "./minimize.ts";
export { max, mean, min, sum } from "./reduce.ts";
export { reluGrad } from "./relu-grad.ts";
export { constant, input, state } from "./sources.ts";
export { to } from "./to.ts";
export { exp, log, neg, relu, sqrt } from "./unary.ts";
export { adamW, increment, sgd } from "./update.ts";
