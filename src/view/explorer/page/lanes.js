/** @file What a timeline is painted with: empty lanes, memory in use, the axis of time. */
import { tickStep, tickText } from "./format.js";
import { plan } from "./model.js";
import { colour, fontOf } from "./paint.js";
import { nano } from "./spans.js";

/** Room for names at the left, and for the axis on top. */
export const gutter = 92;
export const head = 34;

/** @typedef {(time: number) => number} Across from seconds to pixels */

/**
 * Slanted lines where a lane is empty.
 * @param {CanvasRenderingContext2D} ctx
 * @param {number} x
 * @param {number} y
 * @param {number} right
 * @param {number} h
 */
export function hatch(ctx, x, y, right, h) {
  if (right <= x) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, right - x, h);
  ctx.clip();
  ctx.fillStyle = colour("frame");
  ctx.fillRect(x, y, right - x, h);
  ctx.strokeStyle = colour("grid");
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let at = x - h; at < right; at += 7) {
    ctx.moveTo(at, y + h);
    ctx.lineTo(at + h, y);
  }
  ctx.stroke();
  ctx.restore();
}

/**
 * Memory in use as an area, what the plan lays out as a dashed line.
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../types.ts").RowInfo} row
 * @param {Across} at
 * @param {{ top: number, h: number, from: number, to: number, width: number }} area
 */
export function memoryArea(ctx, { memory, bytes: planned }, at, { top, h, from, to, width }) {
  const bottom = top + h;
  const y = (/** @type {number} */ size) => bottom - (size / Math.max(planned, 1)) * (h - 4);
  const [left, right] = [Math.max(gutter, at(0)), Math.min(width, at(plan.timeline.end))];
  let [level, x] = [memory[1] ?? 0, left];
  ctx.beginPath();
  ctx.moveTo(left, bottom);
  for (let i = 0; i < memory.length; i += 2) {
    const time = (memory[i] ?? 0) / nano;
    const size = memory[i + 1] ?? 0;
    if (time > to) break;
    // Of changes within a pixel the largest level is drawn.
    const next = Math.max(left, at(time));
    if (time >= from && (next - x >= 0.5 || size > level)) {
      ctx.lineTo(x, y(level));
      ctx.lineTo(next, y(level));
      ctx.lineTo(next, y(size));
      x = next;
    }
    level = size;
  }
  ctx.lineTo(x, y(level));
  ctx.lineTo(right, y(level));
  ctx.lineTo(right, bottom);
  ctx.closePath();
  ctx.fillStyle = colour("state");
  ctx.fill();
  ctx.strokeStyle = colour("state-line");
  ctx.lineWidth = 1;
  ctx.stroke();
  ctx.setLineDash([5, 4]);
  ctx.strokeStyle = colour("faint");
  ctx.beginPath();
  ctx.moveTo(left, y(planned));
  ctx.lineTo(right, y(planned));
  ctx.stroke();
  ctx.setLineDash([]);
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {Across} at
 * @param {number} from
 * @param {number} to
 * @param {number} width
 */
export function axis(ctx, at, from, to, width) {
  ctx.fillStyle = colour("page");
  ctx.fillRect(0, 0, width, head - 4);
  ctx.fillStyle = colour("grid");
  ctx.fillRect(0, head - 5, width, 1);
  ctx.font = fontOf(11);
  ctx.textAlign = "center";
  ctx.fillStyle = colour("faint");
  const step = tickStep(to - from, (width - gutter) / 90);
  for (let n = Math.ceil(Math.max(0, from) / step); n * step <= to; n++) {
    const x = at(n * step);
    if (x < gutter) continue;
    ctx.fillRect(x, head - 9, 1, 5);
    ctx.fillText(tickText(n * step, step), x, 15);
  }
  ctx.textAlign = "left";
  ctx.fillText("time", 12, 15);
}

/**
 * When the result of each step is there.
 * @param {CanvasRenderingContext2D} ctx
 * @param {Across} at
 * @param {number} top
 * @param {number} bottom
 */
export function stepLines(ctx, at, top, bottom) {
  ctx.strokeStyle = colour("faint");
  ctx.fillStyle = colour("faint");
  ctx.font = fontOf(11);
  ctx.textAlign = "center";
  ctx.setLineDash([2, 4]);
  ctx.lineWidth = 1;
  let before = -100;
  for (const [i, end] of plan.timeline.steps.entries()) {
    const x = at(end);
    if (x < gutter) continue;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, bottom);
    ctx.stroke();
    if (x - before > 110) {
      // The names of lanes stand at the left.
      ctx.fillText(`result of step ${plan.timeline.first + i}`, Math.max(x, gutter + 46), bottom + 9);
      before = x;
    }
  }
  ctx.setLineDash([]);
  ctx.textAlign = "left";
}
