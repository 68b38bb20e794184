/**
 * @file The physical plan in few nodes: ranks that run the same tasks are one frame, and tasks that repeat from block to
 * block one node. As in the pictures of all ranks an edge is a register, a hexagon a boxing step; "×12" counts.
 */
import { groupBy } from "../ir/group.ts";
import type { Edge, PlanData, TaskTemplate } from "../ir/plan.ts";
import { launchOrder } from "../ir/schedule.ts";
import { type Pair, pairsOf } from "../sbp/span.ts";
import { type Repeated, ranksAlike, repeated, turnsOf } from "./alike.ts";
import { bytes, ranges } from "./format.ts";
import { passingOf, passingTexts } from "./passing.ts";
import { groupsOf, kernelsOf, placeOf, taskText } from "./physical-text.ts";
import type { EdgeKind, Picture, PictureCluster, PictureEdge, PictureNode } from "./picture.ts";
import { type Toner, tonerOf } from "./tone.ts";

/** Groups of ranks that are named one by one; more are counted. */
const fewGroups = 3;

/** @param blocks whether tasks of repeated blocks are one node, or each has its own */
export function foldedPicture(plan: PlanData, blocks: boolean): Picture {
  const order = launchOrder(plan);
  const classes = ranksAlike(plan);
  const whole = order.map((task, place): Repeated => ({ tasks: [task], places: [place] }));
  const units = blocks ? repeated(order, (task) => whatOf(plan, task)) : whole;
  const turns = turnsOf(units);
  const on = classes.map((ranks, c): Place => ({ c, rank: ranks[0]!, ranks }));
  const placesOf = (task: TaskTemplate) =>
    task.stream === "host" ? [host] : on.filter(({ rank }) => plan.placements[task.placement]!.ranks.includes(rank));
  const frameOf = (unit: Repeated, { c }: Place): string | null => {
    if (c < 0) return null;
    const t = turns.findIndex(({ members }) => members.includes(unit));
    return t < 0 ? `ranks${c}` : `ranks${c}_${t}`;
  };
  const toner = tonerOf(plan);
  const nodes = units.flatMap((unit) =>
    placesOf(unit.tasks[0]!).map((place) => nodeOf(plan, unit, place, frameOf(unit, place), toner)),
  );
  const edges = edgesOf(plan, units, on, toner);
  const used = new Set(nodes.map(({ inside }) => inside));
  const clusters = on.flatMap(({ c, ranks }): PictureCluster[] => [
    { id: `ranks${c}`, kind: "rank", text: ranksText(plan, ranks), inside: null },
    ...turns
      .map(
        ({ title }, t): PictureCluster => ({
          id: `ranks${c}_${t}`,
          kind: "blocks",
          text: [title],
          inside: `ranks${c}`,
        }),
      )
      .filter(({ id }) => used.has(id)),
  ]);
  const several = classes.some(({ length }) => length > 1);
  return {
    graph: "physical",
    text: [
      `${plan.name} · physical plan on ranks ${ranges(classes.flat())}`,
      [
        "a fill is the layout of what a task gives",
        "an edge is a register: bytes × slots",
        "dashed: state for the next step, or the next block",
        ...(several ? ["ranks that run the same tasks are drawn once"] : []),
        ...(turns.length ? ["of equal blocks one is drawn"] : []),
      ].join(" · "),
    ],
    legend: toner.legend(new Set([...nodes, ...edges].map(({ tone }) => tone))),
    clusters,
    nodes,
    edges,
    rows: [],
    // What computes stands in the order in which it starts, communication beside it.
    columns: on.map(({ c }) =>
      nodes.filter(({ id, kind }) => kind === "task" && id.endsWith(`_ranks${c}`)).map(({ id }) => id),
    ),
  };
}

/** Ranks that are drawn once; class -1 is the host. */
interface Place {
  readonly c: number;
  /** The first of them. */
  readonly rank: number;
  readonly ranks: readonly number[];
}
const host: Place = { c: -1, rank: -1, ranks: [] };

const idOf = ({ tasks }: Repeated, c: number): string => `task${tasks[0]!.id}${c < 0 ? "" : `_ranks${c}`}`;

/** What a task does, but for its name: only tasks that do the same may be drawn once. */
const whatOf = (plan: PlanData, task: TaskTemplate): string =>
  JSON.stringify([
    task.kind,
    task.stream,
    task.placement,
    task.ops.length,
    kernelsOf(task, plan.placements[task.placement]!.ranks[0]!),
    plan.collectives.find((c) => c.task === task.id)?.bytes,
  ]);

function nodeOf(
  plan: PlanData,
  unit: Repeated,
  { c, rank, ranks }: Place,
  inside: string | null,
  toner: Toner,
): PictureNode {
  const { tasks, places } = unit;
  const [task] = tasks as [TaskTemplate];
  const order = tasks.length > 1 ? `${places[0]} … ${places.at(-1)}` : `${places[0]}`;
  const { kind, text } = taskText(plan, task, rank, order);
  const [head = [], ...rest] = text;
  const [first, ...lines] = head;
  const times = tasks.length > 1 ? ` · ×${tasks.length}` : "";
  const said = kind === "collective" ? [...lines.slice(0, -1), exchangeText(plan, task, ranks)] : lines;
  return {
    id: idOf(unit, c),
    kind,
    tone: c < 0 ? null : toner.ops(task.ops),
    text: [[`${first}${times}`, ...said], ...rest],
    inside,
    ops: tasks.flatMap(({ ops }) => ops),
  };
}

/** `ranks 0,1 | 2,3: 512 B in`; of many groups how many. */
function exchangeText(plan: PlanData, task: TaskTemplate, on: readonly number[]): string {
  const { ranks } = plan.placements[task.placement]!;
  const groups = groupsOf(plan, task)
    .map((members) => members.map((m) => ranks[m]!))
    .filter((members) => members.some((rank) => on.includes(rank)));
  const received = plan.collectives.find((c) => c.task === task.id)?.received ?? [];
  const own = on.map((rank) => received[ranks.indexOf(rank)] ?? 0);
  const [low, high] = [Math.min(...own), Math.max(...own)];
  const size = `${low === high ? bytes(high) : `${bytes(low)} to ${bytes(high)}`} in`;
  if (groups.length === 0) return size;
  if (groups.length > fewGroups) return `${groups.length} groups of ${groups[0]!.length} ranks: ${size}`;
  return `ranks ${groups.map(ranges).join(" | ")}: ${size}`;
}

function ranksText(plan: PlanData, ranks: readonly number[]): string[] {
  const own = plan.memory.filter(({ rank }) => ranks.includes(rank)).map((memory) => memory.bytes);
  const [low, high] = [Math.min(...own), Math.max(...own)];
  const memory = low === high ? bytes(low) : `${bytes(low)} to ${bytes(high)}`;
  if (ranks.length === 1) return [`rank ${ranks[0]}`, [...placeOf(plan, ranks[0]!), memory].join(" · ")];
  return [`ranks ${ranges(ranks)} · × ${ranks.length} ranks`, `${memory} on each`];
}

/** One edge for all registers of one kind between two nodes; those from a node to itself only where they lead on. */
function edgesOf(plan: PlanData, units: readonly Repeated[], on: readonly Place[], toner: Toner): PictureEdge[] {
  const [passing, textsOf] = [passingOf(plan), passingTexts(plan)];
  const home = new Map(units.flatMap((unit) => unit.tasks.map((task, i) => [task.id, { unit, i, task }] as const)));
  const classOf = new Map(on.flatMap(({ c, ranks }) => ranks.map((rank) => [rank, c] as const)));
  const reach = reaching(plan, classOf);
  const found = plan.edges.flatMap((edge) => {
    const [from, to] = [home.get(edge.from)!, home.get(edge.to)!];
    const onHost = from.task.stream === "host" || to.task.stream === "host";
    const later = to.unit.places[0]! <= from.unit.places[0]!;
    const kind: EdgeKind = edge.delay > 0 ? "carried" : onHost ? "host" : later ? "next" : "register";
    if (edge.delay > 0 && from.unit === to.unit) return [];
    const values = passing(edge);
    const text = textsOf(edge, values).join("\n");
    return reach(edge, from.task, to.task).map(([a, b]) => ({
      from: idOf(from.unit, a),
      to: idOf(to.unit, b),
      kind,
      values,
      text,
      times: Math.max(from.unit.tasks.length, to.unit.tasks.length),
    }));
  });
  const bundles = groupBy(found, ({ from, to, kind }) => `${from} ${to} ${kind}`);
  return [...bundles.values()].map((all): PictureEdge => {
    const [{ from, to, kind, times }] = all as [(typeof all)[number]];
    const texts = [...groupBy(all, ({ text }) => text)].filter(([text]) => text !== "");
    const [only] = texts;
    const often = (same: readonly unknown[]) => (same.length > 1 && same.length !== times ? [`×${same.length}`] : []);
    const lines =
      texts.length === 1
        ? [...only![0].split("\n"), ...often(only![1])]
        : texts.slice(0, 2).map(([text, same]) => [text.replace("\n", " · "), ...often(same)].join(" · "));
    const more = texts.length > 2 ? [`… ${texts.length - 2} more`] : [];
    const tone = toner.values(all.flatMap(({ values }) => values));
    return { from, to, kind, tone, text: [...lines, ...more], count: all.length };
  });
}

/** Classes that an edge joins. */
function reaching(
  { placements }: PlanData,
  classOf: ReadonlyMap<number, number>,
): (edge: Edge, from: TaskTemplate, to: TaskTemplate) => readonly Pair[] {
  const known = new Map<string, readonly Pair[]>();
  const classes = (task: TaskTemplate) => [...new Set(placements[task.placement]!.ranks.map((r) => classOf.get(r)!))];
  const join = (edge: Edge, from: TaskTemplate, to: TaskTemplate): readonly Pair[] => {
    if (from.stream === "host") return (to.stream === "host" ? [-1] : classes(to)).map((c) => [-1, c]);
    if (to.stream === "host") return classes(from).map((c) => [c, -1]);
    const pairs = pairsOf(edge.span, placements[from.placement]!, placements[to.placement]!.ranks);
    return [
      ...new Map(
        pairs.map((pair) => pair.map((r) => classOf.get(r)!) as [number, number]).map((p) => [p.join(), p]),
      ).values(),
    ];
  };
  return (edge, from, to) => {
    const ends = [from, to].map(({ stream, placement }) => (stream === "host" ? "host" : placement));
    const key = JSON.stringify([ends, edge.span]);
    const made = known.get(key) ?? join(edge, from, to);
    known.set(key, made);
    return made;
  };
}
