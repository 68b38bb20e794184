/** @file The kernels of networks in plain loops and double precision: softmax, norms, convolution, attention, dropout. */
import { philox } from "../../src/ir/philox.ts";
import { get, nest, type Pointer, set } from "./pointer.ts";

/** A kernel's numbers by place among its arguments, and its addresses; undefined where there is none. */
export type Kernel = (n: readonly number[], at: (i: number) => Pointer | undefined) => void;

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Calls `body` with the places of each line of [outer, mid, inner] along mid. */
function lines([outer, mid, inner]: readonly number[], body: (places: readonly number[]) => void): void {
  for (let o = 0; o < outer!; o++)
    for (let i = 0; i < inner!; i++) body(range(mid!).map((m) => (o * mid! + m) * inner! + i));
}

/** Normalises rows: for each the values h = (x − mean) · scale, and the scale. */
function rows(
  [centred, count, columns, eps]: readonly number[],
  x: Pointer,
  body: (places: readonly number[], h: readonly number[], scale: number) => void,
): void {
  for (let r = 0; r < count!; r++) {
    const places = range(columns!).map((c) => r * columns! + c);
    const values = places.map((i) => get(x, i));
    const mean = centred ? total(values) / columns! : 0;
    const scale = 1 / Math.sqrt(total(values.map((v) => (v - mean) ** 2)) / columns! + eps!);
    const h = values.map((v) => (v - mean) * scale);
    body(places, h, scale);
  }
}

/** Calls `body` for each tap of a convolution with the places in the image, the filters and the output. */
function taps(n: readonly number[], body: (x: number, w: number, y: number) => void): void {
  const [N, C, H, W, K, R, S, OH, OW, sh, sw, ph, pw] = n as number[] as Sizes;
  for (const [b, m, i, j] of places([N, K, OH, OW]))
    for (const [c, r, s] of places([C, R, S])) {
      const [h, w] = [i! * sh + r! - ph, j! * sw + s! - pw];
      if (h < 0 || h >= H || w < 0 || w >= W) continue;
      const image = ((b! * C + c!) * H + h) * W + w;
      body(image, ((m! * C + c!) * R + r!) * S + s!, ((b! * K + m!) * OH + i!) * OW + j!);
    }
}
type Sizes = [number, number, number, number, number, number, number, number, number, number, number, number, number];

/** All index tuples. */
const places = (extents: readonly number[]): number[][] =>
  extents.reduce<number[][]>((all, n) => all.flatMap((at) => range(n).map((i) => [...at, i])), [[]]);

/** Windows of a pooling, as places of the output and of the image's elements in it. */
function windows(n: readonly number[], body: (y: number, xs: readonly number[]) => void): void {
  const [, N, H, W, OH, OW, R, S, sh, sw, ph, pw] = n as number[] as Sizes;
  places([N, OH, OW]).forEach(([b, i, j], y) => {
    const inside = places([R, S])
      .map(([r, s]) => [i! * sh + r! - ph, j! * sw + s! - pw] as const)
      .filter(([h, w]) => h >= 0 && h < H && w >= 0 && w < W);
    body(
      y,
      inside.map(([h, w]) => (b! * H + h) * W + w),
    );
  });
}

const clear = (p: Pointer, n: number) => {
  for (let i = 0; i < n; i++) set(p, i, 0);
};
const add = (p: Pointer, i: number, value: number) => set(p, i, get(p, i) + value);
const product = (n: readonly number[]) => n.reduce((a, b) => a * b, 1);

/** What attention goes over: for each head where the rows of its operands begin, and for each query the weights of its keys. */
interface Query {
  /** Where row r of operand o lies. */
  readonly row: (o: number, r: number) => number;
  readonly i: number;
  readonly weights: readonly number[];
}
function attend(n: readonly number[], at: (i: number) => Pointer | undefined, body: (query: Query) => void): void {
  const [O, B, T, U, d, , causal, first, scale] = n as number[] as Sizes;
  const [q, k] = [at(9)!, at(13)!];
  for (const [a, b, i] of places([O, B, T])) {
    const row = (o: number, r: number) => a! * n[10 + 4 * o]! + b! * n[11 + 4 * o]! + r * n[12 + 4 * o]!;
    const keys = range(causal ? Math.max(0, Math.min(U, first + i! + 1)) : U);
    const scores = keys.map((j) => total(range(d).map((c) => get(q, row(0, i!) + c) * get(k, row(1, j) + c))) * scale);
    const weights = scores.map((s) => Math.exp(s - Math.max(...scores)));
    const sum = total(weights);
    body({ row, i: i!, weights: weights.map((w) => w / sum) });
  }
}

export const networkKernels: Readonly<Record<string, Kernel>> = {
  softmax(n, at) {
    const [x, y] = [at(4)!, at(5)!];
    lines(n.slice(1, 4), (places) => {
      const top = Math.max(...places.map((i) => get(x, i)));
      const sum = total(places.map((i) => Math.exp(get(x, i) - top)));
      for (const i of places) {
        const z = get(x, i) - top;
        set(y, i, n[0] ? z - Math.log(sum) : Math.exp(z) / sum);
      }
    });
  },
  softmax_grad(n, at) {
    const [y, dy, dx] = [at(4)!, at(5)!, at(6)!];
    lines(n.slice(1, 4), (places) => {
      const sum = total(places.map((i) => get(dy, i) * (n[0] ? 1 : get(y, i))));
      for (const i of places)
        set(dx, i, n[0] ? get(dy, i) - Math.exp(get(y, i)) * sum : get(y, i) * (get(dy, i) - sum));
    });
  },
  layer_norm(n, at) {
    const [gain, bias, y] = [at(5)!, at(6), at(7)!];
    rows(n, at(4)!, (places, h) =>
      places.forEach((i, c) => {
        set(y, i, h[c]! * get(gain, c) + (bias ? get(bias, c) : 0));
      }),
    );
  },
  layer_norm_grad(n, at) {
    const [gain, dy, dx] = [at(5)!, at(6)!, at(7)!];
    rows(n, at(4)!, (places, h, scale) => {
      const g = places.map((i, c) => get(dy, i) * get(gain, c));
      const [mean, along] = [n[0] ? total(g) / g.length : 0, total(g.map((v, c) => v * h[c]!)) / g.length];
      places.forEach((i, c) => {
        set(dx, i, (g[c]! - mean - h[c]! * along) * scale);
      });
    });
  },
  layer_norm_grad_gain(n, at) {
    const [dy, dgain] = [at(5)!, at(6)!];
    for (const c of range(n[2]!)) set(dgain, c, 0);
    rows(n, at(4)!, (places, h) =>
      places.forEach((i, c) => {
        set(dgain, c, get(dgain, c) + get(dy, i) * h[c]!);
      }),
    );
  },
  lamb(n, at) {
    const [p, m, v, g, r] = [at(1)!, at(2)!, at(3)!, at(4)!, at(10)!];
    const [b1, b2, eps, decay] = n.slice(6, 10) as [number, number, number, number];
    const step = get(at(5)!, 0);
    for (let i = 0; i < n[0]!; i++) {
      set(m, i, b1 * get(m, i) + (1 - b1) * get(g, i));
      set(v, i, b2 * get(v, i) + (1 - b2) * get(g, i) ** 2);
      const root = Math.sqrt(get(v, i) / (1 - b2 ** step));
      set(r, i, get(m, i) / (1 - b1 ** step) / (root + eps) + decay * get(p, i));
    }
  },
  trusted_rate(_, at) {
    const [pp, rr, lr] = [0, 1, 2].map((i) => get(at(i)!, 0)) as [number, number, number];
    set(at(3)!, 0, pp > 0 && rr > 0 ? lr * Math.sqrt(pp / rr) : lr);
  },
  blend(n, at) {
    const [x, y] = [at(2)!, at(3)!];
    for (let i = 0; i < n[0]!; i++) set(y, i, get(y, i) * (1 - n[1]!) + get(x, i) * n[1]!);
  },
  random(n, at) {
    const [kind, a, b, low, high, stream] = n as [number, number, number, number, number, number];
    const [x, y, step] = [at(20), at(21)!, get(at(19)!, 0)];
    nest(n.slice(6, 10), [n.slice(10, 14), n.slice(14, 18)], (global, local) => {
      const e = n[18]! + global!;
      const block = Math.floor(e / 4);
      const words = philox([block >>> 0, Math.floor(block / 2 ** 32), stream, step >>> 0], [low, high]);
      const uniform = Math.floor(words[e % 4]! / 256) / 2 ** 24;
      if (kind === 3) set(y, local!, uniform < a ? 0 : get(x!, local!) * b);
      else if (kind === 0) set(y, local!, a + (b - a) * uniform);
      else {
        const pair = (e % 4) - (e % 2);
        const [u, turn] = [(words[pair]! + 0.5) / 2 ** 32, (2 * Math.PI * words[pair + 1]!) / 2 ** 32];
        set(y, local!, a + b * Math.sqrt(-2 * Math.log(u)) * (e % 2 ? Math.sin(turn) : Math.cos(turn)));
      }
    });
  },
  conv2d(n, at) {
    const [x, w, y] = [at(13)!, at(14)!, at(15)!];
    clear(y, product([n[0]!, n[4]!, n[7]!, n[8]!]));
    taps(n, (i, j, o) => add(y, o, get(x, i) * get(w, j)));
  },
  conv2d_grad_x(n, at) {
    const [w, dy, dx] = [at(13)!, at(14)!, at(15)!];
    clear(dx, product(n.slice(0, 4)));
    taps(n, (i, j, o) => add(dx, i, get(dy, o) * get(w, j)));
  },
  conv2d_grad_w(n, at) {
    const [x, dy, dw] = [at(13)!, at(14)!, at(15)!];
    clear(dw, product([n[1]!, ...n.slice(4, 7)]));
    taps(n, (i, j, o) => add(dw, j, get(dy, o) * get(x, i)));
  },
  pool2d(n, at) {
    const [x, y] = [at(12)!, at(13)!];
    windows(n, (o, inside) => {
      const values = inside.map((i) => get(x, i));
      set(y, o, n[0] ? total(values) / (n[6]! * n[7]!) : Math.max(...values));
    });
  },
  pool2d_grad(n, at) {
    const [x, dy, dx] = [at(12), at(13)!, at(14)!];
    clear(dx, product(n.slice(1, 4)));
    windows(n, (o, inside) => {
      if (n[0]) for (const i of inside) add(dx, i, get(dy, o) / (n[6]! * n[7]!));
      else {
        const values = inside.map((i) => get(x!, i));
        add(dx, inside[values.indexOf(Math.max(...values))]!, get(dy, o));
      }
    });
  },
  attention(n, at) {
    const [v, o] = [at(17)!, at(21)!];
    attend(n, at, ({ row, i, weights }) => {
      for (const c of range(n[5]!)) set(o, row(3, i) + c, total(weights.map((w, j) => w * get(v, row(2, j) + c))));
    });
  },
  attention_grad(n, at) {
    const [q, k, v, g, dq, dk, dv] = range(7).map((i) => at(9 + 4 * i)!) as [
      Pointer,
      Pointer,
      Pointer,
      Pointer,
      Pointer,
      Pointer,
      Pointer,
    ];
    const [O, B, T, U, d, e] = n as [number, number, number, number, number, number];
    clear(dq, O * B * T * d); // its rows lie close
    clear(dk, O * B * U * d);
    clear(dv, O * B * U * e);
    attend(n, at, ({ row, i, weights }) => {
      const dp = weights.map((_, j) => total(range(e).map((c) => get(g, row(3, i) + c) * get(v, row(2, j) + c))));
      const along = total(weights.map((w, j) => w * dp[j]!));
      weights.forEach((w, j) => {
        const ds = w * (dp[j]! - along) * n[8]!;
        for (const c of range(d)) {
          add(dq, row(4, i) + c, ds * get(k, row(1, j) + c));
          add(dk, row(5, j) + c, ds * get(q, row(0, i) + c));
        }
        for (const c of range(e)) add(dv, row(6, j) + c, w * get(g, row(3, i) + c));
      });
    });
  },
};
