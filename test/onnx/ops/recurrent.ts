/** @file Recurrent layers of one direction, step by step: every gate is two products and a bias. */
import { concat, type Loose } from "../loose.ts";
import { range, type Site, type Table, Uncovered } from "../site.ts";

/** What a gate makes of the step's input and the state before it: products, biases kept apart. */
interface Gate {
  readonly input: Loose;
  readonly state: (h: Loose) => Loose;
}

interface Cell {
  readonly h: Loose;
  readonly c: Loose;
}

/** Inputs of all recurrent layers: X, W, R, B, sequence_lens, initial_h, and of the LSTM initial_c. */
function unroll(s: Site, gates: number, step: (gates: readonly Gate[], before: Cell, size: number) => Cell): Loose[] {
  if (s.text("direction", "forward") !== "forward") throw new Uncovered("no recurrence but forwards");
  const batchwise = s.int("layout", 0) === 1;
  const x = batchwise ? s.x(0).permute([1, 0, 2]) : s.x(0);
  const [steps, batch] = x.shape as [number, number, number];
  if (s.has(4) && s.data(4).some((n) => n !== steps)) throw new Uncovered("no sequences of several lengths");
  const size = s.int("hidden_size", 0);
  const own = (all: Loose, k: number) => all.slice(0, k * size, (k + 1) * size);
  const zeros = () => s.fill("float32", [batch, size], 0);
  const start = (i: number) => (s.has(i) ? s.x(i).squeeze(0) : zeros());
  const [w, r] = [s.x(1).squeeze(0), s.x(2).squeeze(0)];
  const bias = s.has(3) ? s.x(3).squeeze(0) : undefined;
  const plus = (y: Loose, k: number) => (bias ? y.add(own(bias, k)) : y);
  const gatesAt = (xt: Loose): Gate[] =>
    range(gates).map((k) => ({
      input: plus(xt.matmul(own(w, k).transpose()), k),
      state: (h) => plus(h.matmul(own(r, k).transpose()), gates + k),
    }));
  let cell: Cell = { h: start(5), c: start(6) };
  const all = range(steps).map((t) => {
    cell = step(gatesAt(x.slice(0, t, t + 1).squeeze(0)), cell, size);
    return cell.h.unsqueeze(0);
  });
  const [y, last] = [concat(all, 0), [cell.h, cell.c].map((state) => state.unsqueeze(batchwise ? 1 : 0))];
  return [batchwise ? y.permute([1, 0, 2]).unsqueeze(2) : y.unsqueeze(1), ...last];
}

export const recurrent: Table = {
  GRU: (s) =>
    unroll(s, 3, ([update, reset, hidden], { h, c }) => {
      const [z, r] = [update!, reset!].map((gate) => gate.input.add(gate.state(h)).sigmoid()) as [Loose, Loose];
      const inner = s.int("linear_before_reset", 0) ? r.mul(hidden!.state(h)) : hidden!.state(r.mul(h));
      return { h: z.mul(h).add(z.neg().add(1).mul(hidden!.input.add(inner).tanh())), c };
    }),
  LSTM(s) {
    const holes = s.has(7) ? s.x(7).squeeze(0) : undefined;
    return unroll(s, 4, ([input, output, forget, candidate], { h, c }, size) => {
      const seen = (y: Loose, k: number, state: Loose) =>
        holes ? y.add(state.mul(holes.slice(0, k * size, (k + 1) * size))) : y;
      const sum = (gate: Gate) => gate.input.add(gate.state(h));
      const taken = seen(sum(input!), 0, c).sigmoid().mul(sum(candidate!).tanh());
      const kept = seen(sum(forget!), 2, c).sigmoid().mul(c);
      const next = taken.add(kept);
      return { h: seen(sum(output!), 1, next).sigmoid().mul(next.tanh()), c: next };
    });
  },
  RNN: (s) => unroll(s, 1, ([gate], { h, c }) => ({ h: gate!.input.add(gate!.state(h)).tanh(), c })),
};
