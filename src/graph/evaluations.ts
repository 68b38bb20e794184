/**
 * @file Which evaluation of a module defines an op. A module may be evaluated again, by a test runner or under another
 * query, and then defines its ops again; the same kind twice in one evaluation is two ops under one name. An evaluation is
 * a new one when its URL differs, or when the module's first definition comes again from the same place in another turn of
 * the event loop, straight from whatever evaluates modules. All else cannot be told apart and counts as the same.
 */
import { fileURLToPath } from "node:url";
import { stackFrames } from "./source.ts";

interface Evaluation {
  readonly url: string;
  /** The first definition. */
  readonly first: string;
  /** Frames of the module that lead to it; undefined when it was not made while the module was evaluated. */
  readonly place: string | undefined;
  readonly turn: object;
  readonly kinds: Set<string>;
}

/** The last evaluation of each module that defines ops. */
const evaluations = new Map<string, Evaluation>();
let turn: object | undefined;

/** Notes a definition; false when this evaluation of the module has made one of this kind before. */
export function defines(kind: string, module: string, url: string): boolean {
  const place = placeIn(fileURLToPath(module));
  const known = evaluations.get(module);
  const here = thisTurn();
  const again =
    known === undefined ||
    known.url !== url ||
    (known.first === kind && known.turn !== here && place !== undefined && known.place === place);
  if (again) evaluations.set(module, { url, first: kind, place, turn: here, kinds: new Set([kind]) });
  else if (known.kinds.has(kind)) return false;
  else known.kinds.add(kind);
  return true;
}

function thisTurn(): object {
  if (turn) return turn;
  queueMicrotask(() => {
    turn = undefined;
  });
  turn = {};
  return turn;
}

/** What calls the code at the top of a module: `Module._compile`, `ModuleJob.run`, `Evaluator._runInlinedModule`. */
const evaluator = /^at (?:async )?\S*module\S* \(/i;

function placeIn(file: string): string | undefined {
  const frames = stackFrames().filter((frame) => !frame.includes("processTicksAndRejections"));
  const last = frames.findLastIndex((frame) => frame.includes(file));
  if (last < 0 || !evaluator.test(frames[last + 1] ?? "")) return undefined;
  return frames
    .slice(0, last + 1)
    .filter((frame) => frame.includes(file))
    .map((frame) => frame.replace(/\?[^:]*(?=:\d)/, ""))
    .join("\n");
}
