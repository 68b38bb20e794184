/**
 * @file Cost tables over discrete variables, and their elimination. Tables with the same content are one object, and
 * what was computed from the same tables in the same arrangement is not computed again: the blocks of a repeated model
 * have equal tables, so all of them cost as much as one.
 */

/** Dearer than any pick, yet finite, so that sums stay ordered. */
export const forbidden = 1e21;

/** Costs over the options of `variables`, ascending, the last varying fastest. */
export interface Factor {
  readonly variables: readonly number[];
  readonly table: Interned;
}

/** A table's content without the variables it is about. */
export interface Interned {
  readonly id: number;
  readonly cost: Float64Array;
}

/** Σ tables, least over the variables left out: content, and what was taken off to make its least entry 0. */
export interface Reduced {
  readonly factor: Factor;
  readonly least: number;
}

/** The variables that factors are about, ascending. */
export function unionOf(factors: readonly Factor[]): number[] {
  const all: number[] = [];
  for (const { variables } of factors) for (const v of variables) all.push(v);
  all.sort((a, b) => a - b);
  let count = 0;
  for (const v of all) if (count === 0 || v !== all[count - 1]) all[count++] = v;
  all.length = count;
  return all;
}

export class Factors {
  readonly #sizes: readonly number[];
  readonly #byObject = new Map<Float64Array, Interned>();
  readonly #byContent = new Map<number, Interned[]>();
  readonly #reduced = new Map<string, { readonly table: Interned; readonly least: number }>();
  #count = 0;
  /** Whether equal tables are looked for: where hardly any are, the search would take longer than the work. */
  readonly remembers: boolean;

  constructor(sizes: readonly number[], remembers = true) {
    this.#sizes = sizes;
    this.remembers = remembers;
  }

  intern(cost: Float64Array): Interned {
    if (!this.remembers) return { id: this.#count++, cost };
    let known = this.#byObject.get(cost);
    if (known) return known;
    const key = hash(cost);
    const bin = this.#byContent.get(key) ?? [];
    known = bin.find((other) => same(other.cost, cost));
    if (!known) {
      known = { id: this.#count++, cost };
      this.#byContent.set(key, [...bin, known]);
    }
    this.#byObject.set(cost, known);
    return known;
  }

  /** A factor of a table as it was given, its variables brought into order. */
  from(variables: readonly number[], cost: Float64Array): Factor {
    if (ascending(variables)) return { variables, table: this.intern(cost) };
    const order = [...variables].sort((a, b) => a - b);
    const given: Factor = { variables, table: { id: -1, cost } };
    return { variables: order, table: this.intern(this.#fold([given], order).cost) };
  }

  /** Combinations that the variables have. */
  span(variables: readonly number[]): number {
    return variables.reduce((n, v) => n * this.#sizes[v]!, 1);
  }

  /** min over `x` of Σ factors; `all` is what they are about, ascending. */
  reduce(factors: readonly Factor[], all: readonly number[], x: number): Reduced {
    const keep = all.filter((v) => v !== x);
    const ordered = factors.length < 2 ? factors : [...factors].sort((a, b) => a.table.id - b.table.id);
    if (!this.remembers) {
      const folded = this.#fold(ordered, keep, x);
      return { factor: { variables: keep, table: this.intern(folded.cost) }, least: folded.least };
    }
    let key = `${all.indexOf(x)}`;
    for (const v of all) key += ` ${this.#sizes[v]!}`;
    for (const { table, variables } of ordered) {
      key += `;${table.id}`;
      for (const v of variables) key += ` ${all.indexOf(v)}`;
    }
    let known = this.#reduced.get(key);
    if (!known) {
      const folded = this.#fold(ordered, keep, x);
      known = { table: this.intern(folded.cost), least: folded.least };
      this.#reduced.set(key, known);
    }
    return { factor: { variables: keep, table: known.table }, least: known.least };
  }

  /** The least over `x`, where one is named, for each combination of `keep`. */
  #fold(factors: readonly Factor[], keep: readonly number[], x = -1) {
    const inner = x < 0 ? 1 : this.#sizes[x]!;
    const cost = new Float64Array(this.span(keep));
    const steps = factors.map((f) => Int32Array.from(keep, (v) => strideOf(this.#sizes, f, v)));
    const strides = factors.map((f) => (x < 0 ? 0 : strideOf(this.#sizes, f, x)));
    // Each factor is added where the last of its variables in `keep` is set: once for all that varies behind it.
    const levels = Array.from({ length: keep.length + 1 }, () => ({
      sums: new Float64Array(inner),
      adds: [] as number[],
    }));
    for (const [k, step] of steps.entries()) levels[step.findLastIndex((s) => s > 0) + 1]!.adds.push(k);
    const base = new Int32Array(factors.length);
    let least = Number.POSITIVE_INFINITY;
    let at = 0;
    const visit = (depth: number, above?: Float64Array) => {
      const { sums, adds } = levels[depth]!;
      if (above) sums.set(above);
      for (const k of adds) add(sums, factors[k]!.table.cost, base[k]!, strides[k]!);
      if (depth === keep.length) {
        const best = smallest(sums);
        cost[at++] = best;
        if (best < least) least = best;
        return;
      }
      const size = this.#sizes[keep[depth]!]!;
      for (let option = 0; option < size; option++) {
        visit(depth + 1, sums);
        for (let k = 0; k < base.length; k++) base[k]! += steps[k]![depth]!;
      }
      for (let k = 0; k < base.length; k++) base[k]! -= size * steps[k]![depth]!;
    };
    visit(0);
    if (x >= 0) for (let i = 0; i < cost.length; i++) cost[i]! -= least;
    return { cost, least };
  }
}

function add(sums: Float64Array, table: Float64Array, from: number, stride: number): void {
  for (let o = 0, at = from; o < sums.length; o++, at += stride) sums[o]! += table[at]!;
}

function smallest(all: Float64Array): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < all.length; i++) if (all[i]! < best) best = all[i]!;
  return best;
}

function ascending(variables: readonly number[]): boolean {
  for (let i = 1; i < variables.length; i++) if (variables[i]! < variables[i - 1]!) return false;
  return true;
}

/** Adds what a table says of each option of `x`, the other variables as picked. */
export function addTo(
  sums: Float64Array,
  sizes: readonly number[],
  variables: readonly number[],
  cost: Float64Array,
  pick: readonly number[],
  x: number,
): void {
  let [base, stride] = [0, 0];
  for (const v of variables) {
    base = base * sizes[v]! + (v === x ? 0 : pick[v]!);
    stride = v === x ? 1 : stride * sizes[v]!;
  }
  const size = sizes[x]!;
  for (let option = 0; option < size; option++) sums[option]! += cost[base + option * stride]!;
}

function strideOf(sizes: readonly number[], { variables }: Factor, v: number): number {
  const at = variables.indexOf(v);
  let stride = at < 0 ? 0 : 1;
  for (let i = at + 1; stride && i < variables.length; i++) stride *= sizes[variables[i]!]!;
  return stride;
}

/** FNV-1a over the numbers' halves. */
function hash(cost: Float64Array): number {
  const words = new Int32Array(cost.buffer, cost.byteOffset, cost.length * 2);
  let h = 0x811c9dc5;
  for (const word of words) h = Math.imul(h ^ word, 0x01000193);
  return h;
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
