/** @file All ops by kind: those of Sluice, and those that users define. */
import { GraphError, InternalError } from "../ir/errors.ts";
import { defines } from "./evaluations.ts";
import type { OpDef } from "./op.ts";
import * as builtin from "./ops/index.ts";

/** Where a user defines an op. */
export interface Origin {
  readonly module: string;
  /** The same with what a loader may have added. */
  readonly url: string;
  /** The line of the call. */
  readonly at: string | undefined;
}

interface Entry {
  readonly def: OpDef;
  /** Absent: Sluice's own. */
  readonly origin?: Origin;
}

const registry = new Map<string, Entry>(Object.values(builtin).map((def) => [def.kind, { def }]));
/** A kind that the compiler makes of its own. */
const boxing = "boxing";

/** What an op is. Throws InternalError for a kind that nobody defined. */
export function opDef(kind: string): OpDef {
  const entry = registry.get(kind);
  if (!entry) throw new InternalError(`no op of kind "${kind}"`);
  return entry.def;
}

/** Adds a user's op. A module that is evaluated again defines its ops again. Throws GraphError SL1132 for a kind taken. */
export function registerOp(def: OpDef, origin: Origin): void {
  const { kind } = def;
  const known = registry.get(kind);
  const { module, url } = origin;
  const foreign = kind === boxing || (known && known.origin?.module !== module);
  if (foreign || !defines(kind, module, url))
    throw new GraphError("SL1132", `there is an op "${kind}" already${whose(known?.origin)}`, {
      subject: "defineOp",
      at: origin.at,
      hint: foreign
        ? "give the op a kind of its own"
        : `each op needs a kind of its own, also when one function makes several: kind: \`${kind}\${n}\``,
    });
  registry.set(kind, { def, origin });
}

const whose = (origin: Origin | undefined): string =>
  origin ? `, defined at ${origin.at ?? origin.module}` : ", one of Sluice's own";

export const hasOp = (kind: string): boolean => registry.has(kind);

/** Kinds of Sluice's own ops. */
export const opKinds = (): readonly string[] => [...registry].flatMap(([kind, { origin }]) => (origin ? [] : [kind]));
