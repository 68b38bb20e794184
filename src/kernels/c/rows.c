// Reductions and what works along one dim.

static const f32 LOWEST = -3.402823466e38f;

enum { SUM, MOST, LEAST };
INLINE f32 identity_of(const int monoid) { return monoid == SUM ? 0 : monoid == MOST ? -__builtin_inff() : __builtin_inff(); }
INLINE vf fold(const int monoid, vf a, vf b) { return combine(monoid == SUM ? ADD : monoid == MOST ? MAX : MIN, a, b); }
INLINE f32 fold1(const int monoid, f32 a, f32 b) {
  if (monoid == SUM) return a + b;
  if (a != a) return a;
  return monoid == MOST ? (a > b ? a : b) : (a < b ? a : b);
}
// y[outer, inner] = scale · fold over mid of x[outer, mid, inner].
INLINE void reduce_of(const int monoid, ix outer, ix mid, ix inner, f32 scale, const f32 *x, f32 *y) {
  const f32 none = identity_of(monoid);
  for (ix o = 0; o < outer; o++, x += mid * inner, y += inner) {
    if (inner == 1) {                                          // VL partial results, then these in order
      vf s = splat(none);
      VLOOP(mid, { s = fold(monoid, s, ldk(x + i, k, none)); });
      f32 r = none;
      for (int q = 0; q < VL; q++) r = fold1(monoid, r, s[q]);
      *y = monoid == SUM ? r * scale : r;
    } else {
      VLOOP(inner, { stk(y + i, splat(none), k); });
      for (ix m = 0; m < mid; m++) VLOOP(inner, { stk(y + i, fold(monoid, ldk(y + i, k, 0), ldk(x + m * inner + i, k, 0)), k); });
      if (monoid == SUM && scale != 1) VLOOP(inner, { stk(y + i, ldk(y + i, k, 0) * scale, k); });
    }
  }
}
static int reduce(int monoid, ix outer, ix mid, ix inner, f32 scale, const f32 *x, f32 *y) {
  switch (monoid) {
  case SUM: reduce_of(SUM, outer, mid, inner, scale, x, y); return 1;
  case MOST: reduce_of(MOST, outer, mid, inner, scale, x, y); return 1;
  case LEAST: reduce_of(LEAST, outer, mid, inner, scale, x, y); return 1;
  default: return 0;
  }
}

INLINE f32 row_max(ix C, const f32 *x) {
  vf m = splat(LOWEST);
  VLOOP(C, { m = vmax(m, ldk(x + i, k, LOWEST)); });
  return hmax(m);
}
// loss[r] = log Σ exp(x) - x[label]. A label outside 0..C-1 is ignored: no loss, no gradient.
static void cross_entropy(ix R, ix C, const f32 *x, const int32_t *label, f32 *loss) {
  for (ix r = 0; r < R; r++, x += C) {
    const ix t = label[r];
    if (t < 0 || t >= C) { loss[r] = 0; continue; }
    const f32 m = row_max(C, x);
    vf s = splat(0);
    VLOOP(C, { const vf e = vexp(ldk(x + i, k, LOWEST) - m); s += e; });
    loss[r] = (f32)log_positive(hsum(s)) - (x[t] - m);
  }
}
// dx = (softmax(x) - onehot) · dloss[r]
static void cross_entropy_grad(ix R, ix C, const f32 *x, const int32_t *label, const f32 *dloss, f32 *dx) {
  for (ix r = 0; r < R; r++, x += C, dx += C) {
    const ix t = label[r];
    if (t < 0 || t >= C) { fill(C, 0, dx); continue; }
    const f32 m = row_max(C, x);
    vf s = splat(0);
    VLOOP(C, { const vf e = vexp(ldk(x + i, k, LOWEST) - m); stk(dx + i, e, k); s += e; });
    const f32 scale = dloss[r] / hsum(s);
    VLOOP(C, { stk(dx + i, ldk(dx + i, k, 0) * scale, k); });
    dx[t] -= dloss[r];
  }
}

// Index of the largest of x[outer, mid, inner] along mid; the first of equals, NaN counts as the largest.
static void argmax(ix outer, ix mid, ix inner, const f32 *x, int32_t *y) {
  for (ix o = 0; o < outer; o++, x += mid * inner, y += inner)
    for (ix i = 0; i < inner; i++) {
      ix best = 0;
      for (ix m = 1; m < mid; m++) {
        const f32 a = x[best * inner + i], b = x[m * inner + i];
        if (b > a || (b != b && a == a)) best = m;
      }
      y[i] = (int32_t)best;
    }
}
