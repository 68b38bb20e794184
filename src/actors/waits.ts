/** @file What an actor waits for, in words: something to arrive, a slot to be let go of, its turn, or room in a queue. */

import type { TaskState } from "./logic.ts";
import { type ActorSpec, HOST, type NetEdge } from "./net.ts";

const toBeTaken = "a step to be taken";
/** Behind the name of who holds it. */
export const letGo = " to let go of a slot";
const itsTurn = "its turn, after ";
const room = "room in the queue of its thread";

/** What such words are about: something that has to arrive, a slot that a reader holds, or the order of launches. */
export const waitKind = (text: string): "data" | "slot" | "turn" => {
  if (text === toBeTaken || text.endsWith(letGo)) return "slot";
  return text === room || text.startsWith(itsTurn) ? "turn" : "data";
};

export interface Surroundings {
  spec(actor: number): ActorSpec;
  /** Nothing for the user's end, which keeps its own. */
  state(actor: number): TaskState | undefined;
  /** Whose turn it is among the tasks of the same plan. */
  turn(actor: number): ActorSpec | undefined;
}

export function waitsOf(
  spec: ActorSpec,
  state: TaskState,
  { spec: specOf, state: stateOf, turn }: Surroundings,
): string[] {
  const empty = spec.ins.filter((edge) => state.arrived[edge.in]!.length === 0);
  const full = spec.outs.filter(({ slots }, i) => state.held[i]![state.fired % slots]! > 0);
  /** Whether a reader has yet to take what lies in the slot that the next firing needs. */
  const holds = ({ to, delay }: NetEdge, slots: number): boolean => {
    const reader = stateOf(to);
    return !reader || reader.fired <= state.fired - slots + delay;
  };
  const waits = [
    ...empty.map(({ from }) => (specOf(from).kind === "user" ? "the next batch" : specOf(from).name)),
    ...full.flatMap(({ edges, slots }) => {
      const holders = edges.filter((edge) => holds(edge, slots));
      return (holders.length ? holders : edges).map(({ to }) =>
        specOf(to).kind === "user" ? toBeTaken : `${specOf(to).name}${letGo}`,
      );
    }),
  ];
  if (waits.length || spec.rank === HOST) return waits;
  const next = turn(spec.id);
  return [next && next.id !== spec.id ? `${itsTurn}${next.name}` : room];
}
