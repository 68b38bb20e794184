// Reductions and what works along one dim.

enum { SUM, MOST, LEAST };
INLINE f32 identity_of(const int monoid) { return monoid == SUM ? 0 : monoid == MOST ? -__builtin_inff() : __builtin_inff(); }
INLINE vf fold(const int monoid, vf a, vf b) { return combine(monoid == SUM ? ADD : monoid == MOST ? MAX : MIN, a, b); }
INLINE f32 fold1(const int monoid, f32 a, f32 b) {
  if (monoid == SUM) return a + b;
  if (a != a) return a;
  return monoid == MOST ? (a > b ? a : b) : (a < b ? a : b);
}

// Every reduction folds in one order: element m of mid goes to partial result m mod PARTS, then the latter half of these is
// folded into the former until one is left. So an element has the same bits alone and among other columns, on every target,
// and long sums keep their digits.
enum { PARTS = SUM_PARTS, WIDE = 8, HALF = WIDE / 2, AHEAD = 16 };
INLINE f32 fold_parts(const int monoid, f32 *part) {
  for (int n = PARTS / 2; n; n /= 2) {
    if (n >= VL) for (int q = 0; q < n; q += VL) st(part + q, fold(monoid, ld(part + q), ld(part + q + n)));
    else for (int q = 0; q < n; q++) part[q] = fold1(monoid, part[q], part[q + n]);
  }
  return fold1(monoid, identity_of(monoid), part[0]);
}
// The same of columns side by side, `step` vectors from one partial result to the next; where mid is short there are fewer.
INLINE vf fold_columns(const int monoid, vf *part, const int step, int parts) {
  for (int n = PARTS / 2; n; n /= 2) for (int q = 0; q < n && q + n < parts; q++) part[q * step] = fold(monoid, part[q * step], part[(q + n) * step]);
  return parts ? fold(monoid, splat(identity_of(monoid)), part[0]) : splat(identity_of(monoid));
}
#define EACH_PART UNROLL for (int p = 0; p < PARTS / VL; p++)

INLINE f32 fold_line(const int monoid, ix mid, f32 scale, const f32 *x) {
  const f32 none = identity_of(monoid);
  f32 part[PARTS];
  vf s[PARTS / VL];
  ix at = 0;
  EACH_PART s[p] = splat(none);
  for (; at + PARTS <= mid; at += PARTS) EACH_PART s[p] = fold(monoid, s[p], ld(x + at + p * VL));
  EACH_PART st(part + p * VL, s[p]);
  for (ix q = 0; at + q < mid; q++) part[q] = fold1(monoid, part[q], x[at + q]);
  const f32 r = fold_parts(monoid, part);
  return monoid == SUM ? r * scale : r;
}
// The largest or least of a line. A sum beside it tells whether there may be a NaN, which takes more care.
INLINE f32 extreme_line(const int monoid, ix mid, const f32 *x) {
  f32 part[PARTS];
  vf s[PARTS / VL], all[PARTS / VL], sum = splat(0);
  ix at = 0;
  EACH_PART s[p] = splat(identity_of(monoid)), all[p] = splat(0);
  for (; at + PARTS <= mid; at += PARTS) EACH_PART {
    const vf v = ld(x + at + p * VL);
    all[p] += v;
    s[p] = monoid == MOST ? vmax(s[p], v) : vmin(s[p], v);
  }
  EACH_PART sum += all[p];
  const f32 odd = hsum(sum);
  if (odd != odd) return fold_line(monoid, mid, 1, x);
  EACH_PART st(part + p * VL, s[p]);
  for (ix q = 0; at + q < mid; q++) part[q] = fold1(monoid, part[q], x[at + q]);
  return fold_parts(monoid, part);
}
INLINE f32 reduce_line(const int monoid, ix mid, f32 scale, const f32 *x) {
  return monoid == SUM ? fold_line(monoid, mid, scale, x) : extreme_line(monoid, mid, x);
}
// `wide` vectors of columns side by side, k lanes of each: WIDE of them read rows in runs of whole cache lines. Rows are far
// apart, so the processor is told which come next.
INLINE void reduce_columns(const int monoid, const int wide, ix mid, ix inner, f32 scale, const f32 *x, f32 *y, int k) {
  vf part[PARTS][WIDE];
  const int parts = (int)imin(mid, PARTS);
  for (int m = 0; m < parts; m++) UNROLL for (int j = 0; j < wide; j++) part[m][j] = ldk(x + m * inner + j * VL, k, 0);
  for (ix m = parts; m < mid; m++) {
    vf *s = part[m % PARTS];
    if (wide > 1) UNROLL for (int j = 0; j < wide * VL; j += LINE_FLOATS) __builtin_prefetch(x + imin(m + AHEAD, mid - 1) * inner + j);
    UNROLL for (int j = 0; j < wide; j++) s[j] = fold(monoid, s[j], ldk(x + m * inner + j * VL, k, 0));
  }
  UNROLL for (int j = 0; j < wide; j++) {
    const vf r = fold_columns(monoid, &part[0][j], WIDE, parts);
    stk(y + j * VL, monoid == SUM ? r * scale : r, k);
  }
}
// y[outer, inner] = scale · fold over mid of x[outer, mid, inner].
INLINE void reduce_of(const int monoid, ix outer, ix mid, ix inner, f32 scale, const f32 *x, f32 *y) {
  for (ix o = 0; o < outer; o++, x += mid * inner, y += inner) {
    if (inner == 1) { *y = reduce_line(monoid, mid, scale, x); continue; }
    ix i = 0;
    for (; i + WIDE * VL <= inner; i += WIDE * VL) reduce_columns(monoid, WIDE, mid, inner, scale, x + i, y + i, VL);
    for (; i + HALF * VL <= inner; i += HALF * VL) reduce_columns(monoid, HALF, mid, inner, scale, x + i, y + i, VL);
    for (; i + VL <= inner; i += VL) reduce_columns(monoid, 1, mid, inner, scale, x + i, y + i, VL);
    if (i < inner) reduce_columns(monoid, 1, mid, inner, scale, x + i, y + i, (int)(inner - i));
  }
}
// What a product sums up by the way (gemm.c): rows `first` on of some columns, in the same order.
static void sum_slice(Sums s, ix first, ix rows, ix cols, const f32 *b, ix ldb, int last) {
  if (!first) fill(PARTS * cols, 0, s.part);
  for (ix r = 0; r < rows; r++, b += ldb) {
    f32 *part = s.part + (first + r) % PARTS * cols;
    VLOOP(cols, { stk(part + i, ldk(part + i, k, 0) + ldk(b + i, k, 0), k); });
  }
  if (last) VLOOP(cols, {
    vf part[PARTS];
    for (int q = 0; q < PARTS; q++) part[q] = ldk(s.part + q * cols + i, k, 0);
    stk(s.y + i, fold_columns(SUM, part, 1, PARTS), k);
  });
}
static int reduce(int monoid, ix outer, ix mid, ix inner, f32 scale, const f32 *x, f32 *y) {
  switch (monoid) {
  case SUM: reduce_of(SUM, outer, mid, inner, scale, x, y); return 1;
  case MOST: reduce_of(MOST, outer, mid, inner, scale, x, y); return 1;
  case LEAST: reduce_of(LEAST, outer, mid, inner, scale, x, y); return 1;
  default: return 0;
  }
}
static void sum_columns(ix rows, ix cols, const f32 *b, f32 *y) { (void)reduce(SUM, 1, rows, cols, 1, b, y); }

// Lanes past the row's end are minus infinity: they never win, and their exp is 0.
INLINE f32 row_max(ix C, const f32 *x) {                       // may pass over a NaN: the sum of exponentials does not
  vf m = splat(-__builtin_inff());
  VLOOP(C, { m = vmax(m, ldk(x + i, k, -__builtin_inff())); });
  return hmax(m);
}
// loss[r] = log Σ exp(x) - x[label], NaN when a logit is NaN or +infinity. A label outside 0..C-1 is ignored: no loss, no
// gradient.
static void cross_entropy(ix R, ix C, const f32 *x, const int32_t *label, f32 *loss) {
  for (ix r = 0; r < R; r++, x += C) {
    const ix t = label[r];
    if (t < 0 || t >= C) { loss[r] = 0; continue; }
    const f32 m = row_max(C, x);
    vf s = splat(0);
    VLOOP(C, { const vf e = vexp_fused(ldk(x + i, k, -__builtin_inff()) - m); s += e; });
    loss[r] = log1(hsum(s)) - (x[t] - m);
  }
}
// dx = (softmax(x) - onehot) · dloss[r]
static void cross_entropy_grad(ix R, ix C, const f32 *x, const int32_t *label, const f32 *dloss, f32 *dx) {
  for (ix r = 0; r < R; r++, x += C, dx += C) {
    const ix t = label[r];
    if (t < 0 || t >= C) { fill(C, 0, dx); continue; }
    const f32 m = row_max(C, x);
    vf s = splat(0);
    VLOOP(C, { const vf e = vexp_fused(ldk(x + i, k, -__builtin_inff()) - m); stk(dx + i, e, k); s += e; });
    const f32 scale = dloss[r] / hsum(s);
    VLOOP(C, { stk(dx + i, ldk(dx + i, k, 0) * scale, k); });
    dx[t] -= dloss[r];
  }
}
