/** @file The whole plan in numbers: what is told while nothing is selected. */
import { facts, link, section, shares } from "./cards.js";
import { el } from "./dom.js";
import { bytes, ranges, seconds } from "./format.js";
import { plan } from "./model.js";

/** @typedef {import("./cards.js").Select} Select */

/**
 * @param {Select} select
 * @returns {(Node | null)[]}
 */
export function overview(select) {
  const { timeline, memory, limit, traffic } = plan;
  const moved = traffic.reduce((sum, [, n]) => sum + n, 0);
  const roles = ["state", "activation", "input", "output", "workspace"];
  const tints = ["state-line", "compute-line", "port-line", "port-line", "host-line"];
  const largest = [...plan.tasks.entries()]
    .filter(([, { collective }]) => collective)
    .sort(([, a], [, b]) => (b.collective?.bytes ?? 0) - (a.collective?.bytes ?? 0))
    .slice(0, 8);
  return [
    el("h2", {}, plan.name),
    el("p", { class: "sub" }, `plan ${plan.hash.slice(0, 12)}`),
    ...plan.placements.map(({ device, axes, ranks }) =>
      el(
        "p",
        {},
        `${device} {${axes.map(({ name, size }) => `${name}: ${size}`).join(", ")}} on ranks ${ranges(ranks)}`,
      ),
    ),
    section("In numbers", facts(plan.facts)),
    section(
      "Time",
      el("p", { class: "sub" }, timeline.text),
      ...timeline.rows.flatMap(({ ranks, compute, exposed }) => [
        el("div", {}, `rank${ranks.length > 1 ? "s" : ""} ${ranges(ranks)}`),
        shares([
          ["bar-compute", compute / timeline.end, `computing ${seconds(compute)}`],
          ["bar-comm", exposed / timeline.end, `exposed communication ${seconds(exposed)}`],
        ]),
      ]),
      el("p", { class: "sub" }, "blue: computing · orange: communication that it does not hide · grey: bubble"),
    ),
    section(
      `Memory · ${bytes(limit)} a rank at most`,
      ...memory.flatMap(({ ranks, bytes: all, roles: own }) => [
        el("div", {}, `rank${ranks.length > 1 ? "s" : ""} ${ranges(ranks)}: ${bytes(all)}`),
        shares(
          own
            .toSorted(([a], [b]) => roles.indexOf(a) - roles.indexOf(b))
            .map(
              ([role, n]) =>
                /** @type {const} */ ([tints[roles.indexOf(role)] ?? "host-line", n / all, `${role} ${bytes(n)}`]),
            ),
        ),
        el("p", { class: "sub" }, own.map(([role, n]) => `${role} ${bytes(n)}`).join(" · ")),
      ]),
    ),
    section(
      `Between ranks · ${bytes(moved)} a step`,
      facts(traffic.map(([axis, n]) => [axis, bytes(n)])),
      largest.length > 0 && el("p", { class: "sub" }, "the largest:"),
      facts(
        largest.map(([id, { collective, name }]) => [
          link({ type: "task", id }, select, name),
          bytes(collective?.bytes ?? 0),
        ]),
      ),
    ),
  ];
}
