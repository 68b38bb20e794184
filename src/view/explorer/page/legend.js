/** @file What colours mean, below each view. */
import { byId, el } from "./dom.js";
import { plan } from "./model.js";
import { colour } from "./paint.js";

/**
 * @typedef {"logical" | "physical" | "ranks" | "timeline"} Name
 * @typedef {readonly [colour: string, line: string, text: string]} Entry
 */

/** What a timeline is painted with. @type {readonly Entry[]} */
const work = [
  ["bar-compute", "bar-compute", "computes"],
  ["bar-comm", "bar-comm", "communicates"],
  ["frame", "frame-line", "waits"],
  ["state", "state-line", "memory in use"],
];

/** Layouts that occur. @param {readonly import("../../tone.ts").LegendEntry[]} entries @returns {Entry[]} */
const layouts = (entries) => entries.map(({ tone, text }) => [tone, `${tone}-line`, text]);

/** @param {Name} view @param {import("./model.js").Drawing | undefined} drawing what is open of it */
export function legend(view, drawing) {
  const entries = view === "timeline" ? work : layouts((drawing ?? plan).legend);
  byId("legend").replaceChildren(
    ...entries.map(([name, line, text]) => {
      const box = el("i");
      box.style.background = colour(name);
      box.style.borderColor = colour(line);
      return el("span", {}, box, text);
    }),
    el(
      "span",
      { class: "help" },
      "/ search · arrows go · + − zoom · 0 fit · Enter open · Esc back · 1–4 views · ? keys",
    ),
  );
}
