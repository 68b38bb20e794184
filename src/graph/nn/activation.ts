/** @file Activations as modules, for chains. */
import { emit } from "../tensor.ts";
import { type Module, makeModule } from "./module.ts";

/** max(x, 0), element by element. */
export const relu = (): Module<[], []> => makeModule({}, (x) => emit("relu", [x])) as never;

/** x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))), element by element. */
export const gelu = (): Module<[], []> => makeModule({}, (x) => emit("gelu", [x])) as never;
