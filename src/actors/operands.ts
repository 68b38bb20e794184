/**
 * @file Where the operands of a program lie: a place in memory and, for buffers with several slots, which firing number
 * picks the slot. What a task writes goes by its own number (as do the pushes to its peers, who all fire the same
 * numbers), what it reads by the number that arrived from the very rank whose buffer it is.
 */
import { InternalError } from "../ir/errors.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { PlanData } from "../ir/plan.ts";
import type { Address, Peer } from "../ir/program.ts";
import { fixed, type Location } from "../kernels/encode.ts";
import { group } from "../sbp/mesh.ts";
import type { ActorSpec, Net } from "./net.ts";

/** The firing number that arrived on an in-edge, as it picks among so many copies. */
export interface Arrival {
  readonly in: number;
  readonly copies: number;
}

/** Byte offset of slot 0 of a buffer on a rank. */
export type Locate = (buffer: number, rank: number) => number;

/** The rank that an address means, seen from another. */
function peerRank(placement: PlacementData, rank: number, peer: Peer | undefined): number {
  if (peer === undefined) return rank;
  if ("rank" in peer) return peer.rank;
  const members = group(placement, placement.ranks.indexOf(rank), peer.axis);
  const member = members[peer.index];
  if (member === undefined) throw new InternalError(`axis ${peer.axis} has ${members.length} ranks, not ${peer.index}`);
  return placement.ranks[member]!;
}

/**
 * The place behind an address in a task's program, the offset within the slot left to the encoder.
 *
 * @param arrivals what the launch record carries besides the task's own number: entry k is number 1 + k; grows as needed
 */
export function place(
  plan: PlanData,
  net: Net,
  spec: ActorSpec,
  address: Address,
  locate: Locate,
  arrivals: Arrival[],
): Location {
  const task = plan.tasks[spec.template]!;
  const buffer = plan.buffers[address.buffer]!;
  const rank = peerRank(plan.placements[task.placement]!, spec.rank, address.peer);
  const offset = locate(buffer.id, rank);
  if (buffer.slots === 1) return fixed(offset);
  const slots = { offset, stride: buffer.bytes, copies: buffer.slots };
  // More than one where tasks change in place what another has made: they all fire the same numbers.
  const registers = plan.registers.filter((r) => r.buffers.includes(buffer.id));
  if (registers.some(({ owner }) => owner === task.id)) return { ...slots, index: 0 };
  const edge = spec.ins.find((e) => {
    const from = net.actors[e.from - net.base.actor]!;
    const sameRank = from.rank === rank || from.kind === "source";
    return registers.some(({ id }) => e.register === net.base.register + id) && sameRank;
  });
  if (!edge)
    throw new InternalError(`${spec.name} uses "${buffer.name}" of rank ${rank}, and no edge brings it`, {
      hint: "please report this with the plan: it lacks an edge",
    });
  const same = (arrival: Arrival) => arrival.in === edge.in && arrival.copies === buffer.slots;
  if (!arrivals.some(same)) arrivals.push({ in: edge.in, copies: buffer.slots });
  return { ...slots, index: 1 + arrivals.findIndex(same) };
}
