/** @file The pieces that details are made of: sections, tables, links, shares of a whole. */
import { el } from "./dom.js";
import { nameOf } from "./model.js";
import { colour } from "./paint.js";

/**
 * @typedef {import("./model.js").Selection} Selection
 * @typedef {(selection: Selection) => void} Select
 */

/** More of a list are counted. */
const most = 40;

/**
 * A heading and what is below it; nothing where that is empty.
 * @param {string} title
 * @param {...(import("./dom.js").Child)} children
 */
export function section(title, ...children) {
  const given = children.filter((child) => child !== null && child !== undefined && child !== false);
  return given.length ? el("section", {}, el("h3", {}, title), ...given) : null;
}

/**
 * Label and text under each other; numbers to the right.
 * @param {readonly (readonly [import("./dom.js").Child, import("./dom.js").Child])[]} rows
 * @param {boolean} [right]
 */
export const facts = (rows, right = true) =>
  rows.length === 0
    ? null
    : el(
        "table",
        {},
        ...rows.map(([label, value]) =>
          el("tr", {}, el("th", {}, label), el("td", right ? { class: "n" } : {}, value)),
        ),
      );

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly import("./dom.js").Child[])[]} rows
 * @param {(column: number) => string | undefined} [className]
 */
export const table = (head, rows, className = () => undefined) =>
  el(
    "table",
    {},
    el("tr", {}, ...head.map((text, i) => el("th", { class: className(i) === "n" ? "n" : undefined }, text))),
    ...rows.map((row) => el("tr", {}, ...row.map((cell, i) => el("td", { class: className(i) }, cell)))),
  );

/**
 * A name that selects what it names.
 * @param {Selection} to
 * @param {Select} select
 * @param {string} [text]
 */
export const link = (to, select, text) =>
  to.id < 0 ? el("span", {}, "–") : el("button", { class: "link", onclick: () => select(to) }, text ?? nameOf(to));

/**
 * @param {readonly (Node | null)[]} items
 */
export const list = (items) =>
  items.length === 0
    ? null
    : el(
        "ul",
        {},
        ...items.slice(0, most).map((item) => el("li", {}, item)),
        items.length > most && el("li", { class: "sub" }, `… ${items.length - most} more`),
      );

/** @param {string} text */
export const badge = (text) => el("span", { class: "badge" }, text);

/**
 * Shares of a whole beside each other.
 * @param {readonly (readonly [colour: string, share: number, title: string])[]} parts
 */
export function shares(parts) {
  const bar = el("div", { class: "bar", role: "img", "aria-label": parts.map(([, , title]) => title).join(", ") });
  for (const [name, share, title] of parts) {
    const part = el("span", { title });
    part.style.width = `${100 * Math.max(0, share)}%`;
    part.style.background = colour(name);
    bar.append(part);
  }
  return bar;
}

/**
 * One of several, and a way to the others.
 * @param {Selection} selection
 * @param {Select} select
 */
export function pager(selection, select) {
  const { among, id, title } = selection;
  if (!among || among.length < 2) return null;
  const at = among.indexOf(id);
  const to = (/** @type {number} */ n) => () =>
    select({ ...selection, id: among[(n + among.length) % among.length] ?? id });
  return el(
    "div",
    { class: "pager" },
    el("button", { onclick: to(at - 1), "aria-label": "the one before" }, "‹"),
    el("span", {}, `${at + 1} of ${among.length}`),
    el("button", { onclick: to(at + 1), "aria-label": "the next one" }, "›"),
    el("span", { class: "sub" }, title === undefined ? "" : `in ${title}`),
  );
}
