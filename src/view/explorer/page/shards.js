/**
 * @file A tensor on its mesh: a cell for each rank, in it the whole tensor as an outline and what the rank holds filled;
 * parts of a sum in another colour.
 */
import { svg } from "./dom.js";
import { plan } from "./model.js";

/** Ranks that are drawn; more are counted. */
const most = 64;

/**
 * The two dims that are drawn: those that are split first.
 * @param {import("../types.ts").TensorInfo} tensor
 * @param {import("../types.ts").ShardsInfo} shards
 */
function dimsOf({ shape }, { regions }) {
  const isSplit = (/** @type {number} */ dim) =>
    regions.some(
      (region) => region[dim]?.length !== 1 || region[dim]?.[0]?.[1] !== shape[dim] || region[dim]?.[0]?.[0] !== 0,
    );
  const order = shape
    .map((_, dim) => dim)
    .sort((a, b) => Number(isSplit(b)) - Number(isSplit(a)) || (shape[b] ?? 0) - (shape[a] ?? 0));
  const [a, b] = order.slice(0, 2).sort((x, y) => x - y);
  return b === undefined ? { down: undefined, across: a } : { down: a, across: b };
}

/** @param {number} id tensor */
export function shardsPicture(id) {
  const tensor = plan.tensors[id];
  const shards = tensor && plan.shards[tensor.shards];
  const mesh = tensor && plan.placements[tensor.placement];
  if (!tensor || !shards || !mesh) return null;
  const ranks = mesh.ranks.slice(0, most);
  const last = mesh.axes.at(-1)?.size ?? 1;
  const columns = Math.min(mesh.axes.length > 1 ? last : Math.min(last, 8), 8);
  const cell = columns > 4 ? 40 : 64;
  const high = tensor.shape.length > 1 ? 0.68 * cell : 20;
  const [left, top, gap] = [52, 18, 12];
  const rows = Math.ceil(ranks.length / columns);
  const [width, height] = [left + columns * (cell + gap), top + rows * (high + 26)];
  const { down, across } = dimsOf(tensor, shards);
  const held = shards.partial.length > 0 ? "part" : "held";
  const [rowAxis, columnAxis] = [mesh.axes.length > 1 ? mesh.axes.at(-2)?.name : undefined, mesh.axes.at(-1)?.name];
  const picture = svg("svg", {
    class: "mesh",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${tensor.name} on its mesh`,
  });
  picture.append(svg("text", { x: left, y: 10 }, `${columnAxis} →`));
  if (rowAxis !== undefined && mesh.axes.length > 1) picture.append(svg("text", { x: 0, y: top + 12 }, `${rowAxis} ↓`));
  for (const [member, rank] of ranks.entries()) {
    const [x, y] = [left + (member % columns) * (cell + gap), top + Math.floor(member / columns) * (high + 26)];
    picture.append(svg("rect", { class: "whole", x, y, width: cell, height: high }));
    const region = shards.regions[shards.of[member] ?? 0] ?? [];
    const within = (/** @type {number | undefined} */ dim) => {
      const extent = dim === undefined ? 1 : (tensor.shape[dim] ?? 1);
      const list = dim === undefined ? [[0, 1]] : (region[dim] ?? []);
      return list.map(([lo, hi]) => [(lo ?? 0) / (extent || 1), (hi ?? 0) / (extent || 1)]);
    };
    const empty = tensor.shape.some((_, dim) => (region[dim] ?? []).length === 0);
    if (!empty)
      for (const [t = 0, b = 1] of within(down))
        for (const [l = 0, r = 1] of within(across))
          picture.append(
            svg("rect", {
              class: held,
              x: x + l * cell,
              y: y + t * high,
              width: Math.max(1, (r - l) * cell),
              height: Math.max(1, (b - t) * high),
            }),
          );
    picture.append(svg("text", { class: "rank", x, y: y + high + 12 }, `rank ${rank}`));
  }
  const note = [
    down === undefined ? null : `dim ${down} ↓`,
    across === undefined ? "a single number" : `dim ${across} →`,
    ...shards.partial.map(([axis, monoid]) => `orange: parts of a ${monoid} along ${axis}`),
    mesh.ranks.length > most ? `${mesh.ranks.length - most} more ranks` : null,
  ].filter((text) => text !== null);
  return { picture, note: note.join(" · ") };
}
