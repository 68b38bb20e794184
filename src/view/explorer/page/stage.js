/**
 * @file What the page shows: which view is open, what is selected, where one looks; and how these change.
 */
import { fitted, kept, opened, shown, zoomed } from "./camera.js";
import { detailsOf } from "./details.js";
import { byId, el } from "./dom.js";
import { graphView } from "./graph.js";
import { legend } from "./legend.js";
import { nameOf, plan } from "./model.js";
import { colour } from "./paint.js";
import { ranksView } from "./ranks.js";
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

export const canvas = /** @type {HTMLCanvasElement} */ (byId("canvas"));
const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

export const titles = { logical: "Logical", physical: "Physical", ranks: "By rank", timeline: "Timeline" };
/** @typedef {keyof typeof titles} Name */
export const names = /** @type {Name[]} */ (Object.keys(titles));

/** Pixels above the legend, which lies over the view. */
const room = () => state.height - state.legend;

/** Views are made when they are first opened. @type {Map<string, View>} */
const views = new Map();
/** @type {Map<string, Camera>} */
const cameras = new Map();

/** What the page shows. `part` is a drawing that a node of the logical graph has opened. */
export const state = {
  name: /** @type {Name} */ (plan.view),
  part: /** @type {string | null} */ (null),
  selection: /** @type {Selection | null} */ (null),
  hover: /** @type {Selection | null} */ (null),
  width: 1,
  height: 1,
  /** Pixels of the legend. */
  legend: 0,
};

const key = () => (state.name === "logical" && state.part !== null ? `part ${state.part}` : state.name);

/** @returns {View} */
export function view() {
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

export function camera() {
  let own = cameras.get(key());
  if (!own) {
    own = opened(view().extent(), state.width, room());
    cameras.set(key(), own);
  }
  return own;
}

/** @param {Camera} next */
function look(next) {
  cameras.set(key(), kept(next, view().extent(), state.width, room()));
  paint();
}

let asked = false;
export function paint() {
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

/** What the colours of what is open stand for. */
export function showLegend() {
  const { name, part } = state;
  const logical = (part !== null && plan.parts[part]) || plan.logical;
  legend(name, name === "logical" ? logical : name === "physical" ? plan.physical : undefined);
  state.legend = byId("legend").offsetHeight;
}

/** @param {Name} name @param {string | null} [part] */
export function open(name, part = null) {
  state.name = name;
  state.part = part;
  state.hover = null;
  for (const each of names) byId(`view-${each}`).setAttribute("aria-selected", String(each === name));
  canvas.setAttribute("aria-label", `${titles[name]} view of plan ${plan.name}; arrow keys go from one to the next`);
  byId("trail").replaceChildren(
    ...(part === null
      ? []
      : [
          el("button", { onclick: () => open("logical") }, "‹ whole graph"),
          el("span", {}, plan.parts[part]?.title ?? part),
        ]),
  );
  showLegend();
  if (state.selection) reveal(state.selection);
  paint();
}

/** Brings what is selected into sight, if the view has it. @param {Selection} selection */
function reveal(selection) {
  const box = view().place(selection);
  if (box) look(shown(camera(), view().extent(), box, state.width, room(), view().readable));
}

/** @param {Selection | null} selection @param {boolean} [quiet] not to move */
export function select(selection, quiet = false) {
  state.selection = selection;
  if (selection && !quiet) {
    // In a part what is not in it is in the whole graph.
    if (state.part !== null && !view().place(selection)) open("logical");
    reveal(selection);
  }
  byId("details").replaceChildren(...detailsOf(selection, (to) => select(to)).filter((child) => child !== null));
  byId("details").scrollTop = 0;
  byId("said").textContent = selection ? `${selection.type} ${nameOf(selection)}` : "";
  paint();
}

/** @param {number} factor @param {number} [px] @param {number} [py] */
export function zoom(factor, px = state.width / 2, py = state.height / 2) {
  look(zoomed(camera(), view().extent(), factor, px, py));
}

/** @param {number} dx @param {number} dy */
export const pan = (dx, dy) =>
  look({ ...camera(), x: camera().x + dx / camera().sx, y: camera().y + dy / camera().sy });

export function showAll() {
  look(fitted(view().extent(), state.width, room()));
}

/** Deselects, then leaves a part. */
export function back() {
  if (state.selection) select(null);
  else if (state.part !== null) open("logical");
}

/** Opens what is selected, or brings it into sight. */
export function enter() {
  const opened = state.selection && view().opens?.(state.selection);
  if (opened !== undefined && opened !== null) open("logical", opened);
  else if (state.selection) reveal(state.selection);
}

/** @param {number} dx @param {number} dy */
export function step(dx, dy) {
  const { x, y, sx, sy } = camera();
  const next = view().step(state.selection, dx, dy, { x: x + state.width / 2 / sx, y: y + state.height / 2 / sy });
  if (next) select(next);
}

/** What is at a point of the screen. @param {number} px @param {number} py */
export function hitAt(px, py) {
  const { x, y, sx, sy } = camera();
  return view().hit(x + px / sx, y + py / sy);
}

/** Whether the wheel moves a view up and down: one whose height does not zoom, and that is higher than the window. */
export const scrolls = () => {
  const { box, fixedHeight } = view().extent();
  return fixedHeight === true && box.h > room();
};

/** The window has another size. @param {number} width @param {number} height */
export function resize(width, height) {
  // What was fitted to no size at all is fitted anew.
  if (state.width === 1) cameras.clear();
  [state.width, state.height] = [width, height];
  state.legend = byId("legend").offsetHeight;
  [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
  paint();
}
