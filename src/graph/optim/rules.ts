/** @file All optimizers by kind. */
import { InternalError } from "../../ir/errors.ts";
import { adamRule } from "./adam.ts";
import { adamWRule } from "./adamw.ts";
import { lambRule } from "./lamb.ts";
import { sgdRule } from "./sgd.ts";
import type { Rule, Update, UpdateSite } from "./update.ts";

const rules: ReadonlyMap<string, Rule> = new Map([
  ["adam", adamRule],
  ["adamW", adamWRule],
  ["lamb", lambRule],
  ["sgd", sgdRule],
]);

/** Starts the updates of one `minimize`. */
export function beginUpdates(kind: string, site: UpdateSite): Update {
  const rule = rules.get(kind);
  if (!rule) throw new InternalError(`no optimizer of kind "${kind}"`);
  return rule(site);
}
