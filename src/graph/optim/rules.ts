/** @file All optimizers by kind. */
import { GraphError, InternalError, showGiven } from "../../ir/errors.ts";
import { userLine } from "../source.ts";
import { adamRule } from "./adam.ts";
import { adamWRule } from "./adamw.ts";
import { lambRule } from "./lamb.ts";
import { sgdRule } from "./sgd.ts";
import type { Optimizer, Rule, Update, UpdateSite } from "./update.ts";

const rules: ReadonlyMap<string, Rule> = new Map([
  ["adam", adamRule],
  ["adamW", adamWRule],
  ["lamb", lambRule],
  ["sgd", sgdRule],
]);

/** Throws GraphError SL1144 for what no function of `optim` has returned. */
export function checkOptimizer(given: unknown): asserts given is Optimizer {
  const { kind, options } = (given ?? {}) as Partial<Optimizer>;
  if (typeof given === "object" && rules.has(String(kind)) && typeof options === "object") return;
  throw new GraphError("SL1144", `the optimizer is ${showGiven(given)}`, {
    subject: "minimize",
    at: userLine(),
    hint: "give what one of them returns: g.minimize(loss, optim.sgd({ lr: 0.1 }))",
    choices: [...rules.keys()].map((name) => `optim.${name}(…)`),
  });
}

/** Starts the updates of one `minimize`. */
export function beginUpdates(kind: string, site: UpdateSite): Update {
  const rule = rules.get(kind);
  if (!rule) throw new InternalError(`no optimizer of kind "${kind}"`);
  return rule(site);
}
