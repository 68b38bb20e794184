/** @file Everything under `optim`. */
export { adamW } from "./adamw.ts";
export { sgd } from "./sgd.ts";
