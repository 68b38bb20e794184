// Elements picked, spread and ranked by integer ids along one dim: tensors are [outer, dim, inner]. A shard of the dim
// holds the ids first, first + 1, …; an id that it does not hold reads 0 and is not written.

INLINE ix row_of(int32_t id, ix first, ix rows) {              // -1: not here
  const int64_t at = (int64_t)id - first;
  return at >= 0 && at < rows ? (ix)at : -1;
}

// y[outer, n, inner] = x[outer, ids[n], inner]; words of four bytes, whatever they mean.
static void gather(ix outer, ix rows, ix inner, ix n, ix first, const int32_t *x, const int32_t *ids, int32_t *y) {
  const size_t bytes = (size_t)inner * 4;
  for (ix o = 0; o < outer; o++, x += rows * inner)
    for (ix k = 0; k < n; k++, y += inner) {
      const ix row = row_of(ids[k], first, rows);
      if (row < 0) __builtin_memset(y, 0, bytes);
      else __builtin_memcpy(y, x + row * inner, bytes);
    }
}
// y[outer, rows, inner] = Σ over k with ids[k] = row of x[outer, k, inner], in the order of k.
static void scatter_add(ix outer, ix rows, ix inner, ix n, ix first, const f32 *x, const int32_t *ids, f32 *y) {
  fill(outer * rows * inner, 0, y);
  for (ix o = 0; o < outer; o++, y += rows * inner)
    for (ix k = 0; k < n; k++, x += inner) {
      const ix row = row_of(ids[k], first, rows);
      if (row < 0) continue;
      f32 *to = y + row * inner;
      VLOOP(inner, { stk(to + i, ldk(to + i, k, 0) + ldk(x + i, k, 0), k); });
    }
}
// An id for every element: y[o, k, i] = x[o, ids[o, k, i], i].
static void take_along(ix outer, ix rows, ix inner, ix n, ix first, const int32_t *x, const int32_t *ids, int32_t *y) {
  for (ix o = 0; o < outer; o++, x += rows * inner)
    for (ix k = 0; k < n; k++, ids += inner, y += inner)
      for (ix i = 0; i < inner; i++) {
        const ix row = row_of(ids[i], first, rows);
        y[i] = row < 0 ? 0 : x[row * inner + i];
      }
}
// And back: y[o, ids[o, k, i], i] += x[o, k, i], y starting from 0, in the order of k.
static void add_along(ix outer, ix rows, ix inner, ix n, ix first, const f32 *x, const int32_t *ids, f32 *y) {
  fill(outer * rows * inner, 0, y);
  for (ix o = 0; o < outer; o++, y += rows * inner)
    for (ix k = 0; k < n; k++, ids += inner, x += inner)
      for (ix i = 0; i < inner; i++) {
        const ix row = row_of(ids[i], first, rows);
        if (row >= 0) y[row * inner + i] += x[i];
      }
}
// y[n, depth]: 1 where the id stands, else 0.
static void one_hot(ix n, ix depth, ix first, const int32_t *ids, f32 *y) {
  fill(n * depth, 0, y);
  for (ix k = 0; k < n; k++, y += depth) {
    const ix at = row_of(ids[k], first, depth);
    if (at >= 0) y[at] = 1;
  }
}

// Does element (a, i) come before (b, j)? Larger first, NaN the largest of all, the first of equals first.
INLINE int before(f32 a, ix i, f32 b, ix j) {
  const int an = a != a, bn = b != b;
  if (an != bn) return an;
  return !an && a != b ? a > b : i < j;
}
// The k largest of x[outer, mid, inner] along mid, in order, and where they stand. k <= mid. Each is found by a pass that
// looks for the next one after the last: no scratch, and few are wanted as a rule.
static void top_k(ix outer, ix mid, ix inner, ix k, const f32 *x, f32 *values, int32_t *indices) {
  for (ix o = 0; o < outer; o++, x += mid * inner, values += k * inner, indices += k * inner)
    for (ix i = 0; i < inner; i++) {
      ix last = -1;
      for (ix r = 0; r < k; r++) {
        ix best = -1;
        for (ix m = 0; m < mid; m++) {
          const f32 v = x[m * inner + i];
          if (last >= 0 && !before(x[last * inner + i], last, v, m)) continue;
          if (best < 0 || before(v, m, x[best * inner + i], best)) best = m;
        }
        values[r * inner + i] = x[best * inner + i];
        indices[r * inner + i] = (int32_t)best;
        last = best;
      }
    }
}
// Running sums along mid, from the front or from the back.
static void cumsum(ix outer, ix mid, ix inner, int reverse, const f32 *x, f32 *y) {
  for (ix o = 0; o < outer; o++, x += mid * inner, y += mid * inner)
    for (ix s = 0; s < mid; s++) {
      const ix at = (reverse ? mid - 1 - s : s) * inner, prior = reverse ? at + inner : at - inner;
      for (ix i = 0; i < inner; i++) y[at + i] = s ? y[prior + i] + x[at + i] : x[at + i];
    }
}
