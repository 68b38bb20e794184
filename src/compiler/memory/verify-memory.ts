/**
 * @file Proves from the plan alone that no two buffers are in one place at one time. What programs say of a buffer decides
 * when it is in use: only on its own rank and by compute tasks, then from its first call to its last in launch order; or
 * else always, for peers, other streams and the host come at any time.
 */
import { PlanError } from "../../ir/errors.ts";
import type { Buffer, PlanData, TaskTemplate } from "../../ir/plan.ts";
import type { Call } from "../../ir/program.ts";

type Parts = Pick<PlanData, "buffers" | "memory" | "placements">;

/** A buffer's bytes on a rank, and the calls between which they are in use. */
interface Use {
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

/** Throws PlanError SL3021 for two buffers in one place, SL3022 for one beyond the memory. `order` is the launch order. */
export function verifyMemory({ buffers, memory, placements }: Parts, order: readonly TaskTemplate[]): void {
  const always = keepTheirPlace(buffers, order);
  const ranks = placements.map((placement) => new Set(placement.ranks));
  const lanes = order.filter(({ stream }) => stream === "compute");
  const classOf = lanes.map(
    ({ classes }) => new Map(classes.flatMap((c, i) => c.ranks.map((rank) => [rank, i] as const))),
  );
  const known = new Map<string, { readonly end: number; readonly clash: number | undefined }>();
  for (const { rank, bytes } of memory) {
    // Ranks on the same placements with the same programs have the same uses.
    const on = ranks.map((each) => each.has(rank));
    const programs = classOf.map((of) => of.get(rank));
    const key = `${on} ${programs}`;
    const { end, clash } =
      known.get(key) ??
      survey(
        usesOf(
          buffers.filter(({ placement }) => on[placement]),
          always,
          lanes,
          programs,
        ),
      );
    known.set(key, { end, clash });
    const hint = "compile again";
    if (clash !== undefined)
      throw new PlanError("SL3021", `two buffers overlap at byte ${clash} of rank ${rank}`, { hint });
    if (end > bytes)
      throw new PlanError("SL3022", `buffers of rank ${rank} end at byte ${end}, its memory is ${bytes} bytes`, {
        hint,
      });
  }
}

/** Goes through the buffers that a call touches, `far` those of another rank. */
function touched({ args }: Call, see: (buffer: number, far: boolean) => void): void {
  for (const arg of args)
    if (typeof arg === "object" && arg !== null && "buffer" in arg) see(arg.buffer, arg.peer !== undefined);
}

function keepTheirPlace(buffers: readonly Buffer[], order: readonly TaskTemplate[]): ReadonlySet<number> {
  const always = new Set(buffers.filter(({ role, slots }) => role !== "activation" || slots > 1).map(({ id }) => id));
  for (const { stream, placement, classes } of order)
    for (const { program } of classes)
      for (const call of program)
        touched(call, (buffer, far) => {
          if (far || stream !== "compute" || buffers[buffer]!.placement !== placement) always.add(buffer);
        });
  return always;
}

/** The uses of one rank's buffers, which has these programs for the tasks of its lane. */
function usesOf(
  buffers: readonly Buffer[],
  always: ReadonlySet<number>,
  lane: readonly TaskTemplate[],
  programs: readonly (number | undefined)[],
): Use[] {
  const calls = new Map<number, { first: number; last: number }>();
  let call = 0;
  for (const [i, { classes }] of lane.entries()) {
    const of = programs[i];
    for (const each of of === undefined ? [] : classes[of]!.program) {
      touched(each, (buffer) => {
        const life = calls.get(buffer);
        if (life) life.last = call;
        else calls.set(buffer, { first: call, last: call });
      });
      call++;
    }
  }
  return buffers.flatMap(({ id, offset, bytes, slots }): Use[] => {
    const place = { start: offset, end: offset + bytes * slots };
    if (always.has(id)) return [{ ...place, first: -1, last: Number.POSITIVE_INFINITY }];
    const life = calls.get(id);
    return life ? [{ ...place, ...life }] : [];
  });
}

/** Where all uses end, and a byte that two have at one time. Goes through them by their first call. */
function survey(uses: readonly Use[]) {
  const end = uses.reduce((most, use) => Math.max(most, use.end), 0);
  /** By offset; none of those still in use overlap. */
  const current: Use[] = [];
  for (const use of uses.toSorted((a, b) => a.first - b.first)) {
    const over = (other: Use | undefined) => other !== undefined && other.last < use.first;
    let at = lower(current, use.start);
    while (over(current[at])) current.splice(at, 1);
    while (over(current[at - 1])) current.splice(--at, 1);
    const [below, above] = [current[at - 1], current[at]];
    if (below && below.end > use.start) return { end, clash: use.start };
    if (above && above.start < use.end) return { end, clash: above.start };
    current.splice(at, 0, use);
  }
  return { end, clash: undefined };
}

/** How many start before this byte. */
function lower(uses: readonly Use[], start: number): number {
  let [low, high] = [0, uses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (uses[middle]!.start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}
