/**
 * @file What repeats in a physical plan: tasks that are called alike and do the same, block after block, and ranks that
 * run the same tasks. A task may reach from one block into the next, so names are alike if the numbers of their blocks are
 * equally far from each other.
 */
import { groupBy } from "../ir/group.ts";
import type { PlanData, TaskTemplate } from "../ir/plan.ts";
import { titleOf } from "./blocks.ts";

/** Fewer are as easily read one by one. */
const least = 3;

/** One task, or several that are alike. */
export interface Repeated {
  readonly tasks: readonly TaskTemplate[];
  /** Their places in the order. */
  readonly places: readonly number[];
}

/** Repeated tasks that take turns: first one of each, then the next one of each. */
export interface Turns {
  /** `block0 … block11 · 12 alike` */
  readonly title: string;
  readonly members: readonly Repeated[];
}

/**
 * A name with the numbers of its blocks as distances from the first: what stands before its first number is a block's
 * name, so `block3.norm1 … block4.up` is `block#0.norm1 … block#1.up`. So are those of its micro-batches, `add[2]`, which
 * become signs. Other numbers are part of what it is.
 */
export function steps(name: string): string {
  // The second of sums over micro-batches has been added up in micro-batch 1.
  const plain = name.replace(/\.total\.(\d+)/g, (_, n: string) => `.total[${Number(n) - 1}]`);
  const [, micro = "0"] = /\[(\d+)\]/.exec(plain) ?? [];
  const signs = plain.replace(/\[(\d+)\]/g, (_, n: string) => {
    const far = Number(n) - Number(micro);
    return `[${(far < 0 ? "-" : "+").repeat(Math.abs(far))}]`;
  });
  const [, stem = "", first = "0"] = /([^\s\d]*?)(\d+)/.exec(signs) ?? [];
  return signs.replace(/([^\s\d]*?)(\d+)/g, (all, text: string, n: string, at: number) => {
    const begins = at === 0 || /\s/.test(signs[at - 1]!);
    return begins && text === stem ? `${text}#${Number(n) - Number(first)}` : all;
  });
}

/** Tasks by what they do, the first of each in the order given. `what` says it, all but the name. */
export function repeated(order: readonly TaskTemplate[], what: (task: TaskTemplate) => string): Repeated[] {
  const placed = order.map((task, place) => ({ task, place }));
  const alike = groupBy(placed, ({ task }) => JSON.stringify([steps(task.name), what(task)]));
  return [...alike.values()]
    .flatMap((group) => (group.length < least ? group.map((one) => [one]) : [group]))
    .map((group) => ({ tasks: group.map(({ task }) => task), places: group.map(({ place }) => place) }))
    .sort((a, b) => a.places[0]! - b.places[0]!);
}

/** Those that take turns with each other. */
export function turnsOf(all: readonly Repeated[]): Turns[] {
  const found: Repeated[][] = [];
  for (const one of all) {
    if (one.tasks.length < least) continue;
    const others = found.find(([first]) => takesTurns(first!.places, one.places));
    if (others) others.push(one);
    else found.push([one]);
  }
  return found
    .filter(({ length }) => length > 1)
    .map((members) => ({ title: titleOf(blocksOf(members[0]!.tasks.map(({ name }) => name))), members }));
}

/** Whether one of each lies between any two of the other. */
function takesTurns(a: readonly number[], b: readonly number[]): boolean {
  const whose = [...a.map((place) => [place, 0] as const), ...b.map((place) => [place, 1] as const)]
    .sort(([x], [y]) => x - y)
    .map(([, who]) => who);
  return whose.every((who, i) => i === 0 || who !== whose[i - 1]);
}

/** Names to where they first differ in a number; micro-batches by theirs. */
function blocksOf(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split(/(\d+)/));
  const at = parts[0]!.findIndex((part, i) => i % 2 === 1 && parts.some((other) => other[i] !== part));
  const isMicro = parts[0]![at - 1]?.endsWith("[");
  return parts.map((part) => (isMicro ? `micro-batch ${part[at]}` : part.slice(0, at + 1).join("")));
}

/** Ranks that are part of the same placements, and so run the same tasks; in the order of their first. */
export function ranksAlike({ placements }: PlanData): number[][] {
  const places = placements.map(({ ranks }) => new Set(ranks));
  const ranks = [...new Set(placements.flatMap((placement) => placement.ranks))].sort((a, b) => a - b);
  const key = (rank: number) => places.flatMap((set, i) => (set.has(rank) ? [i] : [])).join();
  return [...groupBy(ranks, key).values()];
}
