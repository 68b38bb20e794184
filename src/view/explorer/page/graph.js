/**
 * @file A laid-out picture on the canvas. Only what is in sight is drawn; from afar a node shows its name alone, as large
 * as there is room, so that a picture of thousands can be read at every distance.
 */
import { plan } from "./model.js";
import { arrow, frameTitle, nodeText, outline, small } from "./nodes.js";
import { colour, fontOf, lineOf, tintOf } from "./paint.js";

/**
 * @typedef {import("./model.js").Drawing} Drawing
 * @typedef {import("./model.js").DrawnNode} DrawnNode
 * @typedef {import("./model.js").Selection} Selection
 * @typedef {import("./camera.js").Camera} Camera
 */

/** An edge that leads far away is paler. @param {{ l: number, t: number, r: number, b: number }} box */
const isFar = ({ l, t, r, b }) => r - l + b - t > 900;

/** @param {Drawing} drawing */
export function graphView(drawing) {
  const outlines = drawing.nodes.map(outline);
  const curves = drawing.edges.map(({ path, tip }) => {
    const curve = new Path2D();
    curve.moveTo(path[0] ?? 0, path[1] ?? 0);
    for (let i = 2; i + 5 < path.length; i += 6)
      curve.bezierCurveTo(.../** @type {[number, number, number, number, number, number]} */ (path.slice(i, i + 6)));
    if (tip) curve.lineTo(...tip);
    return curve;
  });
  const boxes = drawing.edges.map(({ path }) => {
    let [l, t, r, b] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < path.length; i += 2) {
      [l, r] = [Math.min(l, path[i] ?? 0), Math.max(r, path[i] ?? 0)];
      [t, b] = [Math.min(t, path[i + 1] ?? 0), Math.max(b, path[i + 1] ?? 0)];
    }
    return { l, t, r, b };
  });

  /** Nodes that a selection is about. @param {Selection | null} selection */
  const about = (selection) => {
    /** @type {Set<number>} */
    const found = new Set();
    if (!selection) return found;
    const { type, id } = selection;
    const ops = type === "op" ? [id] : type === "tensor" ? [plan.tensors[id]?.from ?? -1] : (plan.tasks[id]?.ops ?? []);
    const task = type === "task" ? id : -1;
    const wanted = new Set(ops);
    for (const [i, node] of drawing.nodes.entries()) {
      if (node.outside) continue;
      if (
        node.tasks.includes(task) ||
        (task < 0 || node.tasks.length === 0 ? node.ops.some((op) => wanted.has(op)) : false)
      )
        found.add(i);
    }
    return found;
  };

  const own = drawing.nodes.filter(({ kind, outside }) => kind !== "source" && kind !== "sink" && !outside);
  const top = own.toSorted((a, b) => a.y - b.y).slice(0, 8);
  const start = { x: top.reduce((sum, { x }) => sum + x, 0) / Math.max(1, top.length), y: 0 };

  return {
    drawing,
    extent: () => ({
      box: { x: 0, y: 0, w: Math.max(1, drawing.width), h: Math.max(1, drawing.height) },
      least: Math.min(0.3, 250 / Math.max(drawing.width, drawing.height)),
      most: 4,
      margin: 46,
      start,
    }),
    readable: 1,

    /**
     * @param {CanvasRenderingContext2D} ctx
     * @param {Camera} camera
     * @param {{ width: number, height: number, selection: Selection | null, hover: Selection | null }} scene
     */
    draw(ctx, camera, { width, height, selection, hover }) {
      const scale = camera.sx;
      const sight = { l: camera.x, t: camera.y, r: camera.x + width / scale, b: camera.y + height / scale };
      const seen = (/** @type {{ l: number, t: number, r: number, b: number }} */ box) =>
        box.r > sight.l && box.l < sight.r && box.b > sight.t && box.t < sight.b;
      const picked = about(selection);
      const hovered = about(hover);
      ctx.save();
      ctx.scale(scale, scale);
      ctx.translate(-camera.x, -camera.y);

      for (const { box } of drawing.frames) {
        const [x, y, w, h] = box;
        if (!seen({ l: x, t: y, r: x + w, b: y + h })) continue;
        ctx.beginPath();
        ctx.roundRect(x, y, w, h, 8);
        ctx.fillStyle = colour("frame");
        ctx.fill();
        ctx.strokeStyle = colour("frame-line");
        ctx.lineWidth = 1 / Math.min(1, scale);
        ctx.stroke();
      }

      for (const [i, edge] of drawing.edges.entries()) {
        const box = boxes[i];
        const curve = curves[i];
        if (!box || !curve || !seen(box)) continue;
        const strong = picked.has(edge.from) || picked.has(edge.to);
        const dashed = edge.kind === "write" || edge.kind === "carried" || edge.kind === "next";
        const group = edge.kind === "group" || edge.kind === "other group";
        ctx.strokeStyle = colour(strong ? "accent" : group ? "faint" : lineOf(edge.tone));
        ctx.globalAlpha = strong ? 1 : picked.size || edge.kind === "host" ? 0.35 : isFar(box) ? 0.4 : 0.8;
        ctx.lineWidth = Math.max(strong ? 1.8 : 0.9, (strong ? 1.6 : 0.6) / scale);
        ctx.setLineDash(dashed ? [4, 3] : []);
        ctx.stroke(curve);
        ctx.setLineDash([]);
        if (edge.tip && scale > 0.25) arrow(ctx, edge.path, edge.tip);
        if (edge.at && scale > 0.55) {
          ctx.font = fontOf(small * 0.95);
          ctx.textAlign = "center";
          ctx.textBaseline = "middle";
          ctx.lineJoin = "round";
          const top = edge.at[1] - ((edge.text.length - 1) * 12.6) / 2;
          for (const [k, said] of edge.text.entries()) {
            ctx.strokeStyle = colour("frame");
            ctx.lineWidth = 3;
            ctx.strokeText(said, edge.at[0], top + k * 12.6);
            ctx.fillStyle = strong ? colour("accent") : colour(k === 0 ? "ink" : "faint");
            ctx.fillText(said, edge.at[0], top + k * 12.6);
          }
        }
        ctx.globalAlpha = 1;
      }

      for (const [i, node] of drawing.nodes.entries()) {
        const { x, y, w, h } = node;
        const shape = outlines[i];
        if (!shape || !seen({ l: x - w / 2, t: y - h / 2, r: x + w / 2, b: y + h / 2 })) continue;
        ctx.globalAlpha = node.outside ? 0.6 : 1;
        ctx.fillStyle = colour(tintOf(node.tone));
        ctx.strokeStyle = colour(picked.has(i) ? "accent" : lineOf(node.tone));
        ctx.lineWidth = Math.max(1.1, (picked.has(i) ? 3 : hovered.has(i) ? 2.2 : 1) / Math.min(1, scale));
        if (node.opens !== undefined) {
          // What stands for several lies on a second sheet.
          ctx.beginPath();
          ctx.roundRect(x - w / 2 + 4, y - h / 2 - 4, w, h, 3);
          ctx.fill();
          ctx.stroke();
        }
        ctx.fill(shape);
        ctx.stroke(shape);
        nodeText(ctx, node, scale);
        ctx.globalAlpha = 1;
      }
      for (const frame of drawing.frames) frameTitle(ctx, frame, scale);
      ctx.restore();
    },

    /**
     * What is at a point of the picture.
     * @param {number} x
     * @param {number} y
     * @returns {{ selection: Selection | null, opens?: string, tip: string } | null}
     */
    hit(x, y) {
      for (const node of drawing.nodes)
        if (Math.abs(x - node.x) <= node.w / 2 && Math.abs(y - node.y) <= node.h / 2) return ofNode(node);
      for (const { box, opens, text } of drawing.frames.toReversed()) {
        const [l, t, w] = box;
        if (opens !== undefined && x >= l && x <= l + w && y >= t && y <= t + 26)
          return { selection: null, opens, tip: `${text[0]}\nclick to open` };
      }
      return null;
    },

    /** @param {Selection} selection */
    place(selection) {
      const [first] = about(selection);
      const node = first === undefined ? undefined : drawing.nodes[first];
      return node ? { x: node.x - node.w / 2, y: node.y - node.h / 2, w: node.w, h: node.h } : null;
    },

    /** The drawing that what is selected opens. @param {Selection} selection */
    opens(selection) {
      const [first] = about(selection);
      return first === undefined ? undefined : drawing.nodes[first]?.opens;
    },

    /**
     * The nearest node in a direction.
     * @param {Selection | null} selection
     * @param {number} dx
     * @param {number} dy
     * @param {{ x: number, y: number }} middle where one looks
     * @returns {Selection | null}
     */
    step(selection, dx, dy, middle) {
      const [first] = about(selection);
      const here = first === undefined ? undefined : drawing.nodes[first];
      const from = here ?? { ...middle, w: 0, h: 0 };
      let [best, least] = [/** @type {DrawnNode | undefined} */ (undefined), Infinity];
      for (const node of drawing.nodes) {
        if (node === here || node.ops.length + node.tasks.length === 0) continue;
        const [ax, ay] = [node.x - from.x, node.y - from.y];
        const along = dx * ax + dy * ay;
        const across = Math.abs(dx * ay) + Math.abs(dy * ax);
        if (here && along <= 1) continue;
        const far = here ? along + 2.5 * across : Math.hypot(ax, ay);
        if (far < least) [best, least] = [node, far];
      }
      return best ? (ofNode(best)?.selection ?? null) : selection;
    },
  };
}

/**
 * @param {DrawnNode} node
 * @returns {{ selection: Selection | null, opens?: string, tip: string }}
 */
function ofNode(node) {
  const title = node.text[0]?.[0] ?? "";
  const tip = node.text.flat().join("\n") + (node.opens === undefined ? "" : "\ndouble-click to open");
  const opens = node.opens === undefined ? {} : { opens: node.opens };
  const [task] = node.tasks;
  const [op] = node.ops;
  if (task !== undefined)
    return {
      selection: { type: "task", id: task, ...(node.tasks.length > 1 && { among: node.tasks, title }) },
      tip,
      ...opens,
    };
  if (op !== undefined)
    return { selection: { type: "op", id: op, ...(node.ops.length > 1 && { among: node.ops, title }) }, tip, ...opens };
  return { selection: null, tip, ...opens };
}
