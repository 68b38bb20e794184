/**
 * @file How a tensor lies on a mesh: one SBP for each mesh axis, in order. Data only; what a layout
 * means is said in `src/sbp`.
 */

/**
 * How a split cuts the extent that it meets: balanced when absent (remainder to the first ranks), explicit sizes,
 * or equal chunks dealt out by hand (zigzag, fused QKV).
 */
export type Partition =
  | { readonly sizes: readonly number[] }
  | { readonly chunks: number; readonly of: readonly (readonly number[])[] };

/** Split along a tensor dim, replicated, or partial: the value is the reduction of what the ranks hold. */
export type Sbp =
  | { readonly kind: "S"; readonly dim: number; readonly part?: Partition }
  | { readonly kind: "B" }
  | { readonly kind: "P"; readonly monoid: string };

/** Outermost axis first. An axis that is not named is B. */
export type Layout = readonly (readonly [axis: string, sbp: Sbp])[];

export const B: Sbp = { kind: "B" };
export const S = (dim: number, part?: Partition): Sbp => (part ? { kind: "S", dim, part } : { kind: "S", dim });
export const P = (monoid = "sum"): Sbp => ({ kind: "P", monoid });

/** `S(0)`, `S(0:3,1)`, `S(0:4/0,3|1,2)`, `B`, `P(sum)`: what users write and read; `parseSbp` undoes it. */
export function showSbp(sbp: Sbp): string {
  if (sbp.kind === "B") return "B";
  if (sbp.kind === "P") return `P(${sbp.monoid})`;
  if (!sbp.part) return `S(${sbp.dim})`;
  return "sizes" in sbp.part
    ? `S(${sbp.dim}:${sbp.part.sizes})`
    : `S(${sbp.dim}:${sbp.part.chunks}/${sbp.part.of.join("|")})`;
}

const pattern = /^(?:B|S\((?<dim>\d+)(?::(?:(?<chunks>\d+)\/(?<of>[\d,|]+)|(?<sizes>[\d,]+)))?\)|P\((?<monoid>\w+)\))$/;

/** Undefined when the text is no SBP. */
export function parseSbp(text: string): Sbp | undefined {
  const groups = pattern.exec(text)?.groups;
  if (text === "B") return B;
  if (!groups) return undefined;
  if (groups.monoid !== undefined) return P(groups.monoid);
  const numbers = (list: string) => list.split(",").map(Number);
  if (groups.sizes !== undefined) return S(Number(groups.dim), { sizes: numbers(groups.sizes) });
  if (groups.of !== undefined)
    return S(Number(groups.dim), { chunks: Number(groups.chunks), of: groups.of.split("|").map(numbers) });
  return S(Number(groups.dim));
}

/** `{data: S(0), model: B}`: every axis of the mesh named, in the layout's order, then the replicated ones. */
export function showLayout(layout: Layout, axes: readonly string[] = layout.map(([axis]) => axis)): string {
  const named = layout.map(([axis, sbp]) => `${axis}: ${showSbp(sbp)}`);
  const rest = axes.filter((axis) => !layout.some(([a]) => a === axis)).map((axis) => `${axis}: B`);
  return named.length + rest.length ? `{${[...named, ...rest].join(", ")}}` : "B";
}
