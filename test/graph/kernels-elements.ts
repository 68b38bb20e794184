/** @file The kernels of elements, truth values and ids in plain loops and double precision. */
import type { Kernel } from "./kernels-network.ts";
import { get, nest, type Pointer, set } from "./pointer.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Writes y[i] = f(i) for i below n. */
const each = (n: number, y: Pointer, f: (i: number) => number) => {
  for (const i of range(n)) set(y, i, f(i));
};

const comparisons = [
  (a: number, b: number) => a === b,
  (a: number, b: number) => a !== b,
  (a: number, b: number) => a < b,
  (a: number, b: number) => a <= b,
  (a: number, b: number) => a > b,
  (a: number, b: number) => a >= b,
  (a: number, b: number) => a !== 0 && b !== 0,
  (a: number, b: number) => a !== 0 || b !== 0,
];

const contiguous = ([, b, c, d]: readonly number[]) => [b! * c! * d!, c! * d!, d!, 1];

/** The gelu in its form with tanh, and its slope. */
const bend = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
export const gelu = (x: number) => (x / 2) * (1 + Math.tanh(bend(x)));
const geluSlope = (x: number) =>
  (1 + Math.tanh(bend(x))) / 2 +
  (x / 2) * (1 - Math.tanh(bend(x)) ** 2) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);

/** Row ids of a shard that begins at `first`; undefined where an id is not there. */
const rowOf = (id: number, first: number, rows: number) => (id >= first && id < first + rows ? id - first : undefined);

export const elementKernels: Readonly<Record<string, Kernel>> = {
  gelu_grad: (n, at) => each(n[0]!, at(3)!, (i) => geluSlope(get(at(1)!, i)) * get(at(2)!, i)),
  power: (n, at) => each(n[0]!, at(3)!, (i) => get(at(2)!, i) ** n[1]!),
  clamp: (n, at) => each(n[0]!, at(4)!, (i) => Math.min(n[2]!, Math.max(n[1]!, get(at(3)!, i)))),
  clamp_grad: (n, at) =>
    each(n[0]!, at(5)!, (i) => (get(at(3)!, i) >= n[1]! && get(at(3)!, i) <= n[2]! ? get(at(4)!, i) : 0)),
  compare(n, at) {
    const extents = n.slice(2, 6);
    const strides = [n.slice(6, 10), n.slice(10, 14), contiguous(extents)];
    nest(extents, strides, (a, b, y) =>
      set(at(16)!, y!, Number(comparisons[n[0]!]!(get(at(14)!, a!), get(at(15)!, b!)))),
    );
  },
  logical_not: (n, at) => each(n[0]!, at(2)!, (i) => Number(get(at(1)!, i) === 0)),
  select(n, at) {
    const extents = n.slice(1, 5);
    const strides = [n.slice(5, 9), n.slice(9, 13), n.slice(13, 17), contiguous(extents)];
    nest(extents, strides, (c, a, b, y) => set(at(20)!, y!, get(at(17)!, c!) ? get(at(18)!, a!) : get(at(19)!, b!)));
  },
  gather([, outer, rows, inner, count, first], at) {
    const [x, ids, y] = [at(6)!, at(7)!, at(8)!];
    each(outer! * count! * inner!, y, (i) => {
      const row = rowOf(get(ids, Math.floor(i / inner!) % count!), first!, rows!);
      const o = Math.floor(i / (count! * inner!));
      return row === undefined ? 0 : get(x, (o * rows! + row) * inner! + (i % inner!));
    });
  },
  scatter_add([outer, rows, inner, count, first], at) {
    const [x, ids, y] = [at(5)!, at(6)!, at(7)!];
    each(outer! * rows! * inner!, y, () => 0);
    for (const i of range(outer! * count! * inner!)) {
      const row = rowOf(get(ids, Math.floor(i / inner!) % count!), first!, rows!);
      if (row === undefined) continue;
      const to = (Math.floor(i / (count! * inner!)) * rows! + row) * inner! + (i % inner!);
      set(y, to, get(y, to) + get(x, i));
    }
  },
  take_along([, outer, rows, inner, count, first], at) {
    const [x, ids, y] = [at(6)!, at(7)!, at(8)!];
    each(outer! * count! * inner!, y, (i) => {
      const row = rowOf(get(ids, i), first!, rows!);
      return row === undefined ? 0 : get(x, (Math.floor(i / (count! * inner!)) * rows! + row) * inner! + (i % inner!));
    });
  },
  add_along([outer, rows, inner, count, first], at) {
    const [x, ids, y] = [at(5)!, at(6)!, at(7)!];
    each(outer! * rows! * inner!, y, () => 0);
    for (const i of range(outer! * count! * inner!)) {
      const row = rowOf(get(ids, i), first!, rows!);
      if (row === undefined) continue;
      const to = (Math.floor(i / (count! * inner!)) * rows! + row) * inner! + (i % inner!);
      set(y, to, get(y, to) + get(x, i));
    }
  },
  one_hot: ([n, depth, first], at) =>
    each(n! * depth!, at(4)!, (i) => Number(get(at(3)!, Math.floor(i / depth!)) === first! + (i % depth!))),
  top_k([outer, mid, inner, k], at) {
    for (const o of range(outer!))
      for (const i of range(inner!)) {
        const value = (m: number) => get(at(4)!, (o * mid! + m) * inner! + i);
        const order = range(mid!).sort((a, b) => value(b) - value(a) || a - b);
        for (const r of range(k!)) {
          set(at(5)!, (o * k! + r) * inner! + i, value(order[r]!));
          set(at(6)!, (o * k! + r) * inner! + i, order[r]!);
        }
      }
  },
  cumsum([outer, mid, inner, reverse], at) {
    for (const o of range(outer!))
      for (const i of range(inner!)) {
        let sum = 0;
        for (const s of range(mid!)) {
          const place = (o * mid! + (reverse ? mid! - 1 - s : s)) * inner! + i;
          sum += get(at(4)!, place);
          set(at(5)!, place, sum);
        }
      }
  },
};
