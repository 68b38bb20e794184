/** @file How nodes, their texts and the titles of frames look. From afar a node shows its name alone, as large as it fits. */
import { colour, fitting, fontOf } from "./paint.js";

/** @typedef {import("./model.js").DrawnNode} DrawnNode */

/** Sizes of text as pictures have them: a name, and what explains it; and the distance of lines. */
export const [large, small, line] = [10.8, 9.4, 14.4];

/** @param {DrawnNode} node */
export const outline = (node) => {
  const { x, y, w, h, shape } = node;
  const [l, r, t, b] = [x - w / 2, x + w / 2, y - h / 2, y + h / 2];
  const path = new Path2D();
  const lines = (/** @type {[number, number][]} */ points) => {
    for (const [i, [px, py]] of points.entries()) i === 0 ? path.moveTo(px, py) : path.lineTo(px, py);
    path.closePath();
  };
  if (shape === "hexagon") {
    const d = Math.min(0.12 * w, h / 2);
    lines([
      [l, y],
      [l + d, t],
      [r - d, t],
      [r, y],
      [r - d, b],
      [l + d, b],
    ]);
  } else if (shape === "house")
    lines([
      [l, b],
      [l, y - 0.1 * h],
      [x, t],
      [r, y - 0.1 * h],
      [r, b],
    ]);
  else if (shape === "invhouse")
    lines([
      [l, t],
      [r, t],
      [r, y + 0.1 * h],
      [x, b],
      [l, y + 0.1 * h],
    ]);
  else if (shape === "cylinder") {
    const e = Math.min(5, h / 6);
    path.moveTo(l, t + e);
    path.bezierCurveTo(l, t - e / 3, r, t - e / 3, r, t + e);
    path.lineTo(r, b - e);
    path.bezierCurveTo(r, b + e / 3, l, b + e / 3, l, b - e);
    path.closePath();
    // The other way round, so that both parts are filled.
    path.moveTo(r, t + e);
    path.bezierCurveTo(r, t + 2.3 * e, l, t + 2.3 * e, l, t + e);
  } else path.roundRect(l, t, w, h, shape === "box3d" ? 3 : 6);
  return path;
};

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {readonly number[]} path
 * @param {readonly [number, number]} tip
 */
export function arrow(ctx, path, tip) {
  const [x, y] = path.slice(-2);
  const angle = Math.atan2(tip[1] - (y ?? 0), tip[0] - (x ?? 0));
  ctx.fillStyle = ctx.strokeStyle;
  ctx.beginPath();
  ctx.moveTo(...tip);
  for (const side of [-0.4, 0.4]) ctx.lineTo(tip[0] - 7 * Math.cos(angle + side), tip[1] - 7 * Math.sin(angle + side));
  ctx.fill();
}

/**
 * @param {CanvasRenderingContext2D} ctx
 * @param {DrawnNode} node
 * @param {number} scale
 */
export function nodeText(ctx, node, scale) {
  const { x, y, w, h, text, lines } = node;
  ctx.textBaseline = "middle";
  ctx.fillStyle = colour("ink");
  if (scale < 0.6) {
    // A task is told by its first op; the block that it is in stands around it.
    const name = lines.length > 0 ? (text[1]?.[0] ?? "").replace(/^[^.]*\d\./, "") : (text[0]?.[0] ?? "");
    ctx.font = fontOf(large);
    const fits = (large * (w - 8)) / Math.max(1, ctx.measureText(name).width);
    const size = Math.min(0.6 * h, Math.max(Math.min(fits, 12 / scale), 7.5 / scale));
    if (size * scale < 4.5) return;
    ctx.font = fontOf(Math.round(2 * size) / 2);
    ctx.textAlign = "center";
    ctx.fillText(fitting(ctx, name, w - 6), x, y);
    return;
  }
  if (lines.length > 0) {
    ctx.textAlign = "left";
    ctx.lineWidth = 1;
    let top = y - h / 2;
    for (const [i, field] of text.entries()) {
      const bottom = lines[i] ?? y + h / 2;
      if (i < lines.length) {
        ctx.beginPath();
        ctx.moveTo(x - w / 2, bottom);
        ctx.lineTo(x + w / 2, bottom);
        ctx.stroke();
      }
      const first = (top + bottom) / 2 - ((field.length - 1) * line) / 2;
      for (const [k, said] of field.entries()) {
        ctx.font = fontOf(i === 0 ? large : small);
        ctx.fillStyle = colour(i === 0 ? "ink" : "said");
        ctx.fillText(fitting(ctx, said, w - 12), x - w / 2 + 8, first + k * line);
      }
      top = bottom;
    }
    return;
  }
  ctx.textAlign = "center";
  const all = text.flat();
  const first = y - ((all.length - 1) * line) / 2;
  for (const [k, said] of all.entries()) {
    ctx.font = fontOf(k === 0 ? large : small);
    ctx.fillStyle = colour(k === 0 ? "ink" : "said");
    ctx.fillText(fitting(ctx, said, w - 6), x, first + k * line);
  }
}

/**
 * Within its frame; from afar on the frame's upper edge, for then it is too large to be in it.
 * @param {CanvasRenderingContext2D} ctx
 * @param {import("../types.ts").DrawnFrame} frame
 * @param {number} scale
 */
export function frameTitle(ctx, { box, text }, scale) {
  const [x, y, w] = box;
  const size = Math.max(12, 10.5 / scale);
  ctx.font = fontOf(Math.round(2 * size) / 2, true);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const near = scale > 0.8;
  for (const [i, said] of text.entries()) {
    if (i > 0 && !near) return;
    const fits = fitting(ctx, said, Math.max(w - 14, 60 / scale));
    const middle = near ? y + 13 + i * 1.3 * size : y;
    if (!near) {
      ctx.fillStyle = colour("frame");
      ctx.fillRect(x + 6, middle - 0.6 * size, ctx.measureText(fits).width + 8, 1.2 * size);
    }
    ctx.fillStyle = colour("faint");
    ctx.fillText(fits, x + 10, middle);
  }
}
