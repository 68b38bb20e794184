/**
 * @file Modules, as the names of ops tell them, and which of them a picture draws whole: names, in which `*` stands for
 * anything.
 */
import { matcher } from "../graph/patterns.ts";
import { nearest, SluiceError } from "../ir/errors.ts";
import type { Op } from "../ir/graph.ts";
import { fold } from "./explain/fold.ts";

/** Names of modules, or all. */
export type Expand = readonly string[] | "all";

export function expandedBy(patterns: readonly string[]): (module: string) => boolean {
  const matchers = patterns.map((pattern) => matcher(pattern));
  return (module) => matchers.some((matches) => matches(module));
}

/** Throws SluiceError SL7001 for a name that is no module of these ops. */
export function checkExpand(ops: readonly Op[], patterns: readonly string[]): void {
  const modules = modulesOf(ops);
  for (const pattern of patterns) {
    if (modules.some(matcher(pattern))) continue;
    const [meant] = nearest(pattern, modules);
    throw new SluiceError("SL7001", `there is no module "${pattern}" to expand`, {
      subject: "render",
      choices: ["all", ...fold(modules.map((module) => [module])).map(([name]) => name!)],
      hint: meant === undefined ? "give the name of a module, * for any part of it" : `did you mean "${meant}"?`,
    });
  }
}

/** What stands before a dot in the names of ops, and is no op itself nor below one: `block3`, `block3.up`. */
function modulesOf(ops: readonly Op[]): string[] {
  // An input may be called as a module is, and the boxing of its value is no part of one.
  const own = ops.filter(({ kind }) => kind !== "input" && kind !== "boxing");
  const names = new Set(own.map(({ name }) => name));
  const modules = new Set<string>();
  for (const name of names) {
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
      const module = name.slice(0, dot);
      if (names.has(module)) break;
      modules.add(module);
    }
  }
  return [...modules];
}
