/**
 * @file The physical plan as a picture, drawn from the very net of actors that the runtime runs. A column is a rank, a row
 * a task, from the top in the order in which they start. Compute says its ops and kernels; boxing says what it is and what
 * it moves, and a thick line joins the ranks that take part. Edges are registers: their bytes and slots, which are the
 * credits of the producer. The ends on the host stand outside.
 */
import { expand } from "../actors/expand.ts";
import { type ActorSpec, HOST, type NetEdge } from "../actors/net.ts";
import type { PlanData, TaskTemplate } from "../ir/plan.ts";
import { launchOrder } from "../ir/schedule.ts";
import { bytes, ranges } from "./format.ts";
import { passingOf, passingTexts } from "./passing.ts";
import { groupsOf, placeOf, taskText } from "./physical-text.ts";
import type { Picture, PictureEdge, PictureNode } from "./picture.ts";
import { type Toner, tonerOf } from "./tone.ts";

export interface PhysicalOptions {
  /** Which ranks to draw; default: the first eight. */
  readonly ranks?: readonly number[];
}

const rankLimit = 8;
/** The plan's tasks on its ranks. */
export function physicalPicture(plan: PlanData, options: PhysicalOptions = {}): Picture {
  const net = expand(plan, { actor: 0, edge: 0, register: 0 });
  const all = [...new Set(plan.placements.flatMap(({ ranks }) => ranks))].sort((a, b) => a - b);
  const ranks = all.filter((rank, i) => (options.ranks ? options.ranks.includes(rank) : i < rankLimit));
  const actors = net.actors.filter((a) => a.template >= 0 && (a.rank === HOST || ranks.includes(a.rank)));
  const tasks = launchOrder(plan);
  const on = (rank: number) => actors.filter((a) => a.rank === rank);
  const under = (column: readonly ActorSpec[]) => column.toSorted((a, b) => a.order - b.order).map(id);

  const toner = tonerOf(plan);
  const nodes = [...ranks, HOST].flatMap((rank) => on(rank).map((actor) => actorNode(plan, actor, toner)));
  const edges = [
    ...registerEdges(plan, net.edges, new Map(actors.map((a) => [a.id, a])), toner),
    ...tasks.flatMap((task) => groupLinks(plan, task, ranks)),
  ];
  const left = all.length - ranks.length;
  const legend = [
    "a fill is the layout of what a task gives",
    "an edge is a register: bytes × slots",
    "dashed: state for the next step",
    "thick: ranks that exchange data",
    ...(left ? [`${left} more ranks not drawn`] : []),
  ];
  return {
    graph: "physical",
    text: [`${plan.name} · physical plan on ranks ${ranges(ranks)}`, legend.join(" · ")],
    legend: toner.legend(new Set([...nodes, ...edges].map(({ tone }) => tone))),
    clusters: ranks.map((rank) => ({ id: frameOf(rank), kind: "rank", text: rankText(plan, rank), inside: null })),
    nodes,
    edges,
    rows: tasks.filter((t) => t.stream !== "host").map((task) => actors.filter((a) => a.template === task.id).map(id)),
    // The source above and the sink below.
    columns: ranks.map((rank) => under([...on(rank), ...on(HOST)])),
  };
}

const frameOf = (rank: number): string => `rank${rank}`;
const nameOf = (template: number, rank: number): string => `task${template}${rank === HOST ? "" : `_rank${rank}`}`;
const id = ({ template, rank }: ActorSpec): string => nameOf(template, rank);

function actorNode(plan: PlanData, actor: ActorSpec, toner: Toner): PictureNode {
  const task = plan.tasks.find((t) => t.id === actor.template)!;
  const inside = actor.rank === HOST ? null : frameOf(actor.rank);
  const tone = actor.rank === HOST ? null : toner.ops(task.ops);
  return { id: id(actor), ...taskText(plan, task, actor.rank, `${actor.order}`), tone, inside, ops: task.ops };
}

/**
 * One edge for each register between two actors. What the members of a group have from each other's registers is not
 * drawn: their own edges and the thick line of the group say it. Nor is what passes between the host and its user.
 */
function registerEdges(
  plan: PlanData,
  edges: readonly NetEdge[],
  drawn: ReadonlyMap<number, ActorSpec>,
  toner: Toner,
): PictureEdge[] {
  const [passing, textsOf] = [passingOf(plan), passingTexts(plan)];
  const boxing = new Set(plan.tasks.filter((task) => task.kind === "boxing").map((task) => task.id));
  const made = new Map<string, PictureEdge>();
  const between = edges.flatMap((wire) => {
    const [from, to] = [drawn.get(wire.from), drawn.get(wire.to)];
    return from && to ? [{ wire, from, to }] : [];
  });
  const direct = new Set(plan.collectives.filter(({ axis }) => axis === undefined).map(({ task }) => task));
  const straight = new Set(between.filter(({ from, to }) => from.rank === to.rank).map((e) => pair(e)));
  for (const each of between) {
    const { wire, from, to } = each;
    const host = from.rank === HOST || to.rank === HOST;
    const exchange = (boxing.has(from.template) || boxing.has(to.template)) && !direct.has(to.template);
    if (!host && exchange && from.rank !== to.rank && straight.has(pair(each))) continue;
    const kind = wire.delay > 0 ? "carried" : host ? "host" : "register";
    const key = `${id(from)} ${id(to)} ${wire.register} ${wire.delay}`;
    if (made.has(key)) continue;
    const edge = { ...wire, from: from.template, to: to.template };
    const values = passing(edge);
    made.set(key, {
      from: id(from),
      to: id(to),
      kind,
      tone: toner.values(values),
      text: textsOf(edge, values),
      count: 1,
    });
  }
  return [...made.values()];
}

const pair = ({ wire, from, to }: { wire: NetEdge; from: ActorSpec; to: ActorSpec }): string =>
  `${from.template} ${to.template} ${wire.register}`;

/** Joins the members of each group, neighbour to neighbour. */
function groupLinks(plan: PlanData, task: TaskTemplate, drawn: readonly number[]): PictureEdge[] {
  if (task.kind !== "boxing") return [];
  const { ranks } = plan.placements[task.placement]!;
  return groupsOf(plan, task).flatMap((members, nth) => {
    const shown = members.map((m) => ranks[m]!).filter((rank) => drawn.includes(rank));
    const kind = nth % 2 ? "other group" : "group";
    const link = (rank: number, i: number): PictureEdge => ({
      from: nameOf(task.id, shown[i]!),
      to: nameOf(task.id, rank),
      kind,
      tone: null,
      text: [],
      count: 1,
    });
    return shown.slice(1).map(link);
  });
}

function rankText(plan: PlanData, rank: number): string[] {
  const memory = plan.memory.find((m) => m.rank === rank)?.bytes;
  return [`rank ${rank}`, [...placeOf(plan, rank), ...(memory === undefined ? [] : [bytes(memory)])].join(" · ")];
}
