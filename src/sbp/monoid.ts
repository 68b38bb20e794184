/**
 * @file The registry of monoids: what a partial value may be the reduction of. All that the algebra knows of one is
 * said here, so that a new one is a new row; outside `src/sbp` only the kernels' opcode map names them.
 */
import type { DType } from "../ir/dtype.ts";
import { LayoutError } from "../ir/errors.ts";

export interface Monoid {
  readonly name: string;
  /** Dtypes that it reduces. */
  readonly dtypes: readonly DType[];
  /** combine(identity, a) = a. */
  identity(dtype: DType): number;
  combine(a: number, b: number): number;
  /** combine(a, a) = a: a replicated value is a partial one already. */
  readonly idempotent: boolean;
  /** Rounding depends on the order of combining, so the order must be fixed for equal bits. */
  readonly stableOrder: boolean;
}

const numbers: readonly DType[] = ["float32", "int32"];
const int32 = { min: -(2 ** 31), max: 2 ** 31 - 1 };

const registry: ReadonlyMap<string, Monoid> = new Map(
  [
    {
      name: "sum",
      dtypes: numbers,
      identity: () => 0,
      combine: (a: number, b: number) => a + b,
      idempotent: false,
      stableOrder: true,
    },
    {
      name: "max",
      dtypes: numbers,
      identity: (dtype: DType) => (dtype === "float32" ? Number.NEGATIVE_INFINITY : int32.min),
      combine: (a: number, b: number) => Math.max(a, b),
      idempotent: true,
      stableOrder: false,
    },
    {
      name: "min",
      dtypes: numbers,
      identity: (dtype: DType) => (dtype === "float32" ? Number.POSITIVE_INFINITY : int32.max),
      combine: (a: number, b: number) => Math.min(a, b),
      idempotent: true,
      stableOrder: false,
    },
  ].map((monoid) => [monoid.name, monoid]),
);

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
