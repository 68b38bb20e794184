/** @file Everything under `nn`. */
export { gelu, relu } from "./activation.ts";
export { batchNorm, batchNorm2d } from "./batch-norm.ts";
export { define, repeat, residual, scope, sequential } from "./compose.ts";
export { dropout } from "./dropout.ts";
export { embedding } from "./embedding.ts";
export { linear } from "./linear.ts";
export { denseCrossEntropy, softmaxCrossEntropy } from "./loss.ts";
export { layerNorm, rmsNorm } from "./normalization.ts";
