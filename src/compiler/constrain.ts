/**
 * @file What the user asked for becomes constraints on values: layouts of inputs, of `.to(…)`, and of parameters by
 * name, by pattern with `*`, or by regular expression. A pattern that would have no effect is an error: one that matches
 * no parameter, and one that matches only what patterns before it have settled.
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
    counts: false,
    /** Parameters that it matches, with the pattern that counts for them. */
    late: [] as (readonly [name: string, first: string])[],
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
    const [first, ...later] = patterns.filter(({ matches }) => matches(name));
    for (const { late } of later) late.push([name, String(first!.pattern)]);
    if (!first) continue;
    first.counts = true;
    fix(first.layout, `sharding of "${name}"`, userLine());
  }
  const parameters = graph.states.filter((s) => s.kind === "param").map((s) => s.name);
  const idle = patterns.find(({ counts }) => !counts);
  if (idle?.late.length) {
    const before = [...new Set(idle.late.map(([, first]) => first))];
    const names = [...idle.late.slice(0, 3).map(([name]) => name), ...(idle.late.length > 3 ? ["…"] : [])];
    throw new LayoutError(
      "SL3004",
      `${idle.pattern} counts for nothing: ${before.join(", ")} before it took ${names.join(", ")}`,
      {
        subject: `sharding of graph "${graph.name}"`,
        at: userLine(),
        hint: "the first that matches counts, names of sharding before rules: put it first, or leave it out",
      },
    );
  }
  if (idle) {
    const guess = typeof idle.pattern === "string" ? nearest(idle.pattern, parameters) : [];
    throw new LayoutError("SL3001", `${idle.pattern === "" ? '""' : idle.pattern} matches no parameter`, {
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
