// Elements ranked, added up and placed along one dim, for any element type E (kern.c): tensors are [outer, dim, inner].

// Index of the largest of x[outer, mid, inner] along mid; the first of equals, NaN counts as the largest.
static void NAME(argmax)(ix outer, ix mid, ix inner, const E *x, int32_t *y) {
  for (ix o = 0; o < outer; o++, x += mid * inner, y += inner)
    for (ix i = 0; i < inner; i++) {
      ix best = 0;
      for (ix m = 1; m < mid; m++) {
        const E a = x[best * inner + i], b = x[m * inner + i];
        if (b > a || (NAME(is_nan)(b) && !NAME(is_nan)(a))) best = m;
      }
      y[i] = (int32_t)best;
    }
}

// Does element (a, i) come before (b, j)? Larger first, NaN the largest of all, the first of equals first.
INLINE int NAME(before)(E a, ix i, E b, ix j) {
  const int an = NAME(is_nan)(a), bn = NAME(is_nan)(b);
  if (an != bn) return an;
  return !an && a != b ? a > b : i < j;
}
// The k largest of x[outer, mid, inner] along mid, in order, and where they stand. k <= mid. Each is found by a pass that
// looks for the next one after the last: no scratch, and few are wanted as a rule.
static void NAME(top_k)(ix outer, ix mid, ix inner, ix k, const E *x, E *values, int32_t *indices) {
  for (ix o = 0; o < outer; o++, x += mid * inner, values += k * inner, indices += k * inner)
    for (ix i = 0; i < inner; i++) {
      ix last = -1;
      for (ix r = 0; r < k; r++) {
        ix best = -1;
        for (ix m = 0; m < mid; m++) {
          const E v = x[m * inner + i];
          if (last >= 0 && !NAME(before)(x[last * inner + i], last, v, m)) continue;
          if (best < 0 || NAME(before)(v, m, x[best * inner + i], best)) best = m;
        }
        values[r * inner + i] = x[best * inner + i];
        indices[r * inner + i] = (int32_t)best;
        last = best;
      }
    }
}
// Running sums along mid, from the front or from the back.
static void NAME(cumsum)(ix outer, ix mid, ix inner, int reverse, const E *x, E *y) {
  for (ix o = 0; o < outer; o++, x += mid * inner, y += mid * inner)
    for (ix s = 0; s < mid; s++) {
      const ix at = (reverse ? mid - 1 - s : s) * inner, prior = reverse ? at + inner : at - inner;
      LOOP for (ix i = 0; i < inner; i++) y[at + i] = s ? (E)((CALC)y[prior + i] + (CALC)x[at + i]) : x[at + i];
    }
}

// y[outer, rows, inner] = Σ over k with ids[k] = row of x[outer, k, inner], in the order of k.
static void NAME(scatter_add)(ix outer, ix rows, ix inner, ix n, ix first, const E *x, const int32_t *ids, E *y) {
  NAME(fill)(outer * rows * inner, 0, y);
  for (ix o = 0; o < outer; o++, y += rows * inner)
    for (ix k = 0; k < n; k++, x += inner) {
      const ix row = row_of(ids[k], first, rows);
      if (row >= 0) NAME(add_row)(inner, 1, x, 1, y + row * inner);
    }
}
// And back: y[o, ids[o, k, i], i] += x[o, k, i], y starting from 0, in the order of k.
static void NAME(add_along)(ix outer, ix rows, ix inner, ix n, ix first, const E *x, const int32_t *ids, E *y) {
  NAME(fill)(outer * rows * inner, 0, y);
  for (ix o = 0; o < outer; o++, y += rows * inner)
    for (ix k = 0; k < n; k++, ids += inner, x += inner)
      for (ix i = 0; i < inner; i++) {
        const ix row = row_of(ids[i], first, rows);
        if (row >= 0) y[row * inner + i] = (E)((CALC)y[row * inner + i] + (CALC)x[i]);
      }
}
// y[n, depth]: 1 where the id stands, else 0.
static void NAME(one_hot)(ix n, ix depth, ix first, const int32_t *ids, E *y) {
  NAME(fill)(n * depth, 0, y);
  for (ix k = 0; k < n; k++, y += depth) {
    const ix at = row_of(ids[k], first, depth);
    if (at >= 0) y[at] = 1;
  }
}
