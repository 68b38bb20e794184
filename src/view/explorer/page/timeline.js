/**
 * @file Time from left to right: for ranks that do the same at the same times one row, with a lane for what computes, one
 * for communication, and the memory in use below them. Where a lane is empty its rank waits: the bubble. A line leads to
 * the selected firing from what it waited for.
 */
import { bytes, seconds } from "./format.js";
import { axis, gutter, hatch, head, memoryArea, stepLines } from "./lanes.js";
import { plan, taskOf } from "./model.js";
import { colour, fitting, fontOf } from "./paint.js";
import { firstAfter, freeBefore, labelOf, lengthOf, spanAt, waitText, whoIs } from "./spans.js";

/**
 * @typedef {import("./model.js").Selection} Selection
 * @typedef {import("./camera.js").Camera} Camera
 * @typedef {import("./lanes.js").Across} Across
 * @typedef {{ row: number, lane: number, y: number, stream: string, spans: readonly number[] }} Lane
 * @typedef {{ title: number, memory: number, bottom: number }} Row heights
 */

const { timeline } = plan;
/** Few rows have more room. */
const roomy = timeline.rows.length <= 4;
const laneHeight = roomy ? 30 : 24;
const memoryHeight = roomy ? 76 : 44;
const [laneGap, rowGap, titleHeight] = [3, 22, 22];

/** @returns {{ lanes: Lane[], rows: Row[], height: number }} */
function laidOut() {
  /** @type {Lane[]} */
  const lanes = [];
  /** @type {Row[]} */
  const rows = [];
  let y = 8;
  for (const [row, { lanes: own }] of timeline.rows.entries()) {
    const title = y;
    y += titleHeight;
    for (const [lane, { stream, spans }] of own.entries()) {
      lanes.push({ row, lane, y, stream, spans });
      y += laneHeight + laneGap;
    }
    const memory = y + 3;
    y += memoryHeight + 6;
    rows.push({ title, memory, bottom: y });
    y += rowGap;
  }
  return { lanes, rows, height: y + head };
}

export function timelineView() {
  const { lanes, rows, height } = laidOut();

  /** The last firing of a task that ended before a time. @param {number} task @param {number} rank @param {number} time */
  const endedBefore = (task, rank, time) => {
    const row = timeline.rows.findIndex(({ ranks }) => ranks.includes(rank));
    const lane = lanes.find((each) => each.row === row && each.stream === plan.tasks[task]?.stream);
    if (!lane) return null;
    for (let i = Math.min(lengthOf(lane.spans) - 1, firstAfter(lane.spans, time)); i >= 0; i--) {
      const span = spanAt(lane.spans, i);
      if (span.task === task && span.end <= time + 1e-9) return { lane, ...span };
    }
    return null;
  };

  /** What a selection is about: one firing, or all of a task. @param {Selection | null} selection */
  const about = (selection) => {
    const firing = selection?.firing;
    const lane = firing && lanes.find((each) => each.row === firing.row && each.lane === firing.lane);
    return { task: selection ? taskOf(selection) : -1, lane, span: firing?.span ?? -1 };
  };

  /** The firing that stands for a selection. @param {Selection} selection */
  const firingOf = (selection) => {
    const { task, lane, span } = about(selection);
    if (lane) return { lane, i: span };
    for (const each of lanes) {
      if (selection.rank !== undefined && !timeline.rows[each.row]?.ranks.includes(selection.rank)) continue;
      for (let i = 0; i < lengthOf(each.spans); i++) if (spanAt(each.spans, i).task === task) return { lane: each, i };
    }
    return null;
  };

  /** @param {Lane} lane @param {number} i @returns {Selection} */
  const selected = (lane, i) => {
    const span = Math.max(0, Math.min(lengthOf(lane.spans) - 1, i));
    const rank = timeline.rows[lane.row]?.ranks[0] ?? 0;
    return { type: "task", id: spanAt(lane.spans, span).task, firing: { row: lane.row, lane: lane.lane, span }, rank };
  };

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {Lane} lane
   * @param {Across} at
   * @param {{ from: number, to: number, top: number, picked: ReturnType<typeof about>, hovered: ReturnType<typeof about> }} scene
   */
  const drawLane = (ctx, { lane, row, stream, spans }, at, { from, to, top, picked, hovered }) => {
    const is = (/** @type {ReturnType<typeof about>} */ of, /** @type {number} */ i, /** @type {number} */ task) =>
      of.lane ? of.lane.row === row && of.lane.lane === lane && of.span === i : of.task === task;
    ctx.font = fontOf(11);
    let drawn = -1;
    for (let i = firstAfter(spans, from); i < lengthOf(spans); i++) {
      const { task, step, start, end } = spanAt(spans, i);
      if (start > to) break;
      const [x, right] = [Math.max(gutter - 4, at(start)), at(end)];
      const strong = is(picked, i, task);
      // Of many that share a pixel one is drawn.
      if (right <= drawn && !strong) continue;
      const w = Math.max(1, right - x);
      drawn = x + Math.max(0.6, right - x);
      ctx.fillStyle = colour(stream === "comm" ? "bar-comm" : "bar-compute");
      ctx.globalAlpha = step % 2 ? 0.78 : 1;
      ctx.fillRect(x, top, w > 3 ? w - 0.6 : w, laneHeight);
      ctx.globalAlpha = 1;
      if (strong || is(hovered, i, -2)) {
        ctx.strokeStyle = colour(strong ? "accent" : "ink");
        ctx.lineWidth = strong ? 2.5 : 1.5;
        ctx.strokeRect(x, top, Math.max(2, w), laneHeight);
      }
      if (w < (plan.tasks[task]?.action ? 18 : 34)) continue;
      ctx.fillStyle = colour("on-bar");
      const left = Math.max(x, gutter);
      ctx.fillText(fitting(ctx, labelOf(task), Math.min(right - left, 600) - 7), left + 5, top + laneHeight / 2 + 0.5);
    }
  };

  /**
   * How long a firing waited, and a line from what it waited for.
   * @param {CanvasRenderingContext2D} ctx
   * @param {Lane} lane
   * @param {number} i
   * @param {Across} at
   * @param {(y: number) => number} down
   */
  const drawCause = (ctx, lane, i, at, down) => {
    const span = spanAt(lane.spans, i);
    const free = freeBefore(lane.spans, i);
    const found = span.why ? endedBefore(span.cause, span.rank, span.start) : null;
    ctx.fillStyle = colour("wait");
    ctx.strokeStyle = colour("wait");
    if (span.start > free) {
      ctx.globalAlpha = 0.3;
      ctx.fillRect(at(free), down(lane.y), at(span.start) - at(free), laneHeight);
      ctx.globalAlpha = 1;
    }
    if (!found) return;
    const [x1, y1] = [at(found.end), down(found.lane.y) + laneHeight / 2];
    const [x2, y2] = [at(span.start), down(lane.y) + laneHeight / 2];
    const x = Math.max(gutter, at(found.start));
    ctx.lineWidth = 1.8;
    ctx.strokeRect(x, down(found.lane.y), Math.max(2, x1 - x), laneHeight);
    ctx.beginPath();
    ctx.moveTo(x1, y1);
    ctx.bezierCurveTo(x1 + 24, y1, x2 - 24, y2, x2, y2);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x2, y2);
    ctx.lineTo(x2 - 7, y2 - 4);
    ctx.lineTo(x2 - 7, y2 + 4);
    ctx.fill();
  };

  /** Names and sums. @param {CanvasRenderingContext2D} ctx @param {number} r @param {(y: number) => number} down */
  const drawTitle = (ctx, r, down) => {
    const row = timeline.rows[r];
    const own = rows[r];
    if (!row || !own) return;
    const share = (/** @type {number} */ t) => `${((100 * Math.max(0, t)) / timeline.end).toFixed(1)} %`;
    const peak = row.memory.reduce((most, n, i) => (i % 2 ? Math.max(most, n) : most), 0);
    const said = [
      `computing ${share(row.compute)}`,
      `exposed communication ${share(row.exposed)}`,
      `bubble ${share(timeline.end - row.compute - row.exposed)}`,
      `memory in use up to ${bytes(peak)} of ${bytes(row.bytes)}`,
    ];
    const name = `${whoIs(row.ranks[0] ?? 0)}${row.ranks.length > 1 ? ` · × ${row.ranks.length} ranks, alike` : ""}`;
    ctx.textAlign = "left";
    ctx.font = fontOf(12.5, true);
    ctx.fillStyle = colour("ink");
    ctx.fillText(name, 12, down(own.title) + 8);
    const wide = ctx.measureText(name).width;
    ctx.font = fontOf(11.5);
    ctx.fillStyle = colour("faint");
    ctx.fillText(said.join(" · "), wide + 28, down(own.title) + 8);
    for (const lane of lanes) if (lane.row === r) ctx.fillText(lane.stream, 12, down(lane.y) + laneHeight / 2);
    ctx.fillText("memory", 12, down(own.memory) + memoryHeight / 2);
  };

  return {
    extent: () => ({
      box: { x: 0, y: -head, w: Math.max(timeline.end, 1e-12), h: height },
      least: 300 / Math.max(timeline.end, 1e-12),
      most: 4e9,
      fixedHeight: true,
      margin: gutter + 12,
    }),
    readable: 1,

    /**
     * @param {CanvasRenderingContext2D} ctx
     * @param {Camera} camera
     * @param {{ width: number, height: number, selection: Selection | null, hover: Selection | null }} scene
     */
    draw(ctx, camera, { width, height: high, selection, hover }) {
      const at = (/** @type {number} */ time) => (time - camera.x) * camera.sx;
      const down = (/** @type {number} */ y) => y - camera.y;
      const [from, to] = [camera.x, camera.x + width / camera.sx];
      const [picked, hovered] = [about(selection), about(hover)];
      const inSight = [...rows.entries()].filter(([, { title, bottom }]) => down(bottom) > 0 && down(title) < high);
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      for (const [r, own] of inSight) {
        for (const lane of lanes) {
          if (lane.row !== r) continue;
          hatch(ctx, Math.max(gutter, at(0)), down(lane.y), Math.min(width, at(timeline.end)), laneHeight);
          drawLane(ctx, lane, at, { from, to, top: down(lane.y), picked, hovered });
        }
        const row = timeline.rows[r];
        if (row) memoryArea(ctx, row, at, { top: down(own.memory), h: memoryHeight, from, to, width });
      }
      stepLines(ctx, at, head - 4, Math.min(high - 48, down(rows.at(-1)?.bottom ?? 0)));
      if (picked.lane) drawCause(ctx, picked.lane, picked.span, at, down);
      ctx.fillStyle = colour("page");
      ctx.fillRect(0, 0, gutter, high);
      for (const [r] of inSight) drawTitle(ctx, r, down);
      axis(ctx, at, from, to, width);
    },

    /**
     * @param {number} x
     * @param {number} y
     * @returns {{ selection: Selection | null, opens?: string, tip: string } | null}
     */
    hit(x, y) {
      const lane = lanes.find((each) => y >= each.y && y <= each.y + laneHeight);
      if (!lane || x < 0) return null;
      const i = firstAfter(lane.spans, x);
      if (i >= lengthOf(lane.spans)) return null;
      const span = spanAt(lane.spans, i);
      const waited = span.start - freeBefore(lane.spans, i);
      const why = waitText(span, waited);
      const idle = span.start > x;
      const tip = idle
        ? [`idle ${seconds(waited)}`, why && `then ${labelOf(span.task)}, which ${why}`]
        : [labelOf(span.task), `step ${timeline.first + span.step} · ${seconds(span.end - span.start)}`, why];
      return { selection: selected(lane, i), tip: tip.filter(Boolean).join("\n") };
    },

    /** @param {Selection} selection */
    place(selection) {
      const found = firingOf(selection);
      if (!found) return null;
      const { start, end } = spanAt(found.lane.spans, found.i);
      return { x: start, y: found.lane.y, w: end - start, h: laneHeight };
    },

    /**
     * @param {Selection | null} selection
     * @param {number} dx
     * @param {number} dy
     * @param {{ x: number, y: number }} middle
     * @returns {Selection | null}
     */
    step(selection, dx, dy, middle) {
      const found = selection && firingOf(selection);
      const [first] = lanes;
      if (!found) return first ? selected(first, firstAfter(first.spans, middle.x)) : null;
      if (dx) return selected(found.lane, found.i + dx);
      const lane = lanes[lanes.indexOf(found.lane) + dy];
      if (!lane) return selection;
      return selected(lane, firstAfter(lane.spans, spanAt(found.lane.spans, found.i).start));
    },
  };
}
