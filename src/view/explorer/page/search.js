/** @file The search box: ops, tasks and tensors by words of their names, the best matches first. */
import { el } from "./dom.js";
import { plan } from "./model.js";

/**
 * @typedef {import("./model.js").Selection} Selection
 * @typedef {{ type: "op" | "task" | "tensor", id: number, name: string, low: string, rank: number }} Entry
 */

const most = 40;

/** @type {Entry[]} */
const entries = [
  ...plan.ops.map(({ name, kind, step }, id) => entry("op", id, name, `${name} ${kind} ${step ?? ""}`)),
  ...plan.tasks.map(({ name, collective }, id) =>
    entry("task", id, name, `${name} ${collective?.kind ?? ""} ${collective?.axis ?? ""}`),
  ),
  ...plan.tensors.map(({ name, type, layout }, id) => entry("tensor", id, name, `${name} ${type} ${layout}`)),
];

/**
 * @param {"op" | "task" | "tensor"} type
 * @param {number} id
 * @param {string} name
 * @param {string} text
 * @returns {Entry}
 */
function entry(type, id, name, text) {
  return { type, id, name, low: text.toLowerCase(), rank: 0 };
}

/**
 * Those that have all words; names that begin with what was typed before those that contain it.
 * @param {string} query
 * @returns {readonly Entry[]}
 */
export function found(query) {
  const typed = query.trim().toLowerCase();
  if (typed === "") return [];
  const words = typed.split(/\s+/);
  const matches = [];
  for (const each of entries) {
    if (!words.every((word) => each.low.includes(word))) continue;
    const name = each.name.toLowerCase();
    const rank = name === typed ? 0 : name.startsWith(typed) ? 1 : name.includes(typed) ? 2 : 3;
    matches.push({ ...each, rank });
  }
  return matches.sort((a, b) => a.rank - b.rank || a.name.length - b.name.length).slice(0, most);
}

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} results
 * @param {(selection: Selection) => void} choose
 */
export function searchBox(input, results, choose) {
  /** @type {readonly Entry[]} */
  let matches = [];
  let at = 0;
  const close = () => {
    results.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const take = (/** @type {Entry | undefined} */ match) => {
    if (!match) return;
    close();
    input.blur();
    choose({ type: match.type, id: match.id });
  };
  const show = () => {
    results.replaceChildren(
      ...matches.map((match, i) =>
        el(
          "li",
          {
            role: "option",
            id: `result${i}`,
            "aria-selected": String(i === at),
            onmousedown: (event) => {
              event.preventDefault();
              take(match);
            },
          },
          el("span", { class: "what" }, match.type),
          el("span", { class: "name", title: match.name }, match.name),
        ),
      ),
      ...(matches.length ? [] : [el("li", { class: "none" }, "nothing is called so")]),
    );
    results.hidden = input.value.trim() === "";
    input.setAttribute("aria-expanded", String(!results.hidden));
    if (matches.length) input.setAttribute("aria-activedescendant", `result${at}`);
    results.children[at]?.scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", () => {
    matches = found(input.value);
    at = 0;
    show();
  });
  input.addEventListener("focus", () => {
    if (input.value) show();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      at = matches.length ? (at + (event.key === "ArrowDown" ? 1 : matches.length - 1)) % matches.length : 0;
      show();
    } else if (event.key === "Enter") take(matches[at]);
    else if (event.key === "Escape") input.blur();
    else return;
    event.preventDefault();
  });
}
