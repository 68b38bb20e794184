/** @file Everything under `nn`. */
export { relu } from "./activation.ts";
export { define, repeat, residual, scope, sequential } from "./compose.ts";
export { linear } from "./linear.ts";
export { softmaxCrossEntropy } from "./loss.ts";
