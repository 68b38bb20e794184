/** @file From light to dark and back. */
import { forgetColours } from "./paint.js";
import { select, showLegend, state } from "./stage.js";

/** Overrides what the reader's system prefers. */
export function toggleTheme() {
  const root = document.documentElement;
  const dark =
    (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  recolour();
}

/** Draws all in the colours that hold now. */
export function recolour() {
  forgetColours();
  showLegend();
  select(state.selection, true);
}
