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
};
