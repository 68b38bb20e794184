/** @file Activations as modules, for chains. */
import { emit } from "../tensor.ts";
import { type Module, makeModule } from "./module.ts";

/** max(x, 0), element by element. */
export const relu = (): Module<[], []> => makeModule({}, (x) => emit("relu", [x])) as never;
