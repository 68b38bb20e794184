/** @file The embedding: a learnt row for each id. */
import { GraphError } from "../../ir/errors.ts";
import { checkTensors } from "../operand.ts";
import { userLine } from "../source.ts";
import { emit, type Tensor } from "../tensor.ts";
import type { Shape } from "../types/shape.ts";
import { type Module, makeModule } from "./module.ts";
import { type Entry, type Named, own, type Param, scopeOf, useParameter } from "./parameter.ts";

/** What `nn.embedding` gives. */
export interface Embedding<Rows extends number, Width extends number, Params extends Param>
  extends Module<[], [Width], Params, "int32", "float32"> {
  /**
   * `[..., width]` gives `[..., rows]`: how much it is like each row, x · weightᵀ. As the last layer of a language model it
   * ties that to the first: both learn one table (Press & Wolf 2017), wherever in a pipeline they are.
   *
   * @example
   * const logits = tokens.attend(h);
   */
  attend<L extends Shape>(x: Tensor<[...L, Width], "float32">): Tensor<[...L, Rows], "float32">;
}

/**
 * Ids `[...]` give rows `[..., width]` of `weight`, `[rows, width]`, which starts normal with mean 0 and the deviation
 * given, 1 unless it is. An id that is no row, −1 say, gives zeros and learns nothing. Split by rows (`S(0)`) the rows are
 * looked up where they lie and added up, as in Megatron-LM; split by width (`S(1)`) every rank looks up its columns.
 *
 * Throws GraphError SL1063 for a size that is no positive integer.
 *
 * @example
 * const tokens = nn.embedding(50_257, 768, { name: "tokens", deviation: 0.02 }); // parameter tokens.weight
 */
export function embedding<Rows extends number, Width extends number, N extends string = never>(
  rows: Rows,
  width: Width,
  options: { readonly name?: N; readonly deviation?: number } = {},
): Embedding<Rows, Width, Named<N, Param<".weight", [Rows, Width]>>> {
  const wrong = [rows, width].find((size) => !Number.isSafeInteger(size) || size < 1);
  if (wrong !== undefined)
    throw new GraphError("SL1063", `${wrong} is not a size`, {
      subject: `nn.embedding(${rows}, ${width})`,
      at: userLine(),
      hint: "give whole numbers from 1 on",
    });
  const { name, deviation = 1 } = options;
  const init = (key: string) => ({ kind: "normal", mean: 0, deviation, key }) as const;
  const parameters = own(name, { weight: { shape: [rows, width], init } });
  const [weight] = parameters as readonly [Entry<never>];
  const look = makeModule({ out: [width], parameters, from: "int32" }, (ids) => {
    const table = useParameter(weight, ids);
    return ids.builder.within(scopeOf(table), () => emit("gather", [table, ids], { dim: 0 }), { absolute: true });
  });
  const attend = (x: Tensor) => {
    checkTensors("attend", [x]);
    const table = useParameter(weight, x);
    const product = () => emit("matmul", [x, table], { transposeA: false, transposeB: true });
    return x.builder.within(scopeOf(table), product, { absolute: true });
  };
  return Object.assign(look, { attend }) as never;
}
