/**
 * @file How many slots of registers are held, which are the credits in flight: it follows from two numbers an actor, firings
 * begun and ended, wherever these come from.
 */
import type { ActorSpec, Net, NetEdge } from "../actors/net.ts";

/** Firings of an actor, begun and ended. */
export interface Counts {
  fired: number;
  done: number;
}
export type CountsOf = (actor: number) => Counts;

/** What has arrived on an edge and was not used yet. */
export const arrived = ({ from, to, delay, host }: NetEdge, of: CountsOf): number =>
  (host ? of(from).done : of(from).fired) - of(to).fired + delay;

/** Slots that a reader holds: filled, or to be filled by work that has begun, and not given back. */
export const held = ({ from, to, delay, host }: NetEdge, of: CountsOf): number =>
  of(from).fired - (host ? of(to).done : of(to).fired) + delay;

/** Slots of a register that its readers hold; the user's end keeps no count. */
export const heldOf = ({ edges }: ActorSpec["outs"][number], { actors }: Net, of: CountsOf): number =>
  edges.reduce((most, edge) => (actors[edge.to]!.kind === "user" ? most : Math.max(most, held(edge, of))), 0);
