/** @file Everything under `nn`. */
export { gelu, relu } from "./activation.ts";
export { attention } from "./attention.ts";
export { batchNorm, batchNorm2d } from "./batch-norm.ts";
export { define, repeat, residual, scope, sequential } from "./compose.ts";
export { conv2d } from "./conv2d.ts";
export { dropout } from "./dropout.ts";
export { embedding } from "./embedding.ts";
export { flatten } from "./flatten.ts";
export { linear } from "./linear.ts";
export { denseCrossEntropy, softmaxCrossEntropy } from "./loss.ts";
export { layerNorm, rmsNorm } from "./normalization.ts";
export { avgPool2d, maxPool2d } from "./pool2d.ts";
