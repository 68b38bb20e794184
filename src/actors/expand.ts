/**
 * @file From a plan's templates to the net of actors: one actor a template and rank, one edge a pair of ranks that feed
 * each other. The ends on the host close the circle: the user feeds the source and takes from the sink.
 */
import { PlanError } from "../ir/errors.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Edge, TaskTemplate } from "../ir/plan.ts";
import { launchOrder } from "../ir/schedule.ts";
import { type Pair, pairsOf } from "../sbp/span.ts";
import { type Circuit, only, withControl } from "./control.ts";
import {
  type ActorKind,
  type ActorSpec,
  type Bases,
  HOST,
  mostAhead,
  type Net,
  type NetEdge,
  type OutRegister,
} from "./net.ts";

/** Batches that wait in front of the source, and steps that wait behind the sink. */
export interface HostSlots {
  readonly feeds: number;
  readonly results: number;
}
/** Results are as many as a run may have steps ahead, so that what has begun can end whatever the user does. */
const hostSlots: HostSlots = { feeds: 2, results: mostAhead + 1 };

/** Two ends of an edge before it has a place in arrays. */
interface Wire {
  readonly register: number;
  readonly from: string;
  readonly to: string;
  readonly delay: number;
}

/** @throws PlanError SL3020 for a schedule that contradicts itself, SL4023 for a plan without a source or a sink, with rates other than 1, or an edge that joins nothing */
export function expand(plan: Circuit, base: Bases, slots: HostSlots = hostSlots): Net {
  const { tasks, registers, edges, schedule } = withControl(plan);
  const place = new Map(launchOrder({ tasks, edges, schedule }).map(({ id }, at) => [id, at]));
  const templates = new Map(tasks.map((task) => [task.id, task]));
  const ranksOf = (task: TaskTemplate) =>
    task.stream === "host" ? [HOST] : plan.placements[task.placement]!.ranks.toSorted((a, b) => a - b);
  const key = (template: number, rank: number) => `${template} ${rank}`;

  const seeds = tasks.flatMap((task) => ranksOf(task).map((rank) => ({ task, rank, key: key(task.id, rank) })));
  const user = "user";
  const ids = new Map([...seeds.map((s) => s.key), user].map((name, i) => [name, base.actor + i]));
  const [source, sink] = [only(tasks, "source"), only(tasks, "sink")].map((task) => key(task.id, HOST)) as [
    string,
    string,
  ];

  const feed = registers.length;
  const counts = [...registers.map((r) => r.slots), slots.feeds, slots.results];
  const wires: Wire[] = [
    ...edges.flatMap((edge) => wire(edge, templates.get(edge.from)!, templates.get(edge.to)!, plan.placements, key)),
    { register: feed, from: user, to: source, delay: 0 },
    { register: feed + 1, from: sink, to: user, delay: 0 },
  ];
  const flowsOn = new Set(wires.filter((w) => w.delay === 0).map((w) => w.from));
  const leaves = seeds.filter((s) => !flowsOn.has(s.key));
  const buffersOf = new Map(registers.map((r, i) => [i, r.buffers]));

  const ins = new Map<string, NetEdge[]>();
  const outs = new Map<string, Map<number, NetEdge[]>>();
  const connect = (w: Wire, id: number, report: boolean): NetEdge => {
    const mine = at(outs, w.from, () => new Map<number, NetEdge[]>());
    if (!report) at(mine, w.register, () => []);
    const incoming = at(ins, w.to, () => []);
    const edge: NetEdge = {
      id,
      from: ids.get(w.from)!,
      to: ids.get(w.to)!,
      register: report ? -1 : base.register + w.register,
      out: report ? -1 : [...mine.keys()].indexOf(w.register),
      in: incoming.length,
      slots: report ? 0 : counts[w.register]!,
      delay: w.delay,
      host: !report && [w.from, w.to].some((name) => name === user || name === source || name === sink),
    };
    incoming.push(edge);
    if (!report) mine.get(w.register)!.push(edge);
    return edge;
  };
  const all = wires.map((w, i) => connect(w, base.edge + i, false));
  const reports = leaves.map((leaf, i) =>
    connect({ register: -1, from: leaf.key, to: user, delay: 0 }, base.edge + wires.length + i, true),
  );

  const spec = (
    name: string,
    rest: Pick<ActorSpec, "name" | "kind" | "template" | "rank" | "stream" | "order">,
  ): ActorSpec => {
    const id = ids.get(name)!;
    const registersOut = [...(outs.get(name) ?? [])].map(
      ([register, list]): OutRegister => ({
        id: base.register + register,
        slots: counts[register]!,
        buffers: buffersOf.get(register) ?? [],
        edges: list,
      }),
    );
    const ends = [...all.filter((e) => e.from === id && e.delay === 0), ...reports.filter((e) => e.from === id)];
    return { id, ...rest, ins: ins.get(name) ?? [], outs: registersOut, ends };
  };
  const actors = [
    ...seeds.map(({ task, rank, key: name }) =>
      spec(name, {
        name: rank === HOST ? task.name : `${task.name} @${rank}`,
        kind: task.kind as ActorKind,
        template: task.id,
        rank,
        stream: task.stream,
        order: place.get(task.id)!,
      }),
    ),
    spec(user, { name: "user", kind: "user", template: -1, rank: HOST, stream: "host", order: 0 }),
  ];
  const find = (name: string) => actors[ids.get(name)! - base.actor]!;
  return {
    base,
    next: {
      actor: base.actor + actors.length,
      edge: base.edge + all.length + reports.length,
      register: base.register + counts.length,
    },
    actors,
    edges: [...all, ...reports],
    schedule: actors
      .filter((a) => a.rank !== HOST)
      .toSorted((a, b) => a.order - b.order || a.template - b.template || a.rank - b.rank),
    source: find(source),
    sink: find(sink),
    user: find(user),
  };
}

function at<K, V>(map: Map<K, V>, name: K, make: () => V): V {
  const known = map.get(name) ?? make();
  map.set(name, known);
  return known;
}

/** The pairs of ranks that an edge joins. */
function wire(
  edge: Edge,
  from: TaskTemplate,
  to: TaskTemplate,
  placements: readonly PlacementData[],
  key: (template: number, rank: number) => string,
): Wire[] {
  if (edge.produce !== 1 || edge.consume !== 1)
    throw new PlanError("SL4023", `rates ${edge.produce} and ${edge.consume}, both must be 1`, {
      subject: `edge ${from.name} → ${to.name}`,
      hint: "compile the graph again",
    });
  const there = to.stream === "host" ? [HOST] : placements[to.placement]!.ranks;
  const joined: readonly Pair[] =
    from.stream === "host"
      ? there.map((rank) => [HOST, rank])
      : pairsOf(to.stream === "host" ? "all" : edge.span, placements[from.placement]!, there);
  const pairs = joined.map(([rank, peer]) => ({
    register: edge.register,
    from: key(from.id, rank),
    to: key(to.id, peer),
    delay: edge.delay,
  }));
  if (pairs.length === 0)
    throw new PlanError("SL4023", "it joins no two ranks", {
      subject: `edge ${from.name} → ${to.name}`,
      hint: "compile the graph again",
    });
  return pairs;
}
