/**
 * @file A plan as text: what lies where, what moves, what it costs, and why. For reading in a terminal: columns, at most
 * 120 characters wide.
 */
import { showType } from "../ir/dtype.ts";
import { type Layout, showLayout } from "../ir/layout.ts";
import { showPlacement } from "../ir/placement.ts";
import type { Choice, PlanData, RankMemory, Rival, TaskTemplate } from "../ir/plan.ts";
import { launchOrder } from "../ir/schedule.ts";
import { layoutText as meshText } from "../sbp/canonical.ts";
import { changeOf } from "./boxing-text.ts";
import { bytes, count, ranges, seconds, table, tally } from "./format.ts";
import { joins } from "./joins-text.ts";

const kernelsShown = 6;

export function explain(plan: PlanData): string {
  const sections: readonly (readonly string[])[] = [
    header(plan),
    ["Parameters", ...parameters(plan)],
    ["Signatures: how each op works on the mesh, and what that costs", ...choices(plan)],
    ["Layouts: what lies how, and what would have come next", ...tensors(plan)],
    ["Boxing: bytes between ranks in one step", ...boxing(plan), ...perAxis(plan)],
    ["Schedule: tasks of a step, in the order in which they start", ...schedule(plan)],
    ...joins(plan),
    ["Memory of a rank", ...memory(plan)],
  ];
  return sections.map((lines) => lines.join("\n")).join("\n\n");
}

/** `{data: S(0)}`; B when every rank holds all of it. */
const layoutText = (layout: Layout): string => (layout.length ? showLayout(layout) : "B");

function header(plan: PlanData): string[] {
  const ops = plan.graph.ops.length;
  return [
    `plan ${plan.name} · ${plan.hash.slice(0, 12)} · seed ${plan.seed}`,
    ...plan.placements.map((placement) => `  on ${showPlacement(placement)}`),
    `  ${count(ops)} ops in ${plan.tasks.length} tasks; an axis that a layout does not name holds the tensor whole (B)`,
  ];
}

function parameters({ states }: PlanData): string[] {
  const shown = states.filter(({ kind }) => kind === "param");
  const moments = (name: string) =>
    states.filter((s) => s.name.startsWith(`${name}.`)).map((s) => s.name.slice(name.length + 1));
  const elements = shown.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return [
    ...table(
      [{ title: "name", max: 40 }, { title: "type" }, { title: "layout", max: 40 }, { title: "moments", max: 16 }],
      collapse(shown.map((s) => [s.name, showType(s), layoutText(s.layout), moments(s.name).join(", ") || "none"])),
    ),
    `  ${count(elements)} elements`,
  ];
}

function choices(plan: PlanData): string[] {
  const shown = plan.choices.filter(({ ins }) => ins.length > 0);
  const byName = new Map(plan.graph.ops.map((op) => [op.name, op]));
  const axes = [...new Set(plan.placements.map((placement) => placement.axes.map(({ name }) => name).join(",")))];
  return table(
    [
      { title: "op", max: 34 },
      { title: `ins → outs, on ${axes.join(" or ")}`, max: 50 },
      { title: "compute", right: true },
      { title: "boxing", right: true },
      { title: "why", max: 13 },
    ],
    collapse(
      shown.map((choice) => [
        choice.op,
        signature(plan, choice, byName),
        seconds(choice.compute),
        choice.boxing ? seconds(choice.boxing) : "–",
        choice.fixed ? "set by user" : choice.candidates > 1 ? `best of ${choice.candidates}` : "the only one",
      ]),
    ),
  );
}

/** Inputs, parameters, outputs and what is boxed, each with its next best layout and why that lost. */
function tensors(plan: PlanData): string[] {
  const byName = new Map(plan.graph.ops.map((op) => [op.name, op]));
  const outputs = new Set(Object.values(plan.graph.outputs));
  const kinds = new Map(plan.states.map(({ name, kind }) => [name, kind]));
  const rows = plan.choices.flatMap((choice) => {
    const op = byName.get(choice.op);
    return (op?.outputs ?? []).flatMap((id, j) => {
      const rival = choice.rivals?.[j];
      const { name, placement } = plan.graph.values[id]!;
      const known = op!.kind === "input" ? "input" : kinds.get(op!.attrs.state as string);
      const role = known ?? (outputs.has(id) ? "output" : "boxed");
      if ((role === "boxed" && !rival) || (known && known !== "input" && known !== "param")) return [];
      const text = (layout: Layout) => meshText(layout, plan.graph.placements[placement]!);
      const why = choice.fixed ? "set by user" : rival ? reason(rival) : "";
      return [[name, role, text(choice.outs[j]!), rival && !choice.fixed ? text(rival.layout) : "–", why]];
    });
  });
  const all = plan.choices.reduce((n, { op }) => n + (byName.get(op)?.outputs.length ?? 0), 0);
  return [
    ...table(
      [
        { title: "tensor", max: 32 },
        { title: "as" },
        { title: "layout", max: 14 },
        { title: "next", max: 14 },
        { title: "would cost", max: 44 },
      ],
      collapse(rows),
    ),
    ...(all > rows.length ? [`  ${count(all - rows.length)} others lie as the ops above say`] : []),
  ];
}

/** `+310 µs boxing, −12 µs compute, +1.20 GB` */
function reason({ compute, boxing, memory }: Rival): string {
  const signed = (n: number, text: (n: number) => string, what: string) =>
    n === 0 ? [] : [`${n > 0 ? "+" : "−"}${text(Math.abs(n))}${what}`];
  const parts = [
    ...signed(boxing, seconds, " boxing"),
    ...signed(compute, seconds, " compute"),
    ...signed(memory, bytes, ""),
  ];
  return parts.join(", ") || "the same; the first is taken";
}

/** Rows that differ in nothing but the numbers in their names are one: `blocks.*.up.weight ×96`. */
function collapse(rows: readonly (readonly string[])[]): string[][] {
  const alike = new Map<string, (readonly string[])[]>();
  for (const row of rows) {
    const key = [row[0]!.replace(/\d+/g, "*"), ...row.slice(1)].join("\n");
    const known = alike.get(key);
    if (known) known.push(row);
    else alike.set(key, [row]);
  }
  return [...alike.values()].flatMap((same) =>
    same.length < 3
      ? same.map((row) => [...row])
      : [[`${same[0]![0]!.replace(/\d+/g, "*")} ×${same.length}`, ...same[0]!.slice(1)]],
  );
}

/** Equal layouts in a row are said once: `S(0),B · B,S(1) ×3 → B,S(1)`. */
function signature(
  { graph }: PlanData,
  { op, ins, outs }: Choice,
  byName: ReadonlyMap<string, { readonly outputs: readonly number[] }>,
): string {
  const value = byName.get(op)?.outputs[0];
  const placement = graph.placements[value === undefined ? 0 : graph.values[value]!.placement]!;
  const side = (layouts: readonly Layout[]) => {
    const runs: [text: string, times: number][] = [];
    for (const text of layouts.map((layout) => meshText(layout, placement))) {
      const run = runs.at(-1);
      if (run?.[0] === text) run[1]++;
      else runs.push([text, 1]);
    }
    return runs.map(([text, n]) => (n > 1 ? `${text} ×${n}` : text)).join(" · ");
  };
  return `${side(ins)} → ${side(outs)}`;
}

function boxing(plan: PlanData): string[] {
  if (plan.collectives.length === 0) return ["  none: nothing moves between ranks"];
  const place = new Map(launchOrder(plan).map(({ id }, at) => [id, at]));
  return table(
    [
      { title: "task", right: true },
      { title: "step" },
      { title: "axis" },
      { title: "what" },
      { title: "in all, B", right: true },
      { title: "a rank receives, B", right: true },
      { title: "name", max: 32 },
    ],
    plan.collectives.map((c) => {
      const task = plan.tasks.find(({ id }) => id === c.task)!;
      const received = [...new Set(c.received)].sort((a, b) => a - b);
      const each = received.length > 1 ? `${count(received[0]!)}–${count(received.at(-1)!)}` : count(received[0] ?? 0);
      return [`${place.get(task.id)}`, c.kind, c.axis ?? "–", changeOf(plan, task), count(c.bytes), each, c.name];
    }),
  );
}

function perAxis({ collectives }: PlanData): string[] {
  const axes = [...new Set(collectives.map(({ axis }) => axis))];
  const sum = (of: typeof collectives) => of.reduce((total, c) => total + c.bytes, 0);
  const each = axes.map((axis) => `${axis ?? "transfers"} ${count(sum(collectives.filter((c) => c.axis === axis)))} B`);
  return collectives.length
    ? [`  by axis: ${each.join(", ")}; in all ${count(sum(collectives))} B (${bytes(sum(collectives))})`]
    : [];
}

function schedule(plan: PlanData): string[] {
  return table(
    [
      { title: "", right: true },
      { title: "stream" },
      { title: "ranks", max: 12 },
      { title: "task", max: 50 },
      { title: "kernels", max: 44 },
    ],
    launchOrder(plan).map((task, place) => [`${place}`, task.stream, ranksOf(plan, task), task.name, kernels(task)]),
  );
}

const ranksOf = ({ placements }: PlanData, task: TaskTemplate): string =>
  task.stream === "host" ? "host" : ranges(placements[task.placement]!.ranks);

function kernels({ classes }: TaskTemplate): string {
  const calls = tally((classes[0]?.program ?? []).map(({ kernel }) => kernel));
  const shown = calls.slice(0, kernelsShown).map(([name, n]) => (n > 1 ? `${name} ×${n}` : name));
  return [...shown, ...(calls.length > kernelsShown ? ["…"] : [])].join(", ");
}

/** Ranks that need the same are one row. */
function memory(plan: PlanData): string[] {
  const roles = [...new Set(plan.memory.flatMap(({ byRole }) => Object.keys(byRole)))];
  const alike = new Map<string, RankMemory[]>();
  for (const rank of plan.memory) {
    const key = JSON.stringify([rank.bytes, rank.byRole]);
    alike.set(key, [...(alike.get(key) ?? []), rank]);
  }
  return table(
    [{ title: "ranks", max: 16 }, { title: "in all", right: true }, ...roles.map((title) => ({ title, right: true }))],
    [...alike.values()].map((ranks) => [
      ranges(ranks.map(({ rank }) => rank)),
      bytes(ranks[0]!.bytes),
      ...roles.map((role) => bytes(ranks[0]!.byRole[role] ?? 0)),
    ]),
  );
}
