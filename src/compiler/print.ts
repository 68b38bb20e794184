/** @file A draft as text: what a pass changed is the difference of two prints. */
import { showType } from "../ir/dtype.ts";
import { showLayout } from "../ir/layout.ts";
import type { Span } from "../ir/plan.ts";
import type { Draft } from "./draft.ts";

export function print(draft: Draft): string {
  const { graph } = draft;
  const axes = (placement: number) => graph.placements[placement]!.axes.map((a) => a.name);
  const layout = (id: number) => {
    const chosen = draft.layouts[id] ?? draft.fixed.get(id);
    return chosen ? ` ${showLayout(chosen, axes(graph.values[id]!.placement))}` : "";
  };
  const value = (id: number) => `%${id}`;
  const ops = graph.ops.map((op) => {
    const outs = op.outputs.map((id) => `${value(id)}: ${showType(graph.values[id]!)}${layout(id)}`).join(", ");
    const attrs = Object.keys(op.attrs).length ? ` ${JSON.stringify(op.attrs)}` : "";
    const writes = op.writes?.some((w) => w !== null)
      ? ` writes ${op.writes.filter((w) => w !== null).join(", ")}`
      : "";
    const signature = draft.signatures[op.id];
    const chosen = signature && !draft.layouts.length ? ` :: ${signatureText(signature)}` : "";
    return `  ${outs}${outs ? " = " : ""}${op.kind}(${op.inputs.map(value).join(", ")})${attrs}${writes}${chosen}  # ${op.name}`;
  });
  const tasks = draft.tasks.map((t) => {
    const programs = draft.programs[t.id]?.map((c) => `${c.program.length} calls on ranks ${c.ranks.join(",")}`) ?? [];
    return `  ${t.id} ${t.kind} on ${t.stream}: ${t.name} (${t.ops.length} ops)${programs.length ? ` · ${programs.join("; ")}` : ""}`;
  });
  const buffers = draft.buffers.map((b) => `  ${b.id} ${b.role} ${b.name}: ${b.bytes} B × ${b.slots} at ${b.offset}`);
  const edges = draft.edges.map((e) => {
    return `  ${e.from} → ${e.to} register ${e.register} (${draft.registers[e.register]!.slots} slots) ${spanText(e.span)}${e.delay ? ` delay ${e.delay}` : ""}`;
  });
  const section = (title: string, lines: readonly string[]) => (lines.length ? [`${title}:`, ...lines] : []);
  return [
    `graph ${graph.name}`,
    ...ops,
    ...section("tasks", tasks),
    ...section("edges", edges),
    ...section("buffers", buffers),
  ].join("\n");
}

const signatureText = ({ ins, outs }: Draft["signatures"][number]) =>
  `${ins.map((l) => showLayout(l)).join(", ")} → ${outs.map((l) => showLayout(l)).join(", ")}`;

function spanText(span: Span): string {
  if (typeof span === "string") return span;
  return "axes" in span ? span.axes.join("×") : span.pairs.map(([from, to]) => `${from}→${to}`).join(" ");
}
