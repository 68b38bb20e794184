/**
 * @file Edges that carry nothing but the step itself. Every task must hear of each step, or it would run by itself, and
 * every step must reach the sink, or nobody would know of it.
 */
import { PlanError } from "../ir/errors.ts";
import type { Edge, PlanData, Register, TaskTemplate } from "../ir/plan.ts";

const controlSlots = 2;

/** The parts of a plan that say who talks to whom. */
export type Circuit = Pick<PlanData, "placements" | "tasks" | "registers" | "edges" | "schedule">;

/** Throws PlanError SL4023 unless the plan has exactly one task of the kind. */
export function only(tasks: readonly TaskTemplate[], kind: "source" | "sink"): TaskTemplate {
  const found = tasks.filter((task) => task.kind === kind);
  if (found.length === 1) return found[0]!;
  throw new PlanError("SL4023", `the plan has ${found.length} tasks of kind "${kind}", one is needed`, {
    hint: "compile the graph again",
  });
}

/**
 * A task that reads nothing of its step hears from the source; when nothing leads to the sink, the last tasks tell it
 * that they ran.
 */
export function withControl(plan: Circuit): Circuit {
  const [source, sink] = [only(plan.tasks, "source"), only(plan.tasks, "sink")];
  const registers: Register[] = [...plan.registers];
  const edges: Edge[] = [...plan.edges];
  const link = (from: number, to: number) => {
    const register = registers.length;
    registers.push({ id: register, owner: from, slots: controlSlots, buffers: [] });
    edges.push({ register, from, to, span: "all", produce: 1, consume: 1, delay: 0 });
  };
  const work = plan.tasks.filter((task) => task.stream !== "host");
  for (const task of work) if (!edges.some((e) => e.to === task.id && e.delay === 0)) link(source.id, task.id);
  if (!edges.some((e) => e.to === sink.id)) {
    const leaves = work.filter((task) => !edges.some((e) => e.from === task.id && e.delay === 0));
    for (const task of leaves.length ? leaves : [source]) link(task.id, sink.id);
  }
  return { ...plan, registers, edges };
}
