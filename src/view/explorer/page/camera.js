/**
 * @file Where one looks at a view: its scale and its upper left corner. A view says how large it is and how far one may
 * zoom; the timeline's height does not zoom.
 *
 * @typedef {{ x: number, y: number, w: number, h: number }} Box
 * @typedef {{ x: number, y: number, sx: number, sy: number }} Camera what is at the upper left, and pixels a unit
 */

/**
 * How large a view is, the smallest and the largest scale, and what comes first in it.
 * @typedef {{ box: Box, least: number, most: number, fixedHeight?: boolean, long?: boolean, margin: number, start?: { x: number, y: number } }} Extent
 */

/** A view that can be seen whole at this scale is opened so; a larger one at the scale at which it is easily read. */
const whole = 0.5;
const legible = 0.8;

/**
 * Shows all that there is, what is small at the top.
 * @param {Extent} extent
 * @param {number} width
 * @param {number} height
 * @returns {Camera}
 */
export function fitted({ box, most, fixedHeight, long, margin }, width, height) {
  const across = (width - 2 * margin) / box.w;
  if (fixedHeight) return { x: box.x - margin / across, y: box.y, sx: across, sy: 1 };
  // A long list is shown in its width.
  const scale = Math.min(across, long ? across : (height - 2 * margin) / box.h, most, 1.25);
  const below = Math.max(0, (height / scale - box.h) / 2);
  return { x: box.x - (width / scale - box.w) / 2, y: box.y - Math.min(below, margin / scale), sx: scale, sy: scale };
}

/**
 * Where a view is opened: shows all, or the beginning where that would be too small to read.
 * @param {Extent} extent
 * @param {number} width
 * @param {number} height
 * @returns {Camera}
 */
export function opened(extent, width, height) {
  const all = fitted(extent, width, height);
  const { start, box, fixedHeight, margin } = extent;
  if (fixedHeight || all.sx >= whole) return all;
  const x = (start?.x ?? box.x + box.w / 2) - width / 2 / legible;
  const y = (start?.y ?? box.y) - margin / legible;
  const least = box.x - margin / legible;
  return {
    x: box.w * legible < width ? box.x - (width / legible - box.w) / 2 : Math.max(least, x),
    y,
    sx: legible,
    sy: legible,
  };
}

/**
 * Zooms about a point of the screen.
 * @param {Camera} camera
 * @param {Extent} extent
 * @param {number} factor
 * @param {number} px
 * @param {number} py
 * @returns {Camera}
 */
export function zoomed(camera, { least, most, fixedHeight }, factor, px, py) {
  const sx = Math.min(most, Math.max(least, camera.sx * factor));
  const sy = fixedHeight ? 1 : sx;
  return {
    x: camera.x + px / camera.sx - px / sx,
    y: fixedHeight ? camera.y : camera.y + py / camera.sy - py / sy,
    sx,
    sy,
  };
}

/**
 * Keeps some of the view in sight.
 * @param {Camera} camera
 * @param {Extent} extent
 * @param {number} width
 * @param {number} height
 * @returns {Camera}
 */
export function kept(camera, { box, fixedHeight, margin }, width, height) {
  const [w, h] = [width / camera.sx, height / camera.sy];
  const between = (/** @type {number} */ n, /** @type {number} */ a, /** @type {number} */ b) =>
    Math.min(Math.max(n, Math.min(a, b)), Math.max(a, b));
  if (fixedHeight)
    return {
      ...camera,
      x: between(camera.x, box.x - margin / camera.sx, box.x + box.w - w + margin / camera.sx),
      y: between(camera.y, box.y, Math.max(box.y, box.y + box.h - h)),
    };
  return {
    ...camera,
    x: between(camera.x, box.x - 0.8 * w, box.x + box.w - 0.2 * w),
    y: between(camera.y, box.y - 0.8 * h, box.y + box.h - 0.2 * h),
  };
}

/**
 * Brings a box into the middle unless it is well in sight, large enough to be read.
 * @param {Camera} camera
 * @param {Extent} extent
 * @param {Box} target
 * @param {number} width
 * @param {number} height
 * @param {number} readable least scale
 * @returns {Camera}
 */
export function shown(camera, { fixedHeight, most }, target, width, height, readable) {
  const sx = fixedHeight
    ? Math.min(
        most,
        Math.max(camera.sx, Math.min(60 / Math.max(target.w, 1e-12), (0.5 * width) / Math.max(target.w, 1e-12))),
      )
    : Math.max(camera.sx, readable);
  const sy = fixedHeight ? 1 : sx;
  const [x, y] = [target.x + target.w / 2, target.y + target.h / 2];
  const [px, py] = [(x - camera.x) * sx, (y - camera.y) * sy];
  const inSight =
    sx === camera.sx && px > 0.12 * width && px < 0.88 * width && py > 0.12 * height && py < 0.85 * height;
  if (inSight) return camera;
  return { x: x - width / 2 / sx, y: y - height / 2 / sy, sx, sy };
}
