/** @file Dropout, in training graphs. */
import { GraphError } from "../../ir/errors.ts";
import { drawing } from "../random.ts";
import { userLine } from "../source.ts";
import { type Module, makeModule } from "./module.ts";

/**
 * In a graph that trains, zeroes each element with probability `rate`, and scales the others by 1 / (1 − rate); in one
 * that evaluates, passes them on. Which elements is a function of the seed, the step and the element's index in the whole
 * tensor, the same under every layout. Throws GraphError SL1108 for a rate outside [0, 1). Source: Srivastava et al.,
 * "Dropout", JMLR 2014.
 *
 * @example
 * const net = nn.sequential(nn.linear(784, 512), nn.relu(), nn.dropout(0.1), nn.linear(512, 10));
 */
export function dropout(rate: number): Module<[], []> {
  if (!(rate >= 0 && rate < 1))
    throw new GraphError("SL1108", `cannot drop with probability ${rate}`, {
      subject: `nn.dropout(${rate})`,
      at: userLine(),
      hint: "give a number from 0 on, below 1",
    });
  return makeModule({}, (x) => {
    const { builder, placement } = x;
    if (!builder.training || rate === 0) return x;
    const { key, step } = drawing(builder, "dropout", placement);
    return builder.apply("dropout", [x, step], { rate, key }, { name: key })[0]!;
  }) as never;
}
