/** @file The live view: a tab beside the others, filled by the frames that the session sends. */

import { activities, curveOf, ranksOf, stateOf, taskRows } from "./activity.js";
import { byId, el } from "./dom.js";
import { count } from "./format.js";
import { applied } from "./frames.js";
import { canvas, names, open, select } from "./stage.js";

/** @typedef {import("../../live/types.ts").LiveFrame} LiveFrame */

const parts = {
  state: el("div", { id: "live-state", "aria-live": "polite" }),
  curves: el("div", { id: "live-curves" }),
  ranks: el("ul", { id: "live-ranks", "aria-label": "Ranks" }),
  rows: taskRows((task) => choose(task)),
  left: el("p", { class: "sub" }),
};
const order = el("button", { id: "live-order", "aria-pressed": "true" }, "busiest first");
const view = el(
  "section",
  { id: "live", "aria-label": "Live", tabindex: -1 },
  parts.state,
  parts.curves,
  el("h2", {}, "Ranks, the last seconds"),
  parts.ranks,
  el("div", { class: "head" }, el("h2", {}, "Tasks, the last seconds"), order),
  el(
    "p",
    { class: "key" },
    ...activities.map(([kind, text]) => el("span", {}, el("i", { class: kind }), text)),
    el("span", {}, el("i", { class: "talks" }), "communicates"),
  ),
  el(
    "table",
    {},
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", {}, "task"),
        el("th", {}, "shares of time"),
        el("th", { class: "n" }, "works"),
        el("th", { class: "n" }, "slots held"),
        el("th", { class: "n wide" }, "holds others up"),
        el("th", { class: "n wide" }, "firings"),
        el("th", {}, "now"),
      ),
    ),
    parts.rows.body,
  ),
  parts.left,
);

/** @type {LiveFrame | null} */
let last = null;
let lost = false;
let busiest = true;

function show() {
  if (!last || !document.body.classList.contains("live")) return;
  const keep = (/** @type {readonly unknown[]} */ all) => all.filter((one) => one instanceof Node);
  parts.state.replaceChildren(...keep(stateOf(last, lost)));
  parts.curves.replaceChildren(...last.curves.map(curveOf));
  parts.ranks.replaceChildren(...ranksOf(last));
  const left = parts.rows.show(last, busiest);
  parts.left.textContent = left > 0 ? `… ${count(left)} more tasks` : "";
}

/** @param {number} task */
function choose(task) {
  turn(false);
  open("physical");
  select({ type: "task", id: task });
  canvas.focus();
}

const tab = el("button", { id: "view-live", role: "tab", "aria-selected": "false", onclick: () => turn(true) }, "Live");

/** @param {boolean} on */
function turn(on) {
  document.body.classList.toggle("live", on);
  tab.setAttribute("aria-selected", String(on));
  if (on) for (const name of names) byId(`view-${name}`).setAttribute("aria-selected", "false");
  show();
}

byId("views").append(tab);
byId("stage").append(view);
for (const name of names) byId(`view-${name}`).addEventListener("click", () => turn(false));
byId("results").addEventListener("click", () => turn(false));
document.addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = Number(event.key) - 1;
  if (place === names.length) turn(true);
  else if (names[place] !== undefined) turn(false);
});
order.addEventListener("click", () => {
  busiest = !busiest;
  order.setAttribute("aria-pressed", String(busiest));
  show();
});

const source = new EventSource("events");
source.addEventListener("message", ({ data }) => {
  last = applied(last, JSON.parse(data));
  lost = false;
  show();
});
source.addEventListener("error", () => {
  lost = true;
  show();
});
turn(true);
