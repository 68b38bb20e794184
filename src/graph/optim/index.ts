/** @file Everything under `optim`. */
export { adam } from "./adam.ts";
export { adamW } from "./adamw.ts";
export { lamb } from "./lamb.ts";
export { sgd } from "./sgd.ts";
