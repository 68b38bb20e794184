/**
 * @file A dry run before the first real one: the same logic and schedule, with work that takes no time. A plan whose
 * order, slots and delays do not fit together would stand still for ever; here it is an error that names the task.
 */
import { PlanError } from "../ir/errors.ts";
import type { Message } from "../ir/message.ts";
import { createStep, type Effects, initialState, type TaskState } from "./logic.ts";
import { HOST, type Net, type NetEdge } from "./net.ts";
import { createScheduler } from "./scheduler.ts";

/** Enough that delayed edges and reused slots have had their say. */
const steps = 3;

/** @throws PlanError SL4025 when the schedule cannot go on */
export function rehearse(net: Net): void {
  const edges: NetEdge[] = [];
  for (const edge of net.edges) edges[edge.id] = edge;
  const queue: Message[] = [];
  const done: { readonly id: number; readonly seq: number }[] = [];
  const scheduler = createScheduler(net.schedule, () => true);
  const states = new Map<number, TaskState>();
  const act = new Map<number, ReturnType<typeof createStep>>();
  for (const spec of net.actors) {
    if (spec.kind === "user") continue;
    const effects: Effects = {
      launch(_, { seq }) {
        if (spec.rank !== HOST) done.push({ id: spec.id, seq });
        return undefined;
      },
      send: (message) => queue.push(message),
      ready: scheduler.ready,
      now: () => 0,
      failed(error) {
        throw error;
      },
    };
    const hostEdges = [...spec.ins, ...spec.outs.flatMap((r) => r.edges)].some((edge) => edge.host);
    const step = createStep(spec, edges, effects);
    states.set(spec.id, initialState(spec));
    act.set(spec.id, (state, event) => (event.type === "done" && !hostEdges ? state : step(state, event)));
  }
  const send = (id: number, event: Parameters<ReturnType<typeof createStep>>[1]) =>
    act.get(id)!(states.get(id)!, event);

  const feed = net.user.outs[0]!.edges[0]!;
  let taken = 0;
  const user = (message: Message) => {
    if (message.type !== "req") return;
    taken++;
    queue.push({ ...message, type: "ack", from: message.to, to: message.from });
  };
  for (let seq = 0; seq < steps; seq++) {
    queue.push({
      type: "req",
      from: feed.from,
      to: feed.to,
      edge: feed.id,
      register: feed.register,
      slot: seq % feed.slots,
      seq,
      t: 0,
    });
    for (;;) {
      const message = queue.shift();
      if (message) {
        if (message.to === net.user.id) user(message);
        else send(message.to, message);
        continue;
      }
      const spec = scheduler.take();
      if (spec) {
        send(spec.id, { type: "fire" });
        continue;
      }
      const ended = done.shift();
      if (!ended) break;
      send(ended.id, { type: "done", seq: ended.seq });
    }
  }
  if (taken === steps) return;
  const stuck = scheduler.turn() ?? net.sink;
  const state = states.get(stuck.id)!;
  const empty = stuck.ins.filter((edge) => state.arrived[edge.in]!.length === 0);
  const names = new Map(net.actors.map((a) => [a.id, a.name]));
  const waits = [
    ...empty.map((edge) => names.get(edge.from)!),
    ...stuck.outs
      .filter((register, i) => state.held[i]![state.fired % register.slots]! > 0)
      .flatMap((register) => register.edges.map((edge) => `${names.get(edge.to)} to let go of a slot`)),
  ];
  throw new PlanError("SL4025", `the schedule stands still in step ${state.fired}: it waits for ${waits.join(", ")}`, {
    subject: `task ${stuck.name}`,
    hint: "order the tasks so that each comes after what it reads, and after those that read what it overwrites",
  });
}
