/** @file What is said above a run: the plan in five lines. */
import type { Plan } from "../plan.ts";
import { bytes, count } from "../view/format.ts";
import type { Prepared } from "./prepare.ts";
import { facts } from "./report-text.ts";

export function runFacts(
  plan: Plan,
  { sizes }: Prepared,
  { engine, threads }: { readonly engine: string; readonly threads: number },
): string {
  const axes = Object.entries(sizes.mesh).map(([axis, size]) => `${axis} ${size}`);
  const parameters = plan.data.states.filter(({ kind }) => kind === "param");
  const numbers = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const moved = plan.communication.reduce((sum, collective) => sum + collective.bytes, 0);
  const lines = facts([
    ["mesh", `${axes.join(", ")}: ${plan.memory.length} ranks on ${threads} threads, ${engine} kernels`],
    ["parameters", count(numbers)],
    ["moved", `${bytes(moved)} a step between ranks`],
    ["memory", `${bytes(Math.max(...plan.memory.map((rank) => rank.bytes)))} a rank`],
  ]);
  return `${lines.join("\n")}\n`;
}
