/** @file What colours mean, below each view. */
import { byId, el } from "./dom.js";
import { colour } from "./paint.js";

/** @typedef {"logical" | "physical" | "ranks" | "timeline"} Name */

/** @param {Name} view */
export function legend(view) {
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
  }[view];
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
