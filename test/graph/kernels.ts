/**
 * @file What every kernel means, in plain loops and double precision: the reference that ops and their rules are tested
 * against, without any engine. Offsets of addresses are bytes; buffers here hold one number an element. Kernels of other
 * dtypes are those of float32 by another name, and integers wrap.
 */
import { type DType, itemSize } from "../../src/ir/dtype.ts";
import { kernels as table } from "../../src/ir/kernel-table.ts";
import type { Address, Call, Operand } from "../../src/ir/program.ts";
import { elementKernels, gelu } from "./kernels-elements.ts";
import { networkKernels } from "./kernels-network.ts";
import { erf, get, nest, type Pointer, roundHalfEven, set, wrap } from "./pointer.ts";

export interface Buffer {
  readonly dtype: DType;
  readonly data: Float64Array;
}

const monoids = [
  { start: 0, combine: (a: number, b: number) => a + b },
  { start: -Infinity, combine: Math.max },
  { start: Infinity, combine: Math.min },
];
const binary = [
  (a: number, b: number) => a + b,
  (a: number, b: number) => a - b,
  (a: number, b: number) => a * b,
  (a: number, b: number) => a / b,
  Math.max,
  Math.min,
];
const unary = [
  (x: number) => Math.max(x, 0),
  Math.exp,
  (x: number) => -x,
  Math.sqrt,
  Math.log,
  (x: number) => x,
  Math.abs,
  (x: number) => x * x,
  Math.tanh,
  (x: number) => 1 / (1 + Math.exp(-x)),
  Math.sign,
  (x: number) => 1 / x,
  gelu,
  Math.floor,
  Math.ceil,
  roundHalfEven,
  Math.sin,
  Math.cos,
  erf,
];
const same = (x: number) => x;
const truth = (x: number) => Number(x !== 0);
const casts = [same, Math.trunc, truth, same, Math.trunc, same, same];

/** Contiguous strides of four extents. */
const contiguous = ([, b, c, d]: readonly number[]) => [b! * c! * d!, c! * d!, d!, 1];

function product(n: readonly number[], a: Pointer, lda: number, b: Pointer, ldb: number, c: Pointer, ldc: number) {
  const [ta, tb, M, N, K] = n as [number, number, number, number, number];
  for (let i = 0; i < M; i++)
    for (let j = 0; j < N; j++) {
      let sum = 0;
      for (let k = 0; k < K; k++)
        sum += get(a, ta ? k * lda + i : i * lda + k) * get(b, tb ? j * ldb + k : k * ldb + j);
      set(c, i * ldc + j, sum);
    }
}

const shifted = ({ data, at }: Pointer, by: number): Pointer => ({ data, at: at + by });

function softmax(rows: number, classes: number, x: Pointer, each: (row: number, p: number[]) => void) {
  for (let row = 0; row < rows; row++) {
    const logits = Array.from({ length: classes }, (_, c) => get(x, row * classes + c));
    const top = Math.max(...logits);
    const total = logits.reduce((sum, v) => sum + Math.exp(v - top), 0);
    each(
      row,
      logits.map((v) => Math.exp(v - top) / total),
    );
  }
}

/** Runs calls on buffers by id, each checked against the signature of its kernel. */
export function execute(calls: readonly Call[], buffers: readonly Buffer[]): void {
  let leftOut = 0;
  for (const call of calls) {
    check(call);
    const { kernel, args } = call;
    if (leftOut-- > 0) continue;
    if (kernel !== "unless") run(kernel, args, buffers);
    else leftOut = buffers[(args[1] as Address).buffer]!.data[0] ? (args[0] as number) : 0;
  }
}

function check({ kernel, args }: Call): void {
  const { signature } = table[kernel as keyof typeof table];
  const kinds = args.map((arg, i) => {
    if (arg === null || typeof arg === "object") return "p";
    return signature[i] === "i" && Number.isInteger(arg) ? "i" : "f";
  });
  if (kinds.join("") !== signature) throw new Error(`${kernel} takes ${signature}, got ${JSON.stringify(args)}`);
}

function run(kernel: string, args: readonly Operand[], buffers: readonly Buffer[]): void {
  const n = args.map((arg) => (typeof arg === "object" ? Number.NaN : Number(arg))); // infinities stand there by name
  const p = (i: number): Pointer => {
    const { buffer, offset = 0 } = args[i] as Address;
    const { data, dtype } = buffers[buffer]!;
    return { data, at: offset / itemSize[dtype] };
  };
  const each = (count: number, y: Pointer, value: (i: number) => number) => {
    for (let i = 0; i < count; i++) set(y, i, value(i));
  };
  const kernels: Record<string, () => void> = {
    gemm: () => product(n, p(5), n[6]!, p(7), n[8]!, p(9), n[10]!),
    gemm_batched() {
      for (let i = 0; i < n[0]!; i++)
        product(
          n.slice(1),
          shifted(p(6), i * n[8]!),
          n[7]!,
          shifted(p(9), i * n[11]!),
          n[10]!,
          shifted(p(12), i * n[14]!),
          n[13]!,
        );
    },
    binary() {
      const extents = n.slice(1, 5);
      const strides = [n.slice(5, 9), n.slice(9, 13), contiguous(extents)];
      nest(extents, strides, (a, b, y) => set(p(15), y!, binary[n[0]!]!(get(p(13), a!), get(p(14), b!))));
    },
    affine: () => each(n[0]!, p(4), (i) => get(p(3), i) * n[1]! + n[2]!),
    unary: () => each(n[1]!, p(3), (i) => unary[n[0]!]!(get(p(2), i))),
    relu_grad: () => each(n[0]!, p(3), (i) => (get(p(1), i) > 0 ? get(p(2), i) : 0)),
    reduce() {
      const { start, combine } = monoids[n[0]!]!;
      const [outer, mid, inner] = [n[1]!, n[2]!, n[3]!];
      each(outer * inner, p(6), (i) => {
        let value = start;
        const first = Math.floor(i / inner) * mid * inner + (i % inner);
        for (let k = 0; k < mid; k++) value = combine(value, get(p(5), first + k * inner));
        return n[0] === 0 ? value * n[4]! : value;
      });
    },
    cross_entropy() {
      softmax(n[0]!, n[1]!, p(2), (row, q) => {
        const probability = q[get(p(3), row)];
        set(p(4), row, probability === undefined ? 0 : -Math.log(probability));
      });
    },
    cross_entropy_grad() {
      softmax(n[0]!, n[1]!, p(2), (row, q) => {
        const label = get(p(3), row);
        for (const [c, value] of q.entries())
          set(p(5), row * n[1]! + c, label in q ? (value - Number(c === label)) * get(p(4), row) : 0);
      });
    },
    argmax() {
      const [outer, mid, inner] = [n[0]!, n[1]!, n[2]!];
      each(outer * inner, p(4), (i) => {
        const first = Math.floor(i / inner) * mid * inner + (i % inner);
        const values = Array.from({ length: mid }, (_, k) => get(p(3), first + k * inner));
        return values.indexOf(Math.max(...values));
      });
    },
    cast: () => each(n[2]!, p(4), (i) => casts[n[1]!]!(get(p(3), i))),
    fill: () => each(n[0]!, p(2), () => n[1]!),
    non_finite() {
      const held = kernel.endsWith("_f64") ? same : Math.fround;
      const infinite = Array.from({ length: n[0]! }, (_, i) => !Number.isFinite(held(get(p(1), i))));
      set(p(2), 0, Number(infinite.includes(true)));
    },
    increment: () => each(n[0]!, p(3), (i) => get(p(2), i) + n[1]!),
    adamw() {
      const [b1, b2, eps, decay] = [n[7]!, n[8]!, n[9]!, n[10]!];
      const [rate, step] = [get(p(5), 0), get(p(6), 0)];
      each(n[0]!, p(1), (i) => {
        const g = get(p(4), i);
        set(p(2), i, b1 * get(p(2), i) + (1 - b1) * g);
        set(p(3), i, b2 * get(p(3), i) + (1 - b2) * g * g);
        const [m, v] = [get(p(2), i) / (1 - b1 ** step), get(p(3), i) / (1 - b2 ** step)];
        return get(p(1), i) * (1 - rate * decay) - (rate * m) / (Math.sqrt(v) + eps);
      });
    },
    sgd() {
      const [momentum, decay, dampening, nesterov] = [n[5]!, n[6]!, n[7]!, n[8]!];
      each(n[0]!, p(1), (i) => {
        const g = get(p(3), i) + decay * get(p(1), i);
        let direction = g;
        if (args[2] !== null) {
          set(p(2), i, momentum * get(p(2), i) + (1 - dampening) * g);
          direction = nesterov ? g + momentum * get(p(2), i) : get(p(2), i);
        }
        return get(p(1), i) - get(p(4), 0) * direction;
      });
    },
    copy_box() {
      const [from, to] = [shifted(p(13), n[14]! / n[0]!), shifted(p(15), n[16]! / n[0]!)];
      nest(n.slice(1, 5), [n.slice(5, 9), n.slice(9, 13)], (a, b) => set(to, b!, get(from, a!)));
    },
  };
  const [, name, suffix] = /^(.*?)(_f64|_i32|_i64|_f16|_bf16)?$/.exec(kernel)!;
  const body =
    kernels[name!] ??
    { ...networkKernels, ...elementKernels }[name!]?.bind(null, n, (i) => (args[i] === null ? undefined : p(i)));
  if (!body) throw new Error(`no reference for kernel ${kernel}`);
  body();
  if (suffix !== "_i32" && suffix !== "_i64") return;
  const dtype = suffix === "_i32" ? "int32" : "int64";
  for (const arg of args) {
    const held = arg !== null && typeof arg === "object" && "buffer" in arg ? buffers[arg.buffer] : undefined;
    if (held && (held.dtype as string) === dtype) held.data.set(held.data.map((x) => wrap(x, dtype)));
  }
}
