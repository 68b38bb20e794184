/** @file The page: which view is open, what is selected, and what keys and pointers do. */
import { fitted, kept, opened, shown, zoomed } from "./camera.js";
import { detailsOf } from "./details.js";
import { byId, el } from "./dom.js";
import { graphView } from "./graph.js";
import { nameOf, plan } from "./model.js";
import { colour, forgetColours } from "./paint.js";
import { ranksView } from "./ranks.js";
import { searchBox } from "./search.js";
import { timelineView } from "./timeline.js";

/**
 * @typedef {import("./model.js").Selection} Selection
 * @typedef {import("./camera.js").Camera} Camera
 * @typedef {{ selection: Selection | null, opens?: string, tip: string }} Hit
 * @typedef {{ extent(): import("./camera.js").Extent, readable: number,
 *   draw(ctx: CanvasRenderingContext2D, camera: Camera, scene: { width: number, height: number,
 *     selection: Selection | null, hover: Selection | null }): void,
 *   hit(x: number, y: number): Hit | null,
 *   place(selection: Selection): import("./camera.js").Box | null,
 *   opens?(selection: Selection): string | undefined,
 *   step(selection: Selection | null, dx: number, dy: number, middle: { x: number, y: number }): Selection | null }} View
 */

const canvas = /** @type {HTMLCanvasElement} */ (byId("canvas"));
const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
const [stage, details, tip, trail, keys] = [byId("stage"), byId("details"), byId("tip"), byId("trail"), byId("keys")];
const query = /** @type {HTMLInputElement} */ (byId("query"));

const titles = { logical: "Logical", physical: "Physical", ranks: "By rank", timeline: "Timeline" };
/** @typedef {keyof typeof titles} Name */
const names = /** @type {Name[]} */ (Object.keys(titles));

/** Views are made when they are first opened. @type {Map<string, View>} */
const views = new Map();
/** @type {Map<string, Camera>} */
const cameras = new Map();

/** What the page shows. `part` is a drawing that a node of the logical graph has opened. */
const state = {
  name: /** @type {Name} */ (plan.view),
  part: /** @type {string | null} */ (null),
  selection: /** @type {Selection | null} */ (null),
  hover: /** @type {Selection | null} */ (null),
  width: 1,
  height: 1,
};

const key = () => (state.name === "logical" && state.part !== null ? `part ${state.part}` : state.name);

/** @returns {View} */
function view() {
  const known = views.get(key());
  if (known) return known;
  const part = state.part === null ? undefined : plan.parts[state.part];
  const made =
    state.name === "ranks"
      ? ranksView()
      : state.name === "timeline"
        ? timelineView()
        : graphView(state.name === "physical" ? plan.physical : (part ?? plan.logical));
  views.set(key(), made);
  return made;
}

function camera() {
  let own = cameras.get(key());
  if (!own) {
    own = opened(view().extent(), state.width, state.height - legendHeight);
    cameras.set(key(), own);
  }
  return own;
}

/** @param {Camera} next */
function look(next) {
  cameras.set(key(), kept(next, view().extent(), state.width, state.height - legendHeight));
  paint();
}

const legendHeight = 30;
let asked = false;
function paint() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    const ratio = devicePixelRatio;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = colour("page");
    ctx.fillRect(0, 0, state.width, state.height);
    view().draw(ctx, camera(), state);
  });
}

/** @param {Name} name @param {string | null} [part] */
function open(name, part = null) {
  state.name = name;
  state.part = part;
  state.hover = null;
  for (const each of names) byId(`view-${each}`).setAttribute("aria-selected", String(each === name));
  canvas.setAttribute("aria-label", `${titles[name]} view of plan ${plan.name}; arrow keys go from one to the next`);
  trail.replaceChildren(
    ...(part === null
      ? []
      : [
          el("button", { onclick: () => open("logical") }, "‹ whole graph"),
          el("span", {}, plan.parts[part]?.title ?? part),
        ]),
  );
  legend();
  if (state.selection) reveal(state.selection);
  paint();
}

/** Brings what is selected into sight, if the view has it. @param {Selection} selection */
function reveal(selection) {
  const box = view().place(selection);
  if (box) look(shown(camera(), view().extent(), box, state.width, state.height - legendHeight, view().readable));
}

/** @param {Selection | null} selection @param {boolean} [quiet] not to move */
function select(selection, quiet = false) {
  state.selection = selection;
  if (selection && !quiet) {
    // In a part what is not in it is in the whole graph.
    if (state.part !== null && !view().place(selection)) open("logical");
    reveal(selection);
  }
  details.replaceChildren(...detailsOf(selection, (to) => select(to)).filter((child) => child !== null));
  details.scrollTop = 0;
  byId("said").textContent = selection ? `${selection.type} ${nameOf(selection)}` : "";
  paint();
}

function legend() {
  const graph = /** @type {const} */ ([
    ["compute", "computes"],
    ["boxing", "moves data"],
    ["state", "state"],
    ["port", "input, output"],
  ]);
  const entries = {
    logical: graph,
    physical: /** @type {const} */ ([
      ["compute", "computes"],
      ["boxing", "moves data between ranks"],
      ["host", "host"],
    ]),
    ranks: /** @type {const} */ ([
      ["compute", "computes"],
      ["boxing", "moves data between ranks"],
      ["host", "host"],
    ]),
    timeline: /** @type {const} */ ([
      ["bar-compute", "computes"],
      ["bar-comm", "communicates"],
      ["frame", "waits"],
      ["state", "memory in use"],
    ]),
  }[state.name];
  byId("legend").replaceChildren(
    ...entries.map(([name, text]) => {
      const box = el("i");
      box.style.background = colour(name);
      box.style.borderColor = colour(name.startsWith("bar") ? name : name === "frame" ? "frame-line" : `${name}-line`);
      return el("span", {}, box, text);
    }),
    el(
      "span",
      { class: "help" },
      "/ search · arrows go · + − zoom · 0 fit · Enter open · Esc back · 1–4 views · ? keys",
    ),
  );
}

const shortcuts = [
  ["/", "search"],
  ["← ↑ → ↓", "go to what is beside; with Shift the view moves"],
  ["+  −  0", "zoom in, out, show all"],
  ["Enter", "open a module or a block; show what is selected"],
  ["Esc", "back: close, deselect, leave a module"],
  ["1  2  3  4", "logical, physical, by rank, timeline"],
  ["t", "light or dark"],
  ["Tab", "from control to control"],
  ["?", "this list"],
];

function toggleKeys(on = keys.hidden) {
  keys.hidden = !on;
  byId("help").setAttribute("aria-expanded", String(on));
}

function toggleTheme() {
  const root = document.documentElement;
  const dark =
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  recolour();
}

function recolour() {
  forgetColours();
  legend();
  select(state.selection, true);
}

/** @param {number} factor @param {number} [px] @param {number} [py] */
function zoom(factor, px = state.width / 2, py = state.height / 2) {
  look(zoomed(camera(), view().extent(), factor, px, py));
}

/** @param {number} dx @param {number} dy */
const pan = (dx, dy) => look({ ...camera(), x: camera().x + dx / camera().sx, y: camera().y + dy / camera().sy });

function showAll() {
  look(fitted(view().extent(), state.width, state.height - legendHeight));
}

function back() {
  if (!keys.hidden) toggleKeys(false);
  else if (state.selection) select(null);
  else if (state.part !== null) open("logical");
}

function enter() {
  const opened = state.selection && view().opens?.(state.selection);
  if (opened !== undefined && opened !== null) open("logical", opened);
  else if (state.selection) reveal(state.selection);
}

/** @param {number} dx @param {number} dy */
function step(dx, dy) {
  const { x, y, sx, sy } = camera();
  const next = view().step(state.selection, dx, dy, { x: x + state.width / 2 / sx, y: y + state.height / 2 / sy });
  if (next) select(next);
}

/** @type {Record<string, [number, number]>} */
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

document.addEventListener("keydown", (event) => {
  const inField = event.target instanceof HTMLInputElement;
  if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
  const onButton = event.target instanceof HTMLButtonElement;
  const arrow = arrows[event.key];
  const view = names[Number(event.key) - 1];
  if (arrow) event.shiftKey ? pan(90 * arrow[0], 90 * arrow[1]) : step(...arrow);
  else if (event.key === "/") query.select();
  else if (event.key === "+" || event.key === "=") zoom(1.3);
  else if (event.key === "-" || event.key === "_") zoom(1 / 1.3);
  else if (event.key === "0") showAll();
  else if (event.key === "Escape") back();
  else if (event.key === "Enter" && !onButton) enter();
  else if (event.key === "t") toggleTheme();
  else if (event.key === "?") toggleKeys();
  else if (view) open(view);
  else return;
  event.preventDefault();
});

/** Pointers that are down; two of them pinch. @type {Map<number, { x: number, y: number }>} */
const pointers = new Map();
let dragged = 0;

/** @param {MouseEvent} event */
const hitAt = (event) => {
  const { x, y, sx, sy } = camera();
  return view().hit(x + event.offsetX / sx, y + event.offsetY / sy);
};

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
  dragged = 0;
});
canvas.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return point(event);
  const now = { x: event.offsetX, y: event.offsetY };
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  dragged += Math.hypot(now.x - before.x, now.y - before.y);
  if (dragged > 3) canvas.classList.add("dragging");
  if (other) {
    const spread = (/** @type {{ x: number, y: number }} */ at) =>
      Math.max(1, Math.hypot(at.x - other.x, at.y - other.y));
    zoom(spread(now) / spread(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
  } else if (dragged > 3) pan(before.x - now.x, before.y - now.y);
  pointers.set(event.pointerId, now);
});
for (const type of /** @type {const} */ (["pointerup", "pointercancel"]))
  canvas.addEventListener(type, (event) => {
    if (!pointers.delete(event.pointerId)) return;
    canvas.classList.remove("dragging");
    if (dragged > 3 || type === "pointercancel") return;
    const hit = hitAt(event);
    if (hit && !hit.selection && hit.opens !== undefined) open("logical", hit.opens);
    else select(hit?.selection ?? null, true);
  });
canvas.addEventListener("dblclick", (event) => {
  const opens = hitAt(event)?.opens;
  if (opens !== undefined) open("logical", opens);
});
canvas.addEventListener("pointerleave", () => {
  tip.hidden = true;
  state.hover = null;
  paint();
});
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 30 : 1;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (sideways) pan((event.deltaX || event.deltaY) * unit, 0);
    else if (state.name === "timeline" && !event.ctrlKey && tall()) pan(0, event.deltaY * unit);
    else zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0018)), event.offsetX, event.offsetY);
  },
  { passive: false },
);

/** Whether the view is higher than the window, at a scale that does not change. */
const tall = () => view().extent().box.h > state.height - legendHeight;

/** @param {PointerEvent} event */
function point(event) {
  const hit = hitAt(event);
  canvas.classList.toggle("pointing", hit !== null);
  if (state.hover !== (hit?.selection ?? null)) {
    state.hover = hit?.selection ?? null;
    paint();
  }
  tip.hidden = !hit;
  if (!hit) return;
  tip.textContent = hit.tip;
  const [w, h] = [tip.offsetWidth, tip.offsetHeight];
  tip.style.left = `${Math.min(event.offsetX + 14, state.width - w - 6)}px`;
  tip.style.top = `${event.offsetY + 18 + h > state.height ? event.offsetY - h - 10 : event.offsetY + 18}px`;
}

byId("name").textContent = plan.name;
byId("views").append(
  ...names.map((name) => el("button", { id: `view-${name}`, role: "tab", onclick: () => open(name) }, titles[name])),
);
keys.replaceChildren(
  ...shortcuts.flatMap(([key = "", text = ""]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]),
);
searchBox(query, byId("results"), (selection) => {
  select(selection);
  canvas.focus();
});
byId("in").addEventListener("click", () => zoom(1.3));
byId("out").addEventListener("click", () => zoom(1 / 1.3));
byId("fit").addEventListener("click", showAll);
byId("theme").addEventListener("click", toggleTheme);
byId("help").addEventListener("click", () => toggleKeys());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new ResizeObserver(() => {
  const first = state.width === 1;
  [state.width, state.height] = [stage.clientWidth, stage.clientHeight];
  [canvas.width, canvas.height] = [state.width * devicePixelRatio, state.height * devicePixelRatio];
  if (first) cameras.clear();
  paint();
}).observe(stage);
open(state.name);
select(null);
