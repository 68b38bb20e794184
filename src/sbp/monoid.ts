/**
 * @file The registry of monoids: what a partial value may be the reduction of. All that the algebra knows of one is
 * said here, so that a new one is a new row; outside `src/sbp` only the kernels' opcode map names them.
 */
import { boundsOf, type DType, numberTypes } from "../ir/dtype.ts";
import { LayoutError } from "../ir/errors.ts";

export interface Monoid {
  readonly name: string;
  /** Dtypes that it reduces. */
  readonly dtypes: readonly DType[];
  /** combine(identity, a) = a; int64 saturates when the number is made an element. */
  identity(dtype: DType): number;
  combine<T extends number | bigint>(a: T, b: T): T;
  /** combine(a, a) = a: a replicated value is a partial one already. */
  readonly idempotent: boolean;
  /** Rounding depends on the order of combining, so the order must be fixed for equal bits. */
  readonly stableOrder: boolean;
}

const notANumber = (x: number | bigint) => typeof x === "number" && Number.isNaN(x);

const monoids: readonly Monoid[] = [
  {
    name: "sum",
    dtypes: numberTypes,
    identity: () => 0,
    combine: <T extends number | bigint>(a: T, b: T) => ((a as number) + (b as number)) as T,
    idempotent: false,
    stableOrder: true,
  },
  {
    name: "max",
    dtypes: numberTypes,
    identity: (dtype) => boundsOf(dtype)[0],
    combine: (a, b) => (a > b || notANumber(a) ? a : b),
    idempotent: true,
    stableOrder: false,
  },
  {
    name: "min",
    dtypes: numberTypes,
    identity: (dtype) => boundsOf(dtype)[1],
    combine: (a, b) => (a < b || notANumber(a) ? a : b),
    idempotent: true,
    stableOrder: false,
  },
];
const registry: ReadonlyMap<string, Monoid> = new Map(monoids.map((monoid) => [monoid.name, monoid]));

export const monoidNames: readonly string[] = [...registry.keys()];

/** Throws LayoutError SL2002 when there is none of that name. */
export function monoid(name: string): Monoid {
  const found = registry.get(name);
  if (found) return found;
  throw new LayoutError("SL2002", `no monoid named "${name}"`, {
    choices: monoidNames.map((n) => `P(${n})`),
    hint: "write one of these in the layout",
  });
}
