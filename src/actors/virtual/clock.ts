/**
 * @file The virtual clock: the actors of a net, their scheduler and their launch order as a session runs them, with work
 * and messages that take modelled time. Executors are numbers: the thread of a (rank, stream) works its launches in
 * order, and each starts when the launches that it waits for are over. Time is in whole ticks; what happens at one time
 * happens in the order in which it was caused, so a run is the same each time.
 *
 * Discrete-event simulation as in SimPy or ns-3. A launch waits only for launches made before it, so its start and its
 * end are known when it is made; only what goes to and from the host has to wait for the clock.
 */
import type { Message } from "../../ir/message.ts";
import { Heap } from "../../sbp/heap.ts";
import { createStep, type Effects, type Firing, initialState, type TaskEvent, type TaskState } from "../logic.ts";
import { type ActorSpec, HOST, type Net, type NetEdge } from "../net.ts";
import { createScheduler } from "../scheduler.ts";
import { createUser, initialUser, type UserEvent } from "../user.ts";

/** What takes time, and who wants to know. */
export interface VirtualWork {
  /** Batches that are fed, one a step. */
  readonly steps: number;
  /** Ticks that the firing of a rank's task takes. */
  duration(spec: ActorSpec, seq: number): number;
  /** Ticks that a message takes; it stays behind those before it on its way. Default 0. */
  delay?(message: Message): number;
  /** A firing was launched, and runs then. Those of the ends on the host take no time. */
  launched?(spec: ActorSpec, firing: Firing, start: number, end: number): void;
}

export interface VirtualRun {
  /** When each step was taken by the user. */
  readonly taken: readonly number[];
  /** When the last event happened. */
  readonly end: number;
  /** Every leaf has reported the end of the stream. False when the net stands still. */
  readonly ended: boolean;
  /** The task whose turn it is then, and the states of all actors by place in the net; for who asks why it stands still. */
  readonly turn: ActorSpec | undefined;
  readonly states: readonly (TaskState | undefined)[];
}

/** The work of one (rank, stream). */
interface Lane {
  readonly thread: number;
  free: number;
  /** By launch. */
  readonly ends: number[];
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly message?: Message;
  readonly done?: { readonly id: number; readonly seq: number };
}

export function runVirtually(net: Net, work: VirtualWork): VirtualRun {
  const { base, user } = net;
  const edges: NetEdge[] = [];
  for (const edge of net.edges) edges[edge.id] = edge;
  const agenda = new Heap<Event>((a, b) => a.at - b.at || a.order - b.order);
  let order = 0;
  let now = 0;

  let inbox: Message[] = [];
  let read = 0;
  /** By wire, when the last message arrives. */
  const busy = new Map<number, number>();
  const send = (message: Message): void => {
    const wait = work.delay?.(message) ?? 0;
    if (wait === 0 && !work.delay) {
      inbox.push(message);
      return;
    }
    const wire = 2 * message.edge + (message.type === "ack" ? 1 : 0);
    const at = Math.max(now + wait, busy.get(wire) ?? 0);
    busy.set(wire, at);
    agenda.push({ at, order: order++, message });
  };

  const scheduler = createScheduler(net.schedule, () => true);
  const lanes: Lane[] = [];
  const laneOf = new Map<string, Lane>();
  const lane = ({ rank, stream }: ActorSpec): Lane => {
    const key = `${rank} ${stream}`;
    const known = laneOf.get(key);
    if (known) return known;
    const made = { thread: lanes.length, free: 0, ends: [] };
    laneOf.set(key, made);
    lanes.push(made);
    return made;
  };
  const launchOn =
    (own: Lane, tells: boolean): Effects["launch"] =>
    (spec, firing) => {
      let start = Math.max(now, own.free);
      for (const { thread, ticket } of firing.waits) start = Math.max(start, lanes[thread!]!.ends[ticket! - 1]!);
      const end = start + work.duration(spec, firing.seq);
      own.free = end;
      const launch = own.ends.push(end);
      if (tells) agenda.push({ at: end, order: order++, done: { id: spec.id, seq: firing.seq } });
      work.launched?.(spec, firing, start, end);
      return { thread: own.thread, launch };
    };
  const onHost: Effects["launch"] = (spec, firing) => {
    work.launched?.(spec, firing, now, now);
    return undefined;
  };

  const states: (TaskState | undefined)[] = [];
  const steps: ReturnType<typeof createStep>[] = [];
  for (const spec of net.actors) {
    if (spec.kind === "user") continue;
    const tells = [...spec.ins, ...spec.outs.flatMap((register) => register.edges)].some((edge) => edge.host);
    const effects: Effects = {
      launch: spec.rank === HOST ? onHost : launchOn(lane(spec), tells),
      send,
      ready: scheduler.ready,
      now: () => now,
      failed(error) {
        throw error;
      },
    };
    states[spec.id - base.actor] = initialState(spec);
    steps[spec.id - base.actor] = createStep(spec, edges, effects);
  }
  const tell = (id: number, event: TaskEvent) => steps[id - base.actor]!(states[id - base.actor]!, event);

  const taken: number[] = [];
  const toTake: number[] = [];
  let over = false;
  let closed = false;
  let ownState = initialUser(user);
  const stepUser = createUser(user, {
    send,
    now: () => now,
    room: () => {},
    arrived: (seq) => toTake.push(seq),
    over: () => {
      over = true;
    },
  });
  const tellUser = (event: UserEvent): void => {
    ownState = stepUser(ownState, event);
  };
  /** The user takes every step at once, and feeds whenever there is room. */
  function actAsUser(): void {
    for (let seq = toTake.shift(); seq !== undefined; seq = toTake.shift()) {
      taken.push(now);
      tellUser({ type: "take", seq });
    }
    while (ownState.credits > 0 && ownState.fed < work.steps) tellUser({ type: "feed" });
    if (ownState.fed < work.steps || closed) return;
    closed = true;
    tellUser({ type: "end" });
  }

  function deliver(message: Message): void {
    if (message.to !== user.id) tell(message.to, message);
    else {
      tellUser(message);
      actAsUser();
    }
  }
  /** All that can be done now, as the event loop does it: messages first, then the next turn. */
  function drain(): void {
    for (;;) {
      while (read < inbox.length) deliver(inbox[read++]!);
      inbox = [];
      read = 0;
      const spec = scheduler.take();
      if (!spec) return;
      tell(spec.id, { type: "fire" });
    }
  }

  actAsUser();
  drain();
  for (let event = agenda.pop(); event; event = agenda.pop()) {
    now = event.at;
    if (event.message) deliver(event.message);
    else tell(event.done!.id, { type: "done", seq: event.done!.seq });
    drain();
  }
  return { taken, end: now, ended: over, turn: scheduler.turn(), states };
}
