/**
 * @file The order in which tasks of one firing number are launched: one total order that every lane keeps and in which no
 * task comes before what it reads. Launching in it, nobody can wait for something that is yet to be launched.
 */
import { PlanError } from "./errors.ts";
import type { PlanData, TaskTemplate } from "./plan.ts";

type Parts = Pick<PlanData, "tasks" | "edges" | "schedule">;

/** Why a task comes before another. */
interface Reason {
  readonly before: number;
  readonly after: number;
  readonly text: string;
}

/**
 * The plan's tasks in launch order; where nothing says which of two is first, the lower id. Throws PlanError SL3020, naming
 * the cycle, when the lanes and what tasks read of each other contradict one another.
 */
export function launchOrder({ tasks, edges, schedule }: Parts): readonly TaskTemplate[] {
  const reasons = [...edges.filter(({ delay }) => delay === 0).map(reads), ...schedule.flatMap(follows)];
  const known = new Map(tasks.map((task) => [task.id, task]));
  const next = new Map<number, number[]>();
  const open = new Map(tasks.map(({ id }) => [id, 0]));
  for (const { before, after } of unique(reasons)) {
    next.set(before, [...(next.get(before) ?? []), after]);
    open.set(after, open.get(after)! + 1);
  }
  const ready = createQueue(tasks.filter(({ id }) => open.get(id) === 0).map(({ id }) => id));
  const order: TaskTemplate[] = [];
  for (let id = ready.take(); id !== undefined; id = ready.take()) {
    order.push(known.get(id)!);
    for (const after of next.get(id) ?? []) {
      open.set(after, open.get(after)! - 1);
      if (open.get(after) === 0) ready.add(after);
    }
  }
  if (order.length < tasks.length) throw contradiction(tasks, reasons, new Set(order.map(({ id }) => id)));
  return order;
}

const reads = ({ from, to, register }: PlanData["edges"][number]): Reason => ({
  before: from,
  after: to,
  text: `which reads its register ${register}`,
});

const follows = ({ ranks, stream, tasks }: PlanData["schedule"][number]): Reason[] =>
  tasks.slice(1).map((after, i) => ({
    before: tasks[i]!,
    after,
    text: `next on stream ${stream} of rank${ranks.length > 1 ? "s" : ""} ${ranks.join(",")}`,
  }));

const unique = (reasons: readonly Reason[]): Iterable<Reason> =>
  new Map(reasons.map((reason) => [`${reason.before} ${reason.after}`, reason])).values();

/** Numbers, of which the least is taken first. */
function createQueue(start: readonly number[]) {
  const waiting = [...start].sort((a, b) => b - a);
  return {
    add(id: number): void {
      let [low, high] = [0, waiting.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (waiting[middle]! > id) low = middle + 1;
        else high = middle;
      }
      waiting.splice(low, 0, id);
    },
    take: () => waiting.pop(),
  };
}

/** Walks backwards among the tasks that cannot start until it meets one again. */
function contradiction(
  tasks: readonly TaskTemplate[],
  reasons: readonly Reason[],
  done: ReadonlySet<number>,
): PlanError {
  const name = new Map(tasks.map((task) => [task.id, task.name]));
  const blocked = reasons.filter(({ before, after }) => !done.has(before) && !done.has(after));
  const into = new Map(blocked.map((reason) => [reason.after, reason]));
  const path: Reason[] = [];
  let at = blocked[0]!.after;
  while (!path.some(({ after }) => after === at)) {
    const reason = into.get(at)!;
    path.push(reason);
    at = reason.before;
  }
  const cycle = path.slice(path.findIndex(({ after }) => after === at)).reverse();
  const steps = cycle.map(({ after, text }) => `"${name.get(after)}" (${text})`);
  return new PlanError("SL3020", `the plan would deadlock: "${name.get(at)}" before ${steps.join(" before ")}`, {
    subject: `${name.get(cycle[0]!.before)} → ${name.get(cycle[0]!.after)}`,
    hint: `schedule each task behind what it reads, in the same order on all ranks`,
  });
}
