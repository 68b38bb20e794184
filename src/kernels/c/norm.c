// Softmax along any dim, and normalisation of rows: layer norm and RMS norm.

// Sums along mid are folded as reductions are (rows.c): a line of neighbours has the same bits as one among others, and on
// every target.
INLINE f32 sum_parts(const vf *s) {
  f32 part[PARTS];
  EACH_PART st(part + p * VL, s[p]);
  return fold_parts(SUM, part);
}
// Runs the body for vectors i = 0, VL, … of a line, p being the vector of partial sums that each belongs to. Where these are
// few it is known after unrolling, and they stay in registers.
#if defined(__AVX512F__) || defined(__AVX2__)
#define PARTS_LOOP(n, ...) do { ix start = 0; \
    for (; start + PARTS <= (n); start += PARTS) EACH_PART { enum { k = VL }; const ix i = start + p * VL; __VA_ARGS__ } \
    EACH_PART { const ix i = start + p * VL; if (i < (n)) { const int k = (int)imin(VL, (n) - i); __VA_ARGS__ } } } while (0)
#else
#define PARTS_LOOP(n, ...) VLOOP(n, { const ix p = i / VL % (PARTS / VL); __VA_ARGS__ })
#endif

// y[outer, mid, inner]: e^x / Σ e^x along mid, or its logarithm. A line of nothing but -∞ gives NaN, as 0 / 0 does.
static INTERLEAVED void softmax_line(int logs, ix mid, const f32 *x, f32 *y) {
  const f32 most = row_max(mid, x);
  vf s[PARTS / VL] = {splat(0)};
  PARTS_LOOP(mid, {
    const vf e = vexp_fused(ldk(x + i, k, -__builtin_inff()) - most);   // 0 past the end, if most is finite; else NaN anyhow
    s[p] += e;
    if (!logs) stk(y + i, e, k);
  });
  f32 sum = sum_parts(s);
  if (logs) {
    sum = log1(sum);
    VLOOP(mid, { stk(y + i, ldk(x + i, k, 0) - most - sum, k); });
  } else VLOOP(mid, { stk(y + i, ldk(y + i, k, 0) / sum, k); });
}
static void softmax_columns(int logs, ix mid, ix inner, const f32 *x, f32 *y, int lanes) {
  vf most = splat(-__builtin_inff()), part[PARTS];
  for (int q = 0; q < PARTS; q++) part[q] = splat(0);
  for (ix m = 0; m < mid; m++) most = combine(MAX, most, ldk(x + m * inner, lanes, 0));
  for (ix m = 0; m < mid; m++) {
    const vf e = vexp_fused(ldk(x + m * inner, lanes, 0) - most);
    part[m % PARTS] += e;
    if (!logs) stk(y + m * inner, e, lanes);
  }
  vf sum = fold_columns(SUM, part, 1, PARTS);
  if (logs) for (int q = 0; q < lanes; q++) sum[q] = log1(sum[q]);
  for (ix m = 0; m < mid; m++) {
    if (logs) stk(y + m * inner, ldk(x + m * inner, lanes, 0) - most - sum, lanes);
    else stk(y + m * inner, ldk(y + m * inner, lanes, 0) / sum, lanes);
  }
}
static void softmax(int logs, ix outer, ix mid, ix inner, const f32 *x, f32 *y) {
  for (ix o = 0; o < outer; o++, x += mid * inner, y += mid * inner)
    if (inner == 1) softmax_line(logs, mid, x, y);
    else for (ix i = 0; i < inner; i += VL) softmax_columns(logs, mid, inner, x + i, y + i, (int)imin(VL, inner - i));
}
// From the output y: dx = y·(dy - Σ y·dy), or for the logarithm dx = dy - e^y · Σ dy.
static INTERLEAVED void softmax_grad_line(int logs, ix mid, const f32 *y, const f32 *dy, f32 *dx) {
  vf s[PARTS / VL] = {splat(0)};
  PARTS_LOOP(mid, {
    const vf g = ldk(dy + i, k, 0);
    s[p] += logs ? g : g * ldk(y + i, k, 0);
  });
  const f32 sum = sum_parts(s);
  VLOOP(mid, {
    const vf g = ldk(dy + i, k, 0), v = ldk(y + i, k, 0);
    stk(dx + i, logs ? g - vexp_fused(v) * sum : v * (g - sum), k);
  });
}
static void softmax_grad_columns(int logs, ix mid, ix inner, const f32 *y, const f32 *dy, f32 *dx, int lanes) {
  vf part[PARTS];
  for (int q = 0; q < PARTS; q++) part[q] = splat(0);
  for (ix m = 0; m < mid; m++) {
    const vf g = ldk(dy + m * inner, lanes, 0);
    part[m % PARTS] += logs ? g : g * ldk(y + m * inner, lanes, 0);
  }
  const vf sum = fold_columns(SUM, part, 1, PARTS);
  for (ix m = 0; m < mid; m++) {
    const vf g = ldk(dy + m * inner, lanes, 0), v = ldk(y + m * inner, lanes, 0);
    stk(dx + m * inner, logs ? g - vexp_fused(v) * sum : v * (g - sum), lanes);
  }
}
static void softmax_grad(int logs, ix outer, ix mid, ix inner, const f32 *y, const f32 *dy, f32 *dx) {
  for (ix o = 0; o < outer; o++, y += mid * inner, dy += mid * inner, dx += mid * inner)
    if (inner == 1) softmax_grad_line(logs, mid, y, dy, dx);
    else for (ix i = 0; i < inner; i += VL)
      softmax_grad_columns(logs, mid, inner, y + i, dy + i, dx + i, (int)imin(VL, inner - i));
}

typedef struct { f32 mean, scale; } Moments;
// Of one row: its mean, or 0 when it is not centred, and 1 / √(Σ (x - mean)² / C + eps). Two passes: no cancellation.
INLINE Moments moments(int center, ix C, f32 eps, const f32 *x) {
  vf s[SIDE] = NO_SUMS, q[SIDE] = NO_SUMS;
  if (center) SIDE_LOOP(C, { s[p] += ldk(x + i, k, 0); });
  const f32 mean = center ? sum_sides(s) / (f32)C : 0;
  SIDE_LOOP(C, { const vf d = ldk(x + i, k, mean) - mean; q[p] += d * d; });
  return (Moments){mean, (f32)(1 / __builtin_sqrt((f64)sum_sides(q) / (f64)C + eps))};
}
// y = (x - mean)·scale·gain [+ bias], row by row.
static void layer_norm(int center, ix R, ix C, f32 eps, const f32 *x, const f32 *gain, const f32 *bias, f32 *y) {
  for (ix r = 0; r < R; r++, x += C, y += C) {
    const Moments m = moments(center, C, eps, x);
    if (bias) VMAP(C, y, madd((ldk(x + i, k, 0) - m.mean) * m.scale, ldk(gain + i, k, 0), ldk(bias + i, k, 0)));
    else VMAP(C, y, (ldk(x + i, k, 0) - m.mean) * m.scale * ldk(gain + i, k, 0));
  }
}
// With h = (x - mean)·scale and g = dy·gain: dx = scale·(g - Σ g / C - h·Σ g·h / C), without the middle term when not centred.
static void layer_norm_grad(int center, ix R, ix C, f32 eps, const f32 *x, const f32 *gain, const f32 *dy, f32 *dx, Then *then) {
  const ix group = imax(1, FOLLOWED / imax(1, C));
  for (ix r = 0; r < R; r++, x += C, dy += C, dx += C) {
    const Moments m = moments(center, C, eps, x);
    vf s[SIDE] = NO_SUMS, q[SIDE] = NO_SUMS;
    SIDE_LOOP(C, {
      const vf g = ldk(dy + i, k, 0) * ldk(gain + i, k, 0);
      s[p] += g;
      q[p] += g * ((ldk(x + i, k, 0) - m.mean) * m.scale);
    });
    const f32 ms = center ? sum_sides(s) / (f32)C : 0, mq = sum_sides(q) / (f32)C;
    VMAP(C, dx, (ldk(dy + i, k, 0) * ldk(gain + i, k, 0) - ms - (ldk(x + i, k, 0) - m.mean) * m.scale * mq) * m.scale);
    if (r + 1 == R || (r + 1) % group == 0) follow_rows(then, r / group * group, r % group + 1, 0, C);
  }
}
// dgain = Σ over rows of dy·h: RADIX rows one after the other, RADIX of their sums, and these. No rows give zeros.
enum { GAINS = 4096 };
#define GAIN_WS ((ix)sizeof(f32) * 2 * GAINS)
#define GAIN_WS_f64 0
static void put_by(ix n, f32 *from, f32 *to) {
  VLOOP(n, { stk(to + i, ldk(to + i, k, 0) + ldk(from + i, k, 0), k); stk(from + i, splat(0), k); });
}
static void layer_norm_grad_gain(int center, ix R, ix C, f32 eps, const f32 *x, const f32 *dy, f32 *dgain, f32 *ws) {
  f32 *few = ws, *more = ws + GAINS;
  for (ix c = 0; c < C; c += GAINS) {
    const ix n = imin(GAINS, C - c);
    f32 *all = dgain + c;
    fill(n, 0, few), fill(n, 0, more), fill(n, 0, all);
    for (ix r = 0; r < R; r++) {
      const f32 *u = x + r * C + c, *slope = dy + r * C + c;
      const Moments m = moments(center, C, eps, u - c);
      VMAP(n, few, ldk(few + i, k, 0) + ldk(slope + i, k, 0) * ((ldk(u + i, k, 0) - m.mean) * m.scale));
      if ((r + 1) % RADIX == 0) put_by(n, few, more);
      if ((r + 1) % (RADIX * RADIX) == 0) put_by(n, more, all);
    }
    put_by(n, few, more);
    put_by(n, more, all);
  }
}
