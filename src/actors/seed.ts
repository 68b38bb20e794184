/** @file Another seed for a compiled plan: all that is random in it are the keys of its Philox calls, and users' kernels. */
import { seedKey } from "../ir/philox.ts";
import type { Call } from "../ir/program.ts";
import { hostCall } from "./defined.ts";

/** Kernels that draw; places of the seed's two words among their arguments. */
const drawing: ReadonlySet<string> = new Set(["philox", "random"]);
const [low, high] = [3, 4];

export function reseed(calls: readonly Call[], from: number, to: number): readonly Call[] {
  if (from === to) return calls;
  const [lower, upper] = seedKey(to);
  return calls.map((call) => {
    if (drawing.has(call.kernel)) return { ...call, args: call.args.with(low, lower).with(high, upper) };
    const host = hostCall(call);
    return host ? { ...call, args: call.args.with(0, { text: JSON.stringify({ ...host, seed: to }) }) } : call;
  });
}
