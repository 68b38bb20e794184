/**
 * @file The plan rank by rank: a column is a rank, a row a task in launch order, boxing steps set in from the left. What the
 * selected task reads and gives, and the ranks that it exchanges data with, are joined to it.
 */
import { bytes } from "./format.js";
import { allRanks, groupsOf, plan, ranksOf, registersIn, registersOut, taskOf } from "./model.js";
import { colour, fitting, fontOf, lineOf, tintOf } from "./paint.js";

/**
 * @typedef {import("./model.js").Selection} Selection
 * @typedef {import("./camera.js").Camera} Camera
 */

const [columnWidth, boxWidth, rowHeight, boxHeight, inset] = [290, 236, 26, 20, 22];

export function ranksView() {
  const column = new Map(allRanks.map((rank, i) => [rank, i]));
  const members = plan.tasks.map((task) => new Set(ranksOf(task)));
  const isComm = plan.tasks.map(({ kind }) => kind === "boxing");
  const memory = new Map(plan.memory.flatMap(({ ranks, bytes: size }) => ranks.map((rank) => [rank, size])));
  const names = plan.tasks.map(({ name, kind, collective }) => {
    if (!collective) return kind === "source" || kind === "sink" ? `host · ${kind}` : name;
    return `${[collective.kind, collective.axis].filter(Boolean).join(" · ")} · ${name}`;
  });
  const left = (/** @type {number} */ rank, /** @type {number} */ task) =>
    (column.get(rank) ?? 0) * columnWidth + (isComm[task] ? inset : 0);
  const wide = (/** @type {number} */ task) => boxWidth - (isComm[task] ? inset : 0);
  const middle = (/** @type {number} */ task) => task * rowHeight + rowHeight / 2;

  return {
    extent: () => ({
      box: {
        x: 0,
        y: -44,
        w: allRanks.length * columnWidth - (columnWidth - boxWidth),
        h: plan.tasks.length * rowHeight + 54,
      },
      least: Math.min(0.4, 300 / (plan.tasks.length * rowHeight), 600 / (allRanks.length * columnWidth)),
      most: 3,
      margin: 40,
      long: true,
      start: { x: 0, y: -44 },
    }),
    readable: 0.9,

    /**
     * @param {CanvasRenderingContext2D} ctx
     * @param {Camera} camera
     * @param {{ width: number, height: number, selection: Selection | null, hover: Selection | null }} scene
     */
    draw(ctx, camera, { width, height, selection, hover }) {
      const scale = camera.sx;
      const [firstRow, lastRow] = [
        Math.max(0, Math.floor(camera.y / rowHeight)),
        Math.ceil((camera.y + height / scale) / rowHeight),
      ];
      const firstColumn = Math.max(0, Math.floor(camera.x / columnWidth));
      const lastColumn = Math.min(allRanks.length - 1, Math.floor((camera.x + width / scale) / columnWidth));
      // From afar rows are thinner than a pixel: some stand for all.
      const [rows, columns] = [
        Math.max(1, Math.ceil(0.8 / (rowHeight * scale))),
        Math.max(1, Math.ceil(0.8 / (columnWidth * scale))),
      ];
      const task = selection ? taskOf(selection) : -1;
      const hovered = hover ? taskOf(hover) : -1;
      ctx.save();
      ctx.scale(scale, scale);
      ctx.translate(-camera.x, -camera.y);
      ctx.textBaseline = "middle";
      for (let c = firstColumn; c <= lastColumn; c += columns) {
        const rank = allRanks[c] ?? 0;
        for (let i = firstRow - (firstRow % rows); i < Math.min(lastRow, plan.tasks.length); i += rows) {
          const own = plan.tasks[i];
          if (!own) continue;
          const onHost = own.stream === "host";
          if (!onHost && !members[i]?.has(rank)) continue;
          const [x, y, w] = [left(rank, i), i * rowHeight + (rowHeight - boxHeight) / 2, wide(i)];
          ctx.fillStyle = colour(scale * boxHeight < 5 ? lineOf(own.tone) : tintOf(own.tone));
          ctx.fillRect(x, y, w, Math.max(boxHeight, 1 / scale));
          if (scale * boxHeight < 5) continue;
          const strong = i === task;
          ctx.strokeStyle = colour(strong ? "accent" : lineOf(own.tone));
          ctx.lineWidth = strong
            ? selection?.rank === undefined || selection.rank === rank
              ? 3
              : 2
            : i === hovered
              ? 2
              : 1;
          ctx.strokeRect(x, y, w, boxHeight);
          if (scale * boxHeight < 9) continue;
          ctx.font = fontOf(11);
          ctx.textAlign = "left";
          ctx.fillStyle = colour("ink");
          ctx.fillText(fitting(ctx, `${i} · ${names[i]}`, w - 14), x + 8, y + boxHeight / 2 + 0.5);
        }
      }
      if (task >= 0) this.joined(ctx, task, selection?.rank, scale);
      ctx.restore();

      // What each column is stays in sight.
      ctx.fillStyle = colour("page");
      ctx.fillRect(0, 0, width, 40);
      ctx.fillStyle = colour("grid");
      ctx.fillRect(0, 40, width, 1);
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      const every = Math.ceil(64 / (columnWidth * scale));
      for (let c = firstColumn; c <= lastColumn; c++) {
        if (c % every) continue;
        const rank = allRanks[c] ?? 0;
        const [x, room] = [(c * columnWidth - camera.x) * scale, every * columnWidth * scale - 8];
        ctx.font = fontOf(12.5, true);
        ctx.fillStyle = colour("ink");
        ctx.fillText(fitting(ctx, `rank ${rank}`, room), x, 14);
        ctx.font = fontOf(11);
        ctx.fillStyle = colour("faint");
        ctx.fillText(fitting(ctx, [...placesOf(rank), bytes(memory.get(rank) ?? 0)].join(" · "), room), x, 29);
      }
    },

    /**
     * @param {CanvasRenderingContext2D} ctx
     * @param {number} task
     * @param {number | undefined} rank
     * @param {number} scale
     */
    joined(ctx, task, rank, scale) {
      const own = plan.tasks[task];
      if (!own) return;
      const here = rank ?? ranksOf(own)[0] ?? allRanks[0] ?? 0;
      ctx.lineWidth = Math.max(2, 1.5 / scale);
      ctx.strokeStyle = colour("ink");
      for (const group of groupsOf(own)) {
        if (!group.includes(here)) continue;
        for (const [i, other] of group.entries()) {
          const before = group[i - 1];
          if (before === undefined) continue;
          ctx.beginPath();
          ctx.moveTo(left(before, task) + wide(task), middle(task));
          ctx.lineTo(left(other, task), middle(task));
          ctx.stroke();
        }
      }
      ctx.lineWidth = Math.max(1.3, 1 / scale);
      const ends = [...registersIn(task), ...registersOut(task)].map((i) => plan.registers[i]);
      for (const register of ends) {
        if (!register || register.from === register.to) continue;
        const [a, b] = [middle(register.from), middle(register.to)];
        const x = left(here, -1) + boxWidth;
        const bulge = Math.min(46, 12 + Math.abs(b - a) * 0.12);
        ctx.strokeStyle = colour(register.delay > 0 ? "state-line" : "accent");
        ctx.setLineDash(register.delay > 0 ? [4, 3] : []);
        ctx.beginPath();
        ctx.moveTo(x, a);
        ctx.bezierCurveTo(x + bulge, a, x + bulge, b, x, b);
        ctx.stroke();
        ctx.setLineDash([]);
        ctx.fillStyle = ctx.strokeStyle;
        ctx.beginPath();
        ctx.moveTo(x, b);
        ctx.lineTo(x + 7, b - 3);
        ctx.lineTo(x + 7, b + 3);
        ctx.fill();
      }
    },

    /**
     * @param {number} x
     * @param {number} y
     * @returns {{ selection: Selection | null, opens?: string, tip: string } | null}
     */
    hit(x, y) {
      const [c, i] = [Math.floor(x / columnWidth), Math.floor(y / rowHeight)];
      const [rank, task] = [allRanks[c], plan.tasks[i]];
      if (rank === undefined || !task || i < 0 || x - c * columnWidth > boxWidth) return null;
      if (task.stream !== "host" && !members[i]?.has(rank)) return null;
      return { selection: { type: "task", id: i, rank }, tip: `${names[i]}\n${task.ops.length} ops · ${task.stream}` };
    },

    /** @param {Selection} selection */
    place(selection) {
      const task = taskOf(selection);
      const own = plan.tasks[task];
      if (!own) return null;
      const rank = selection.rank ?? ranksOf(own)[0] ?? allRanks[0] ?? 0;
      return { x: left(rank, task), y: task * rowHeight, w: wide(task), h: rowHeight };
    },

    /**
     * @param {Selection | null} selection
     * @param {number} dx
     * @param {number} dy
     * @param {{ x: number, y: number }} at
     * @returns {Selection | null}
     */
    step(selection, dx, dy, at) {
      const task = selection ? taskOf(selection) : -1;
      if (task < 0)
        return { type: "task", id: Math.min(plan.tasks.length - 1, Math.max(0, Math.floor(at.y / rowHeight))) };
      const ranks = [...(members[task] ?? [])].sort((a, b) => a - b);
      const rank = selection?.rank ?? ranks[0] ?? allRanks[0] ?? 0;
      const beside = ranks[ranks.indexOf(rank) + dx] ?? rank;
      let next = task + dy;
      while (plan.tasks[next] && plan.tasks[next]?.stream !== "host" && !members[next]?.has(rank)) next += dy;
      return { type: "task", id: plan.tasks[next] ? next : task, rank: beside };
    },
  };
}

/** `data 0, model 1` on each mesh. @param {number} rank */
function placesOf(rank) {
  const texts = plan.placements.flatMap(({ axes, ranks }) => {
    let member = ranks.indexOf(rank);
    if (member < 0) return [];
    const at = axes.map(() => 0);
    for (const [i, { size }] of [...axes.entries()].reverse()) {
      at[i] = member % size;
      member = Math.floor(member / size);
    }
    return [axes.map(({ name }, i) => `${name} ${at[i]}`).join(", ")];
  });
  return [...new Set(texts)];
}
