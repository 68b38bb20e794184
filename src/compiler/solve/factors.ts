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
    return { variables: order, table: this.intern(this.#fold([given], order, []).cost) };
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
      const folded = this.#fold(ordered, keep, [x]);
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
      const folded = this.#fold(ordered, keep, [x]);
      known = { table: this.intern(folded.cost), least: folded.least };
      this.#reduced.set(key, known);
    }
    return { factor: { variables: keep, table: known.table }, least: known.least };
  }

  /** Walks `keep` in order, and for each of its combinations all of `out`. */
  #fold(factors: readonly Factor[], keep: readonly number[], out: readonly number[]) {
    const sizes = this.#sizes;
    const count = factors.length;
    const steps = (variables: readonly number[]) =>
      factors.map((f) => Int32Array.from(variables, (v) => strideOf(sizes, f, v)));
    const [keepSteps, outSteps] = [steps(keep), steps(out)];
    const inner = this.span(out);
    // Where each combination of `out` lies in each factor, relative to the combination of `keep`.
    const offsets = outSteps.map((step) => offsetsOf(sizes, out, step, inner));
    const tables = factors.map((f) => f.table.cost);
    const base = new Int32Array(count);
    const digits = new Int32Array(keep.length);
    const cost = new Float64Array(this.span(keep));
    const sums = new Float64Array(inner);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < cost.length; i++) {
      sums.fill(0);
      for (let k = 0; k < count; k++) {
        const [table, offset, at] = [tables[k]!, offsets[k]!, base[k]!];
        for (let o = 0; o < inner; o++) sums[o]! += table[at + offset[o]!]!;
      }
      let best = Number.POSITIVE_INFINITY;
      for (let o = 0; o < inner; o++) if (sums[o]! < best) best = sums[o]!;
      cost[i] = best;
      if (best < least) least = best;
      for (let d = keep.length - 1; d >= 0; d--) {
        const wraps = ++digits[d]! === sizes[keep[d]!]!;
        for (let k = 0; k < count; k++)
          base[k]! += wraps ? -keepSteps[k]![d]! * (sizes[keep[d]!]! - 1) : keepSteps[k]![d]!;
        if (!wraps) break;
        digits[d] = 0;
      }
    }
    if (out.length) for (let i = 0; i < cost.length; i++) cost[i]! -= least;
    return { cost, least };
  }
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

function offsetsOf(sizes: readonly number[], variables: readonly number[], step: Int32Array, count: number) {
  const offsets = new Int32Array(count);
  for (let o = 0; o < count; o++)
    for (let d = variables.length - 1, left = o; d >= 0; d--) {
      const size = sizes[variables[d]!]!;
      offsets[o]! += (left % size) * step[d]!;
      left = Math.floor(left / size);
    }
  return offsets;
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
