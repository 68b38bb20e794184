/**
 * @file The user's end as an actor: whoever iterates over the steps. It feeds the source while that has room, and gives
 * the sink its slots back as steps are taken. Every leaf reports the end of the stream to it.
 */
import { fromTransition } from "xstate";
import type { Message } from "../ir/message.ts";
import type { ActorSpec } from "./net.ts";

export interface UserState {
  fed: number;
  /** Batches that may be fed before one is acknowledged. */
  credits: number;
  ended: number;
}

/** Besides messages, what the run does: feed a batch, feed no more, take a step. */
export type UserEvent =
  | Message
  | { readonly type: "feed" }
  | { readonly type: "end" }
  | { readonly type: "take"; readonly seq: number };

export interface UserEffects {
  send(message: Message): void;
  now(): number;
  /** Another batch may be fed. */
  room(): void;
  /** A step is there to be taken. */
  arrived(seq: number): void;
  /** All leaves have launched their last work. */
  over(): void;
}

export const initialUser = (spec: ActorSpec): UserState => ({ fed: 0, credits: spec.outs[0]!.slots, ended: 0 });

/** The transition function of the user's end. */
export function createUser(spec: ActorSpec, effects: UserEffects) {
  const feeds = spec.outs[0]!;
  const toSource = feeds.edges[0]!;
  const fromSink = spec.ins.find((edge) => edge.register >= 0)!;

  const message = (type: Message["type"], edge: typeof toSource, to: number, seq: number): Message => ({
    type,
    from: spec.id,
    to,
    edge: edge.id,
    register: edge.register,
    slot: seq % edge.slots,
    seq,
    t: effects.now(),
  });
  return (state: UserState, event: UserEvent): UserState => {
    switch (event.type) {
      case "feed":
        effects.send(message("req", toSource, toSource.to, state.fed));
        return { ...state, fed: state.fed + 1, credits: state.credits - 1 };
      case "end":
        effects.send(message("eos", toSource, toSource.to, state.fed));
        return state;
      case "take":
        effects.send(message("ack", fromSink, fromSink.from, event.seq));
        return state;
      case "ack":
        effects.room();
        return { ...state, credits: state.credits + 1 };
      case "req":
        effects.arrived(event.seq);
        return state;
      case "eos": {
        const ended = (state.ended + 1) % spec.ins.length;
        if (ended === 0) effects.over();
        return { ...state, ended };
      }
      case "abort":
        return { ...state, credits: 0 };
    }
  };
}

/** The same as an xstate actor's logic. */
export const userLogic = (spec: ActorSpec, effects: UserEffects) =>
  fromTransition(createUser(spec, effects), initialUser(spec));
