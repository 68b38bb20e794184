/** @file What the live view is made of: the state of the session, curves, ranks, and a row for each task. */
import { el, svg } from "./dom.js";
import { count } from "./format.js";
import { plan } from "./model.js";

/**
 * @typedef {import("../../live/types.ts").LiveFrame} LiveFrame
 * @typedef {import("../../live/types.ts").LiveCurve} LiveCurve
 * @typedef {import("../../live/types.ts").LiveTask} LiveTask
 * @typedef {import("../../live/types.ts").Activity} Activity
 */

/** What tasks are at, by the class of its colour. @type {readonly (readonly [Activity, string])[]} */
export const activities = [
  ["works", "works"],
  ["queued", "ready, in its thread's queue"],
  ["data", "waits for data"],
  ["slot", "held back: waits for a slot"],
  ["turn", "waits for its turn"],
];

const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;

/** Parts of a whole side by side. @param {readonly (readonly [kind: string, share: number])[]} shares */
function bar(shares) {
  const made = el("span", { class: "bar" });
  for (const [kind, share] of shares) {
    if (share <= 0) continue;
    const part = el("i", { class: kind });
    part.style.width = `${100 * share}%`; // a style in an attribute would be against the page's policy
    made.append(part);
  }
  return made;
}

/** Place of a task of the plan in the document. @type {Map<number, number>} */
const placeOf = new Map(plan.tasks.map(({ id }, place) => [id, place]));

/** Whoever gives batches or takes steps may be what all waits for. @param {LiveFrame} frame */
function heldBy({ status, tasks, ranks }) {
  if (status !== "running" || ranks.some(({ compute, communication }) => compute + communication > 0.6)) return null;
  const ends = tasks.map((task) => ({ task, kind: plan.tasks[placeOf.get(task.id) ?? -1]?.kind }));
  if (ends.some(({ task, kind }) => kind === "source" && task.shares.data > 0.5)) return "waits for batches";
  return ends.some(({ task, kind }) => kind === "sink" && task.shares.slot > 0.5)
    ? "waits for steps to be taken"
    : null;
}

/** Where the session stands. @param {LiveFrame} frame @param {boolean} lost */
export function stateOf(frame, lost) {
  const { status, failure, step } = frame;
  const held = heldBy(frame);
  return [
    el("b", { class: `status ${failure ? "failed" : lost ? "lost" : status}` }, lost ? "connection lost" : status),
    step && el("span", {}, `${step.plan} · step ${count(step.step)}`),
    step && el("span", {}, `${step.rate < 100 ? step.rate.toPrecision(3) : count(Math.round(step.rate))} steps/s`),
    !lost && held && el("span", { class: "held" }, held),
    lost && el("span", { class: "sub" }, `what was so last; its last word: ${status}`),
    failure && el("pre", {}, failure),
  ];
}

const [width, height, edge] = [300, 96, 4];

/** @param {LiveCurve} curve */
export function curveOf({ name, points }) {
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const last = points.at(-1)?.[0] ?? 0;
  const x = (/** @type {number} */ step) => edge + ((width - 2 * edge) * step) / Math.max(1, last);
  const y = (/** @type {number} */ value) => height - edge - ((height - 2 * edge) * (value - low)) / (high - low || 1);
  const path = points.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const short = (/** @type {number | undefined} */ n) => (n === undefined ? "" : String(Number(n.toPrecision(4))));
  return el(
    "figure",
    {},
    el("figcaption", {}, el("span", {}, name), el("b", {}, short(values.at(-1)))),
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": `${name} by step` },
      svg("polyline", { points: path, "vector-effect": "non-scaling-stroke" }),
    ),
    el("small", {}, el("span", {}, `${short(low)} to ${short(high)}`), el("span", {}, `${count(last + 1)} steps`)),
  );
}

/** Ranks named in a row, at most. */
const mostNamed = 3;

/** Of ranks on one thread each can only work while the others do not. @param {number} rank @param {readonly number[]} on */
function sharing(rank, on) {
  const n = on.length - 1;
  if (n > mostNamed) return `shares a thread with ${count(n)} ranks`;
  return `shares a thread with rank${n > 1 ? "s" : ""} ${on.filter((other) => other !== rank).join(", ")}`;
}

/** @param {LiveFrame} frame */
export function ranksOf({ ranks }) {
  /** @type {Map<number, number[]>} */
  const threads = new Map();
  for (const { rank, thread } of ranks) {
    if (thread === undefined) continue;
    const on = threads.get(thread);
    on ? on.push(rank) : threads.set(thread, [rank]);
  }
  return ranks.map(({ rank, compute, communication, thread }) => {
    const on = threads.get(thread ?? -1);
    const said = el(
      "li",
      { title: `computes ${percent(compute)}, communicates ${percent(communication)}` },
      el("span", {}, `rank ${rank}`),
      bar([
        ["works", compute],
        ["talks", communication],
      ]),
      el("span", { class: "n" }, percent(compute + communication)),
    );
    if (on && on.length > 1) said.append(el("small", {}, sharing(rank, on)));
    return said;
  });
}

/** The task that works the most of those on ranks, if any stands out. @param {LiveFrame} frame */
function slowest({ tasks }) {
  const onRanks = tasks.filter(({ id }) => plan.tasks[placeOf.get(id) ?? -1]?.stream !== "host");
  const [first] = onRanks.toSorted((a, b) => b.shares.works - a.shares.works);
  return first && first.shares.works >= 0.1 ? first.id : undefined;
}

/** Rows that are shown at most; of those below none works more when the busiest come first. */
const mostRows = 200;

/** By the name of a task those that wait for it by now, with what for. @param {LiveFrame} frame */
function waiting({ tasks }) {
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const { id, now } of tasks) {
    const name = plan.tasks[placeOf.get(id) ?? -1]?.name;
    for (const [text] of now) {
      const [, other = text] = /^(.*) to let go of a slot$/.exec(text) ?? [];
      if (name === undefined || name === other) continue;
      const said = `${name}${other === text ? "" : ", for a slot"}`;
      const known = found.get(other);
      known ? known.push(said) : found.set(other, [said]);
    }
  }
  return found;
}

/**
 * A row for each task. It is made once and changed in place, so that it can be clicked while frames come.
 * @param {(task: number) => void} choose
 */
export function taskRows(choose) {
  const body = el("tbody");
  /** @type {Map<number, ReturnType<typeof rowOf>>} */
  const rows = new Map();
  return {
    body,
    /**
     * @param {LiveFrame} frame
     * @param {boolean} busiest in that order, else in that of the plan
     * @returns {number} tasks that are not shown
     */
    show(frame, busiest) {
      const slow = slowest(frame);
      const known = frame.tasks.flatMap((task) => {
        const place = placeOf.get(task.id);
        return place === undefined ? [] : [{ task, place }];
      });
      known.sort((a, b) => (busiest ? b.task.shares.works - a.task.shares.works : 0) || a.place - b.place);
      const shown = known.slice(0, mostRows);
      const waiters = waiting(frame);
      for (const { task, place } of shown) {
        const row = rows.get(task.id) ?? rowOf(place, choose);
        rows.set(task.id, row);
        row.update(task, task.id === slow, waiters.get(plan.tasks[place]?.name ?? "") ?? []);
      }
      const order = shown.flatMap(({ task }) => rows.get(task.id)?.line ?? []);
      // Under the pointer, or with the keyboard's focus in them, rows stay where they are.
      const held = body.matches(":hover") || body.contains(document.activeElement);
      const same = order.length === body.children.length && order.every((line, i) => body.children[i] === line);
      if (!same && (!held || order.length !== body.children.length)) body.replaceChildren(...order);
      return known.length - shown.length;
    },
  };
}

/** @param {number} place @param {(task: number) => void} choose */
function rowOf(place, choose) {
  const info = plan.tasks[place];
  const works = info?.kind === "boxing" ? "talks" : "works";
  const mark = el("em", { hidden: true }, "works the most");
  const name = el("button", { class: "link", onclick: () => choose(place) }, info?.name);
  const [share, busy, slots, awaited, fired, now] = [
    el("td", { class: "share" }),
    el("td", { class: "n" }),
    el("td", { class: "n slots" }),
    el("td", { class: "n wide" }),
    el("td", { class: "n wide" }),
    el("td", { class: "now" }),
  ];
  const line = el("tr", {}, el("th", { scope: "row" }, name, mark), share, busy, slots, awaited, fired, now);
  return {
    line,
    /** @param {LiveTask} task @param {boolean} slow @param {readonly string[]} waiters */
    update(task, slow, waiters) {
      line.classList.toggle("slow", slow);
      mark.hidden = !slow;
      share.title = activities.map(([a, text]) => `${text} ${percent(task.shares[a])}`).join("\n");
      share.replaceChildren(bar(activities.map(([a]) => [a === "works" ? works : a, task.shares[a]])));
      busy.textContent = percent(task.shares.works);
      slots.textContent = task.slots ? `${task.slots.held} of ${task.slots.of}` : "–";
      slots.classList.toggle("full", task.slots !== undefined && task.slots.held >= task.slots.of);
      awaited.textContent = percent(task.awaited);
      awaited.title = waiters.length ? `by now wait for it:\n${waiters.slice(0, 12).join("\n")}` : "";
      fired.textContent = count(task.fired);
      const said = task.now.toSorted(([, a], [, b]) => b - a).map(([text, ranks]) => words(text, ranks));
      now.textContent = said.slice(0, 2).join(" · ") + (said.length > 2 ? ` · and ${said.length - 2} more` : "");
      now.title = said.join("\n");
    },
  };
}

/** @param {string} text @param {number} ranks */
function words(text, ranks) {
  const waits = !["works", "in the queue of its thread"].includes(text);
  return `${waits ? `waits for ${text}` : text}${ranks > 1 ? ` (${ranks})` : ""}`;
}
