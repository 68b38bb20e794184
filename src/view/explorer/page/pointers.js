/** @file What the pointer does: hover, click, drag, pinch, wheel. */
import { byId } from "./dom.js";
import { canvas, hitAt, open, paint, pan, scrolls, select, state, zoom } from "./stage.js";

const tip = byId("tip");

/** Pointers that are down; two of them pinch. @type {Map<number, { x: number, y: number }>} */
const pointers = new Map();
let dragged = 0;

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
    const hit = hitAt(event.offsetX, event.offsetY);
    if (hit && !hit.selection && hit.opens !== undefined) open("logical", hit.opens);
    else select(hit?.selection ?? null, true);
  });
canvas.addEventListener("dblclick", (event) => {
  const opens = hitAt(event.offsetX, event.offsetY)?.opens;
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
    else if (!event.ctrlKey && scrolls()) pan(0, event.deltaY * unit);
    else zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0018)), event.offsetX, event.offsetY);
  },
  { passive: false },
);

/** @param {PointerEvent} event */
function point(event) {
  const hit = hitAt(event.offsetX, event.offsetY);
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
