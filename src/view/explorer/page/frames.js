/** @file The session's last frame, put together from what has been sent of it. */

/**
 * @typedef {import("../../live/types.ts").LiveFrame} LiveFrame
 * @typedef {import("../../live/types.ts").LiveChange} LiveChange
 */

/** @param {LiveFrame | null} before @param {LiveChange} change @returns {LiveFrame} */
export function applied(before, { whole, status, failure, step, curves, ranks, tasks, fired, held }) {
  const old = whole ? null : before;
  const [fires, holds] = [spread(fired), spread(held)];
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const all = old ? old.tasks.map((task) => byId.get(task.id) ?? task) : tasks;
  const byRank = new Map(ranks.map((rank) => [rank.rank, rank]));
  const lines = new Map((old?.curves ?? []).map((curve) => [curve.name, curve]));
  for (const { name, from, points } of curves)
    lines.set(name, { name, points: [...(lines.get(name)?.points.slice(0, from) ?? []), ...points] });
  return {
    status,
    ...(failure === undefined ? {} : { failure }),
    ...(step ? { step } : {}),
    curves: [...lines.values()],
    ranks: old ? old.ranks.map((rank) => byRank.get(rank.rank) ?? rank) : ranks,
    tasks: all.map((task, i) => ({
      ...task,
      fired: fires[i] ?? 0,
      ...(task.slots && { slots: { ...task.slots, held: holds[i] ?? 0 } }),
    })),
  };
}

/** Counts and values in turn, written out. @param {readonly number[]} runs */
function spread(runs) {
  /** @type {number[]} */
  const out = [];
  for (let i = 0; i < runs.length; i += 2) for (let n = runs[i] ?? 0; n > 0; n--) out.push(runs[i + 1] ?? 0);
  return out;
}
