/**
 * @file What the user asked for becomes constraints on values: layouts of inputs, of `.to(…)`, and of parameters by
 * name, by pattern with `*`, or by regular expression. A pattern that matches no parameter is an error.
 */
import { type OrderedLayout, toLayout, type UserLayout } from "../graph/layout.ts";
import { isGlob, matcher } from "../graph/patterns.ts";
import { userLine } from "../graph/source.ts";
import { LayoutError, nearest } from "../ir/errors.ts";
import type { StateKind } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import { type Draft, shapeOf } from "./draft.ts";

/** States whose layouts may be given; those of moments follow. */
const sharded: ReadonlySet<StateKind> = new Set(["param", "stat"]);

export function constrain(draft: Draft): Draft {
  const { graph, options } = draft;
  const fixed = new Map<number, Layout>();
  const patterns = (options.sharding ?? []).map(([pattern, layout]) => ({
    pattern,
    layout,
    matches: matcher(pattern),
    used: false,
  }));
  const kinds = new Map(graph.states.map(({ name, kind }) => [name, kind]));
  for (const op of graph.ops) {
    const value = graph.values[op.outputs[0] ?? -1];
    if (!value) continue;
    const place = graph.placements[value.placement]!;
    const fix = (layout: UserLayout | OrderedLayout, subject: string, at = op.at) =>
      fixed.set(value.id, toLayout(place, layout, shapeOf(value), subject, at));
    if ((op.kind === "input" || op.kind === "to") && op.attrs.layout)
      fix(op.attrs.layout as OrderedLayout, op.kind === "input" ? `input "${op.attrs.name}"` : op.name);
    if (op.kind !== "state") continue;
    const name = op.attrs.state as string;
    if (!sharded.has(kinds.get(name)!)) continue;
    const found = patterns.filter(({ matches }) => matches(name));
    for (const f of found) f.used = true;
    if (found[0]) fix(found[0].layout, `sharding of "${name}"`, userLine());
  }
  const parameters = graph.states.filter((s) => s.kind === "param").map((s) => s.name);
  const idle = patterns.find(({ used }) => !used);
  if (idle) {
    const guess = typeof idle.pattern === "string" ? nearest(idle.pattern, parameters) : [];
    throw new LayoutError("SL3001", `${idle.pattern} matches no parameter`, {
      subject: `sharding of graph "${graph.name}"`,
      at: userLine(),
      choices: parameters,
      hint: isGlob(idle.pattern)
        ? "only * is a wildcard in names; the option rules takes regular expressions: rules: [[/^fc\\d\\.weight$/, layout]]"
        : guess[0]
          ? `did you mean "${guess[0]}"?`
          : "correct the pattern or leave it out",
    });
  }
  return { ...draft, fixed };
}
