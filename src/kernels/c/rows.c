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
// folded into the former until one is left. A sum does so with each SUM_BLOCK elements; RADIX of such blocks are added up one
// after the other, and so are RADIX of what these make. So few numbers are added in a row, and long sums keep their digits;
// and an element has the same bits alone and among other columns, on every target.
enum { PARTS = SUM_PARTS, WIDE = 8, HALF = WIDE / 2, AHEAD = 16, RADIX = 16, SUM_BLOCK = RADIX * PARTS };
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
// Adds the sum of block `block`, which counts from 1, to those before it: level l is at level + l·step.
static NOINLINE void carry(ix block, vf *level, int step, vf *part) {
  level[0] += fold_columns(SUM, part, step, PARTS);
  PLAIN for (int l = 0; l + 1 < SUM_LEVELS && block % RADIX == 0; l++, block /= RADIX) {
    level[(l + 1) * step] += level[l * step];
    level[l * step] = splat(0);
  }
}
static NOINLINE vf with_levels(vf sum, const vf *level, int step) {
  PLAIN for (int l = 0; l < SUM_LEVELS; l++) sum += level[l * step];
  return sum;
}
#define EACH_PART UNROLL for (int p = 0; p < PARTS / VL; p++)
// What fold_parts gives, of partial results that are in registers. None may be NaN but of a sum.
INLINE v4 fold4s(const int monoid, v4 a, v4 b) {
  if (monoid == SUM) return a + b;
  const v4i first = monoid == MOST ? a > b : a < b;
  return (v4)(((v4i)a & first) | ((v4i)b & ~first));
}
INLINE f32 fold_vectors(const int monoid, vf *s) {
  UNROLL for (int n = PARTS / VL / 2; n; n /= 2) UNROLL for (int q = 0; q < n; q++)
    s[q] = monoid == SUM ? s[q] + s[q + n] : monoid == MOST ? vmax(s[q], s[q + n]) : vmin(s[q], s[q + n]);
  union { vf v; v4 q[VL / 4]; } u = {s[0]};
  UNROLL for (int n = VL / 8; n; n /= 2) UNROLL for (int q = 0; q < n; q++) u.q[q] = fold4s(monoid, u.q[q], u.q[q + n]);
  const v4 t = fold4s(monoid, u.q[0], SHUF4(u.q[0], u.q[0], 2, 3, 0, 1));
  return fold1(monoid, identity_of(monoid), fold1(monoid, t[0], t[1]));
}

INLINE f32 fold_rest(const int monoid, ix mid, const f32 *x) {
  f32 part[PARTS];
  vf s[PARTS / VL];
  ix at = 0;
  EACH_PART s[p] = splat(identity_of(monoid));
  for (; at + PARTS <= mid; at += PARTS) EACH_PART s[p] = fold(monoid, s[p], ld(x + at + p * VL));
  EACH_PART st(part + p * VL, s[p]);
  for (ix q = 0; at + q < mid; q++) part[q] = fold1(monoid, part[q], x[at + q]);
  return fold_parts(monoid, part);
}
INLINE f32 sum_line(ix mid, const f32 *x) {
  f32 level[SUM_LEVELS] = {0};
  ix blocks = 0;
  for (; mid >= SUM_BLOCK; mid -= SUM_BLOCK, x += SUM_BLOCK) {
    vf s[PARTS / VL];
    EACH_PART s[p] = ld(x + p * VL);
    UNROLL for (int m = PARTS; m < SUM_BLOCK; m += PARTS) EACH_PART s[p] += ld(x + m + p * VL);
    level[0] += fold_vectors(SUM, s);
    ix b = ++blocks;
    for (int l = 0; l + 1 < SUM_LEVELS && b % RADIX == 0; l++, b /= RADIX) level[l + 1] += level[l], level[l] = 0;
  }
  f32 r = mid ? fold_rest(SUM, mid, x) : 0;
  for (int l = 0; blocks && l < SUM_LEVELS; l++, blocks /= RADIX) r += level[l];
  return r;
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
  if (odd != odd) return fold_rest(monoid, mid, x);
  if (at == mid) return fold_vectors(monoid, s);
  EACH_PART st(part + p * VL, s[p]);
  for (ix q = 0; at + q < mid; q++) part[q] = fold1(monoid, part[q], x[at + q]);
  return fold_parts(monoid, part);
}
INLINE f32 reduce_line(const int monoid, ix mid, f32 scale, const f32 *x) {
  return monoid == SUM ? sum_line(mid, x) * scale : extreme_line(monoid, mid, x);
}
// `wide` vectors of columns side by side, k lanes of each: WIDE of them read rows in runs of whole cache lines. Rows are far
// apart, so the processor is told which come next.
INLINE void reduce_columns(const int monoid, const int wide, ix mid, ix inner, f32 scale, const f32 *x, f32 *y, int k) {
  vf part[PARTS][WIDE], level[SUM_LEVELS][WIDE];
  const int blocks = monoid == SUM && mid >= SUM_BLOCK;
  if (blocks) for (int l = 0; l < SUM_LEVELS; l++) UNROLL for (int j = 0; j < wide; j++) level[l][j] = splat(0);
  for (ix block = 1;; block++) {
    const ix rows = monoid == SUM ? imin(mid, SUM_BLOCK) : mid;
    const int parts = (int)imin(rows, PARTS);
    for (int m = 0; m < parts; m++) UNROLL for (int j = 0; j < wide; j++) part[m][j] = ldk(x + m * inner + j * VL, k, 0);
    for (ix m = parts; m < rows; m++) {
      vf *s = part[m % PARTS];
      if (wide > 1) UNROLL for (int j = 0; j < wide * VL; j += LINE_FLOATS) __builtin_prefetch(x + imin(m + AHEAD, mid - 1) * inner + j);
      UNROLL for (int j = 0; j < wide; j++) s[j] = fold(monoid, s[j], ldk(x + m * inner + j * VL, k, 0));
    }
    if (!blocks || rows < SUM_BLOCK) break;
    for (int j = 0; j < wide; j++) carry(block, &level[0][j], WIDE, &part[0][j]);
    x += SUM_BLOCK * inner;
    mid -= SUM_BLOCK;
  }
  UNROLL for (int j = 0; j < wide; j++) {
    const vf r = fold_columns(monoid, &part[0][j], WIDE, (int)imin(mid, PARTS));
    stk(y + j * VL, monoid != SUM ? r : (blocks ? with_levels(r, &level[0][j], WIDE) : r) * scale, k);
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
  f32 *levels = s.part + PARTS * cols;
  if (!first) fill((PARTS + SUM_LEVELS) * cols, 0, s.part);
  for (ix r = 1; r <= rows + last; r++, b += ldb) {
    f32 *part = s.part + (first + r - 1) % PARTS * cols;
    if (r <= rows) VLOOP(cols, { stk(part + i, ldk(part + i, k, 0) + ldk(b + i, k, 0), k); });
    if (r <= rows && (first + r) % SUM_BLOCK) continue;
    VLOOP(cols, {
      vf part[PARTS], level[SUM_LEVELS];
      for (int q = 0; q < PARTS; q++) part[q] = ldk(s.part + q * cols + i, k, 0);
      for (int l = 0; l < SUM_LEVELS; l++) level[l] = ldk(levels + l * cols + i, k, 0);
      if (r > rows) stk(s.y + i, with_levels(fold_columns(SUM, part, 1, PARTS), level, 1), k);
      else carry((first + r) / SUM_BLOCK, level, 1, part);
      for (int l = 0; l < SUM_LEVELS; l++) stk(levels + l * cols + i, level[l], k);
    });
    fill(PARTS * cols, 0, s.part);
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
static void sum_columns(ix rows, ix cols, const f32 *b, f32 *y) { (void)reduce(SUM, 1, rows, cols, 1, b, y); }

// Lanes past the row's end are minus infinity: they never win, and their exp is 0.
INLINE f32 row_max(ix C, const f32 *x) {                       // may pass over a NaN: the sum of exponentials does not
  vf m = splat(-__builtin_inff());
  VLOOP(C, { m = vmax(m, ldk(x + i, k, -__builtin_inff())); });
  return hmax(m);
}
// loss[r] = log Σ exp(x) - x[label], NaN when a logit is NaN or +infinity. A label outside 0..C-1 is ignored: no loss, no
// gradient.
static INTERLEAVED void cross_entropy(ix R, ix C, const f32 *x, const int32_t *label, f32 *loss) {
  for (ix r = 0; r < R; r++, x += C) {
    const ix t = label[r];
    if (t < 0 || t >= C) { loss[r] = 0; continue; }
    const f32 m = row_max(C, x);
    vf s[SIDE] = NO_SUMS;
    SIDE_LOOP(C, { s[p] += vexp_fused(ldk(x + i, k, -__builtin_inff()) - m); });
    loss[r] = (f32)((f64)log1(sum_sides(s)) + ((f64)m - x[t]));
  }
}
// dx = (softmax(x) - onehot) · dloss[r]
static INTERLEAVED void cross_entropy_grad(ix R, ix C, const f32 *x, const int32_t *label, const f32 *dloss, f32 *dx) {
  for (ix r = 0; r < R; r++, x += C, dx += C) {
    const ix t = label[r];
    if (t < 0 || t >= C) { fill(C, 0, dx); continue; }
    const f32 m = row_max(C, x);
    vf s[SIDE] = NO_SUMS;
    SIDE_LOOP(C, { const vf e = vexp_fused(ldk(x + i, k, -__builtin_inff()) - m); stk(dx + i, e, k); s[p] += e; });
    const f32 scale = dloss[r] / sum_sides(s);
    VLOOP(C, { stk(dx + i, ldk(dx + i, k, 0) * scale, k); });
    dx[t] -= dloss[r];
  }
}
