// Softmax along any dim, and normalisation of rows: layer norm and RMS norm.

// y[outer, mid, inner]: e^x / Σ e^x along mid, or its logarithm. A line of nothing but -∞ gives NaN, as 0 / 0 does.
static void softmax(int logs, ix outer, ix mid, ix inner, const f32 *x, f32 *y) {
  for (ix o = 0; o < outer; o++, x += mid * inner, y += mid * inner)
    for (ix i0 = 0; i0 < inner; i0 += VL) {                  // VL lines side by side
      const int lanes = (int)imin(VL, inner - i0);
      vf most = splat(-__builtin_inff()), sum = splat(0);
      for (ix m = 0; m < mid; m++) most = combine(MAX, most, ldk(x + m * inner + i0, lanes, 0));
      for (ix m = 0; m < mid; m++) sum += vexp(ldk(x + m * inner + i0, lanes, 0) - most);
      if (logs) for (int q = 0; q < VL; q++) sum[q] = log1(sum[q]);
      for (ix m = 0; m < mid; m++) {
        const vf z = ldk(x + m * inner + i0, lanes, 0) - most;
        stk(y + m * inner + i0, logs ? z - sum : vexp(z) / sum, lanes);
      }
    }
}
// From the output y: dx = y·(dy - Σ y·dy), or for the logarithm dx = dy - e^y · Σ dy.
static void softmax_grad(int logs, ix outer, ix mid, ix inner, const f32 *y, const f32 *dy, f32 *dx) {
  for (ix o = 0; o < outer; o++, y += mid * inner, dy += mid * inner, dx += mid * inner)
    for (ix i0 = 0; i0 < inner; i0 += VL) {
      const int lanes = (int)imin(VL, inner - i0);
      vf sum = splat(0);
      for (ix m = 0; m < mid; m++) {
        const vf g = ldk(dy + m * inner + i0, lanes, 0);
        sum += logs ? g : g * ldk(y + m * inner + i0, lanes, 0);
      }
      for (ix m = 0; m < mid; m++) {
        const vf g = ldk(dy + m * inner + i0, lanes, 0), v = ldk(y + m * inner + i0, lanes, 0);
        stk(dx + m * inner + i0, logs ? g - vexp(v) * sum : v * (g - sum), lanes);
      }
    }
}

typedef struct { f32 mean, scale; } Moments;
// Of one row: its mean, or 0 when it is not centred, and 1 / √(Σ (x - mean)² / C + eps). Two passes: no cancellation.
INLINE Moments moments(int center, ix C, f32 eps, const f32 *x) {
  vf s = splat(0), q = splat(0);
  if (center) VLOOP(C, { s += ldk(x + i, k, 0); });
  const f32 mean = center ? hsum(s) / (f32)C : 0;
  VLOOP(C, { const vf d = ldk(x + i, k, mean) - mean; q += d * d; });
  return (Moments){mean, 1.f / __builtin_sqrtf(hsum(q) / (f32)C + eps)};
}
// y = (x - mean)·scale·gain [+ bias], row by row.
static void layer_norm(int center, ix R, ix C, f32 eps, const f32 *x, const f32 *gain, const f32 *bias, f32 *y) {
  for (ix r = 0; r < R; r++, x += C, y += C) {
    const Moments m = moments(center, C, eps, x);
    VLOOP(C, {
      const vf h = (ldk(x + i, k, 0) - m.mean) * m.scale * ldk(gain + i, k, 0);
      stk(y + i, bias ? h + ldk(bias + i, k, 0) : h, k);
    });
  }
}
// With h = (x - mean)·scale and g = dy·gain: dx = scale·(g - Σ g / C - h·Σ g·h / C), without the middle term when not centred.
static void layer_norm_grad(int center, ix R, ix C, f32 eps, const f32 *x, const f32 *gain, const f32 *dy, f32 *dx) {
  for (ix r = 0; r < R; r++, x += C, dy += C, dx += C) {
    const Moments m = moments(center, C, eps, x);
    vf s = splat(0), q = splat(0);
    VLOOP(C, {
      const vf g = ldk(dy + i, k, 0) * ldk(gain + i, k, 0);
      s += g;
      q += g * ((ldk(x + i, k, 0) - m.mean) * m.scale);
    });
    const f32 ms = center ? hsum(s) / (f32)C : 0, mq = hsum(q) / (f32)C;
    VLOOP(C, {
      const vf h = (ldk(x + i, k, 0) - m.mean) * m.scale;
      stk(dx + i, (ldk(dy + i, k, 0) * ldk(gain + i, k, 0) - ms - h * mq) * m.scale, k);
    });
  }
}
// dgain = Σ over rows of dy·h. No rows give zeros.
static void layer_norm_grad_gain(int center, ix R, ix C, f32 eps, const f32 *x, const f32 *dy, f32 *dgain) {
  fill(C, 0, dgain);
  for (ix r = 0; r < R; r++, x += C, dy += C) {
    const Moments m = moments(center, C, eps, x);
    VLOOP(C, { stk(dgain + i, ldk(dgain + i, k, 0) + ldk(dy + i, k, 0) * ((ldk(x + i, k, 0) - m.mean) * m.scale), k); });
  }
}
