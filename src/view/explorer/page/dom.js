/** @file Elements. What comes from a plan only ever becomes text or a number: no markup is parsed. */

/**
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, string | number | boolean | EventListener | undefined>} Props
 */

/**
 * Handlers are given as `onclick`; all else becomes an attribute.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props} props
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  dress(made, props);
  for (const child of children) if (child !== null && child !== undefined && child !== false) made.append(text(child));
  return made;
}

/**
 * @param {string} tag
 * @param {Props} props
 * @param {...Child} children
 */
export function svg(tag, props = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  dress(made, props);
  for (const child of children) if (child !== null && child !== undefined && child !== false) made.append(text(child));
  return made;
}

/** @param {Node | string | number} child */
const text = (child) => (typeof child === "number" ? String(child) : child);

/**
 * @param {Element} made
 * @param {Props} props
 */
function dress(made, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
}

/**
 * The element of the page with this id.
 * @param {string} id
 */
export const byId = (id) => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
};
