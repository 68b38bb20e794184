/** @file Windows of signals: sums of cosines over 0, 1, … n−1. */
import type { Entry, Table } from "../site.ts";

/** a₀ − a₁ cos(2πi/N) + a₂ cos(4πi/N), where N is n, or n − 1 for a window that ends as it begins. */
const cosines =
  (a0: number, a1: number, a2: number): Entry =>
  (s) => {
    const n = s.data(0)[0]!;
    const turns = (2 * Math.PI) / (s.int("periodic", 1) ? n : n - 1);
    const angle = s.fill("float32", [n], 1).cumsum(0).sub(1).mul(turns);
    const first = angle.cos().mul(-a1).add(a0);
    return a2 ? first.add(angle.mul(2).cos().mul(a2)) : first;
  };

export const windows: Table = {
  BlackmanWindow: cosines(0.42, 0.5, 0.08),
  HammingWindow: cosines(25 / 46, 21 / 46, 0),
  HannWindow: cosines(0.5, 0.5, 0),
};
