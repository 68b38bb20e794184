/** @file All ops by kind. */
import { InternalError } from "../ir/errors.ts";
import type { OpDef } from "./op.ts";
import * as builtin from "./ops/index.ts";

const registry = new Map<string, OpDef>(Object.values(builtin).map((def) => [def.kind, def]));

/** What an op is. Throws InternalError for a kind that nobody defined. */
export function opDef(kind: string): OpDef {
  const def = registry.get(kind);
  if (!def) throw new InternalError(`no op of kind "${kind}"`);
  return def;
}

/** Kinds of all ops. */
export const opKinds = (): readonly string[] => [...registry.keys()];
