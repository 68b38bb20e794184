/**
 * @file Sends and receives for orders of computing, on a communication stream a rank.
 *
 * A stream works its actions one by one, so their order decides what waits needlessly. They are put in the order in which
 * they can happen when forward and both parts of backward take equally long and messages a little: a send when its result
 * is there, a receive when its message was sent, but no earlier than the action before its reader begins, which bounds the
 * messages that lie about. All streams are sorted by one clock, so no two of them can wait for each other.
 */
import type { Action, Schedule, ScheduleLane, TransferKind } from "../../ir/pipeline.ts";
import { apart, isTransfer, textOf } from "./action.ts";
import { clock } from "./clock.ts";
import { waitsOf } from "./waits.ts";

/** Of a forward: so short that messages arrive before they are needed wherever they can. */
const message = 0.1;

/** A transfer, and since when it may be on its way. */
interface Timed {
  readonly action: Action;
  readonly rank: number;
  readonly at: number;
}

/** The schedule of what its lanes compute, with what that needs to be sent and received. */
export function withTransfers(computing: Schedule): Schedule {
  const needed = computing.lanes.flatMap(({ rank, actions }) =>
    actions.flatMap((action, i) =>
      transfersOf(computing, action).map((kind) => ({ rank, action: { ...action, kind }, before: actions[i - 1] })),
    ),
  );
  // Each on a stream of its own at first, where it starts as soon as it can.
  const alone = needed.map(({ rank, action }): ScheduleLane => ({ rank, stream: "comm", actions: [action] }));
  const waits = waitsOf({ ...computing, lanes: [...computing.lanes, ...alone] });
  const { start } = clock(waits, (n) => costs[waits.actions[n]!.kind]);
  const starts = new Map(waits.actions.map((action, n) => [textOf(action), start[n]!]));
  const byRank = new Map<number, Timed[]>();
  for (const { rank, action, before } of needed) {
    const at = starts.get(textOf(action))!;
    const list = byRank.get(rank) ?? [];
    byRank.set(rank, list);
    list.push({ action, rank, at: before && receives(action) ? Math.max(at, starts.get(textOf(before))!) : at });
  }
  const lanes = [...byRank].map(([rank, list]): ScheduleLane => {
    return { rank, stream: "comm", actions: list.sort(earlier).map(({ action }) => action) };
  });
  return { ...computing, lanes: [...computing.lanes, ...lanes].sort((a, b) => a.rank - b.rank) };
}

const costs = { F: 1, B: 2, I: 1, W: 1, SEND_F: 0, SEND_B: 0, RECV_F: message, RECV_B: message };

const receives = ({ kind }: Action): boolean => kind.startsWith("RECV");

/** What must come in before an action, and go out behind it. */
function transfersOf(schedule: Schedule, { stage, kind }: Action): TransferKind[] {
  if (kind === "W") return [];
  const [receive, send, step] = kind === "F" ? (["RECV_F", "SEND_F", 1] as const) : (["RECV_B", "SEND_B", -1] as const);
  return [
    ...(apart(schedule, stage, stage - step) ? [receive] : []),
    ...(apart(schedule, stage, stage + step) ? [send] : []),
  ];
}

/**
 * At one time sends come first, as receives follow from them; then the order of the computing, as sorting is stable. What
 * never happens is last.
 */
function earlier(a: Timed, b: Timed): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return Number(receives(a.action)) - Number(receives(b.action));
}

/** Whether any transfer is there already. */
export const hasTransfers = ({ lanes }: Schedule): boolean =>
  lanes.some(({ actions }) => actions.some(({ kind }) => isTransfer(kind)));
