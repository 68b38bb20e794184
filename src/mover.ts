/**
 * @file Moves of tensors outside graphs. Starting a session takes longer than most moves, so one is kept for those that
 * follow on the same ranks, and closed when none has for a while. An idle session keeps no process alive.
 */

import { startSession } from "./actors/session.ts";
import type { Feeds, RawSession, Runner } from "./actors/session-types.ts";
import type { Sharded } from "./actors/shards.ts";
import { InternalError } from "./ir/errors.ts";
import type { PlanData } from "./ir/plan.ts";

/** Milliseconds after which an idle session is closed. */
const idle = 1000;
/** Plans that one session holds: each keeps its memory. */
const most = 64;

interface Kept {
  readonly session: RawSession;
  readonly runners: Map<string, Runner>;
}

let kept: Kept | undefined;
/** The move that is on: a session does one at a time. */
let last: Promise<unknown> = Promise.resolve();
let timer: NodeJS.Timeout | undefined;

/** Runs one step of a plan and gives its only output, in shards. */
export function runOnce(plan: PlanData, feeds: Feeds): Promise<Sharded> {
  const move = last.then(() => run(plan, feeds));
  last = move.catch(() => undefined);
  return move;
}

async function run(plan: PlanData, feeds: Feeds): Promise<Sharded> {
  clearTimeout(timer);
  try {
    const runner = await runnerOf(plan);
    for await (const { shards } of runner.run([feeds], { inShards: true }))
      for (const shard of Object.values(shards!)) return shard;
    throw new InternalError("a step that moves a tensor gave nothing");
  } catch (error) {
    await close();
    throw error;
  } finally {
    timer = setTimeout(() => void close(), idle).unref();
  }
}

async function runnerOf(plan: PlanData): Promise<Runner> {
  const known = kept?.runners.get(plan.hash);
  if (known) return known;
  const fits = (session: RawSession) =>
    plan.placements.every(({ ranks }) => ranks.every((rank) => session.ranks.includes(rank)));
  if (kept && (kept.runners.size >= most || !fits(kept.session))) await close();
  if (kept)
    try {
      const runner = await kept.session.load(plan);
      kept.runners.set(plan.hash, runner);
      return runner;
    } catch {
      await close(); // it has no room for the plan: one made for it has, or says why not
    }
  const session = await startSession(plan);
  kept = { session, runners: new Map([[plan.hash, session]]) };
  return session;
}

async function close(): Promise<void> {
  const closing = kept;
  kept = undefined;
  await closing?.session.close();
}
