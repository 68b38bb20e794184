/** @file The page begins: names, buttons, search, and the first view. */
import { byId, el } from "./dom.js";
import { toggleKeys } from "./keys.js";
import { plan } from "./model.js";
import "./pointers.js";
import { searchBox } from "./search.js";
import { canvas, names, open, resize, select, showAll, state, titles, zoom } from "./stage.js";
import { recolour, toggleTheme } from "./turn.js";

byId("name").textContent = plan.name;
byId("views").append(
  ...names.map((name) => el("button", { id: `view-${name}`, role: "tab", onclick: () => open(name) }, titles[name])),
);
searchBox(/** @type {HTMLInputElement} */ (byId("query")), byId("results"), (selection) => {
  select(selection);
  canvas.focus();
});
byId("in").addEventListener("click", () => zoom(1.3));
byId("out").addEventListener("click", () => zoom(1 / 1.3));
byId("fit").addEventListener("click", showAll);
byId("theme").addEventListener("click", toggleTheme);
byId("help").addEventListener("click", () => toggleKeys());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
const area = byId("stage");
new ResizeObserver(() => resize(area.clientWidth, area.clientHeight)).observe(area);
open(state.name);
select(null);
