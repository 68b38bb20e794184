/** @file What keys do, and the list that says so. */
import { byId, el } from "./dom.js";
import { back, enter, names, open, pan, showAll, step, zoom } from "./stage.js";
import { toggleTheme } from "./turn.js";

const keys = byId("keys");
const query = /** @type {HTMLInputElement} */ (byId("query"));

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

/** Shows the list of keys, or hides it. */
export function toggleKeys(on = keys.hidden) {
  keys.hidden = !on;
  byId("help").setAttribute("aria-expanded", String(on));
}

/** @type {Record<string, [number, number]>} */
const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

document.addEventListener("keydown", (event) => {
  const inField = event.target instanceof HTMLInputElement;
  if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
  const onButton = event.target instanceof HTMLButtonElement;
  const arrow = arrows[event.key];
  const name = names[Number(event.key) - 1];
  if (arrow) event.shiftKey ? pan(90 * arrow[0], 90 * arrow[1]) : step(...arrow);
  else if (event.key === "/") query.select();
  else if (event.key === "+" || event.key === "=") zoom(1.3);
  else if (event.key === "-" || event.key === "_") zoom(1 / 1.3);
  else if (event.key === "0") showAll();
  else if (event.key === "Escape") keys.hidden ? back() : toggleKeys(false);
  else if (event.key === "Enter" && !onButton) enter();
  else if (event.key === "t") toggleTheme();
  else if (event.key === "?") toggleKeys();
  else if (name) open(name);
  else return;
  event.preventDefault();
});

keys.replaceChildren(
  ...shortcuts.flatMap(([key = "", text = ""]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]),
);
