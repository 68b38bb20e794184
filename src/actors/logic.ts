/**
 * @file The hot path: what a task's actor does with what it hears. It fires when something has arrived on every in-edge
 * and the next slot of every register is free; firing takes both, and hands on tickets. Counters and queues are the whole
 * state; all effects go through `Effects`, so the same function runs under xstate and in a model checker.
 *
 * Between tasks of the ranks messages leave when the work is launched, with a ticket; to and from the host when it is
 * done. Source: the credit-based flow of OneFlow's actors (Yuan et al., 2021), with tickets as CUDA events are used.
 */
import type { ActorLogic, TransitionSnapshot } from "xstate";
import { InternalError } from "../ir/errors.ts";
import type { Message } from "../ir/message.ts";
import { type ActorSpec, HOST, type NetEdge } from "./net.ts";

/** Besides messages: the scheduler gives an actor its turn, the launcher reports the end of a firing. */
export type TaskEvent = Message | { readonly type: "fire" } | { readonly type: "done"; readonly seq: number };

export interface TaskState {
  /** Firings begun, and ended: the next firing has number `fired`. */
  fired: number;
  done: number;
  /** By in-edge, what has arrived and was not used yet. */
  readonly arrived: Message[][];
  /** By register and slot: consumers that still hold it, and the acks that freed it last. */
  readonly held: number[][];
  readonly freed: Message[][][];
  /** In-edges with nothing on them plus registers whose next slot is taken: 0 means that the actor can fire. */
  missing: number;
  /** In-edges whose stream has ended. */
  ended: number;
  /** The scheduler knows that the actor can fire. */
  announced: boolean;
  aborted: boolean;
}

/** One firing, as the launcher sees it; valid during the call only. */
export interface Firing {
  seq: number;
  /** Firing numbers of what arrived, by in-edge. */
  readonly arrived: number[];
  /** Messages whose tickets the work must wait for. */
  readonly waits: Message[];
}

export interface Ticket {
  readonly thread: number;
  readonly launch: number;
}

export interface Effects {
  /** Starts the work. A ticket for work on an executor; undefined when it was done on the spot. */
  launch(spec: ActorSpec, firing: Firing): Ticket | undefined;
  send(message: Message): void;
  /** The actor can fire, until it is told to. */
  ready(spec: ActorSpec): void;
  now(): number;
  /** The logic itself failed: a bug. */
  failed(error: unknown): void;
}

/** Slot of a firing number, also of those before the first firing. */
export const slotOfSeq = (seq: number, slots: number): number => ((seq % slots) + slots) % slots;

/** A leading message of a delayed edge: there from the start, true at once. */
const token = (edge: NetEdge, seq: number): Message => ({
  type: "req",
  from: edge.from,
  to: edge.to,
  edge: edge.id,
  register: edge.register,
  slot: slotOfSeq(seq, edge.slots),
  seq,
  t: 0,
});

export function initialState(spec: ActorSpec): TaskState {
  const leading = (edge: NetEdge) => Array.from({ length: edge.delay }, (_, i) => token(edge, i - edge.delay));
  const arrived = spec.ins.map(leading);
  const held = spec.outs.map(({ slots, edges }) => {
    const count = new Array<number>(slots).fill(0);
    for (const edge of edges) for (const { slot } of leading(edge)) count[slot]!++;
    return count;
  });
  const state: TaskState = {
    fired: 0,
    done: 0,
    arrived,
    held,
    freed: held.map((slots) => slots.map(() => [])),
    missing: 0,
    ended: 0,
    announced: false,
    aborted: false,
  };
  state.missing = countMissing(spec, state);
  return state;
}

/** What `missing` must be; the model check compares. */
export const countMissing = (spec: ActorSpec, state: TaskState): number =>
  state.arrived.filter((queue) => queue.length === 0).length +
  spec.outs.filter(({ slots }, i) => state.held[i]![state.fired % slots]! > 0).length;

/** The transition function of one actor. It changes the state that it is given and returns it. */
export function createStep(spec: ActorSpec, edges: EdgeTable, effects: Effects) {
  const streams = spec.ins.filter((edge) => edge.delay === 0);
  const hostOut = spec.outs.some((register) => register.edges.some((edge) => edge.host));
  const onHost = spec.rank === HOST;
  const firing: Firing = { seq: 0, arrived: spec.ins.map(() => 0), waits: [] };

  function send(type: Message["type"], edge: NetEdge, seq: number, ticket: Ticket | undefined): void {
    const from = spec.id;
    const to = type === "ack" ? edge.from : edge.to;
    const slot = edge.slots > 0 ? slotOfSeq(seq, edge.slots) : 0;
    const t = effects.now();
    const { id, register } = edge;
    // Written out twice: one shape of object each, with no copying.
    if (ticket) {
      const { thread, launch } = ticket;
      effects.send({ type, from, to, edge: id, register, slot, seq, thread, ticket: launch, t });
    } else effects.send({ type, from, to, edge: id, register, slot, seq, t });
  }

  /** What firing `seq` gives to others, on the edges with an end on the host or on the others. */
  function leave(seq: number, host: boolean, ticket: Ticket | undefined): void {
    for (const register of spec.outs)
      for (const edge of register.edges) if (edge.host === host) send("req", edge, seq, ticket);
    for (const edge of spec.ins) if (edge.host === host) send("ack", edge, seq - edge.delay, ticket);
  }

  function fire(state: TaskState): void {
    if (state.missing > 0) throw new InternalError(`${spec.name} was told to fire and lacks ${state.missing} things`);
    const seq = state.fired++;
    firing.seq = seq;
    if (firing.waits.length > 0) firing.waits.length = 0;
    for (let i = 0; i < spec.ins.length; i++) {
      const queue = state.arrived[i]!;
      const message = queue.length > 1 ? queue.shift()! : queue.pop()!; // mostly one, which is quicker taken from the end
      firing.arrived[i] = message.seq;
      if (message.thread !== undefined) firing.waits.push(message);
      if (queue.length === 0) state.missing++;
    }
    for (let i = 0; i < spec.outs.length; i++) {
      const { slots, edges } = spec.outs[i]!;
      const slot = seq % slots;
      const freed = state.freed[i]![slot]!;
      while (freed.length > 0) firing.waits.push(freed.pop()!);
      state.held[i]![slot] = edges.length;
      if (state.held[i]![(seq + 1) % slots]! > 0) state.missing++;
    }
    state.announced = false;
    const ticket = effects.launch(spec, firing);
    leave(seq, false, ticket);
    if (onHost) finish(state, seq);
  }

  function finish(state: TaskState, seq: number): void {
    state.done++;
    leave(seq, true, undefined);
  }

  function free(state: TaskState, ack: Message): void {
    const { out, slots } = edges[ack.edge]!;
    const held = state.held[out]!;
    held[ack.slot]!--;
    if (held[ack.slot]! < 0) throw new InternalError(`${spec.name} got an ack too many for slot ${ack.slot}`);
    if (ack.thread !== undefined) state.freed[out]![ack.slot]!.push(ack);
    if (held[ack.slot] === 0 && ack.slot === state.fired % slots) state.missing--;
  }

  /** Once all streams have ended and all of them is used: end-of-stream leaves, behind the last req. */
  function endOfStream(state: TaskState): void {
    if (streams.length === 0 || state.ended < streams.length) return;
    if (streams.some((edge) => state.arrived[edge.in]!.length > 0)) return;
    if (hostOut && state.done < state.fired) return;
    state.ended = 0;
    for (const edge of spec.ends) send("eos", edge, state.fired, undefined);
  }

  return function step(state: TaskState, event: TaskEvent): TaskState {
    switch (event.type) {
      case "req": {
        const queue = state.arrived[edges[event.edge]!.in]!;
        if (queue.push(event) === 1) state.missing--;
        break;
      }
      case "ack":
        free(state, event);
        break;
      case "eos":
        state.ended++;
        break;
      case "fire":
        fire(state);
        break;
      case "done":
        finish(state, event.seq);
        break;
      case "abort":
        state.aborted = true;
    }
    if (state.ended > 0) endOfStream(state);
    if (state.missing === 0 && !state.announced && !state.aborted) {
      state.announced = true;
      effects.ready(spec);
    }
    return state;
  };
}

/** Where each actor writes down what it hears. */
export interface TapeSource {
  tape(actor: number, state: TaskState): { note(event: TaskEvent, t: number): void };
}

/** Edges by id. */
export type EdgeTable = readonly NetEdge[];

/** The same as an xstate actor's logic. Its one snapshot is changed in place: a copy a message would cost more than the step. */
export function taskLogic(
  spec: ActorSpec,
  edges: EdgeTable,
  effects: Effects,
  recorder: TapeSource,
): ActorLogic<TransitionSnapshot<TaskState>, TaskEvent, undefined> {
  const step = createStep(spec, edges, effects);
  const initial = initialState(spec);
  const tape = recorder.tape(spec.id, initial);
  return {
    transition(snapshot, event) {
      tape.note(event, effects.now());
      try {
        step(snapshot.context, event);
      } catch (error) {
        effects.failed(error);
      }
      return snapshot;
    },
    getInitialSnapshot: () => ({
      status: "active",
      output: undefined,
      error: undefined,
      input: undefined,
      context: initial,
    }),
    getPersistedSnapshot: (snapshot) => snapshot,
  };
}
