// What optimizers and running statistics need besides adamw and sgd.

static int all_finite(ix n, const f32 *x) {
  vf s = splat(0);
  VLOOP(n, { s += ldk(x + i, k, 0) * 0; });
  return hsum(s) == 0;
}

// LAMB's direction (You et al. 2020): m and v as Adam's, r = m̂ / (√v̂ + eps) + decay·p; step counts from 1.
static void lamb(ix n, const f32 *p, f32 *m, f32 *v, const f32 *g, const int32_t *step, double b1, double b2, f32 eps, f32 decay, f32 *r) {
  const f32 first = (f32)(1 / (1 - power(b1, *step))), second = (f32)(1 / (1 - power(b2, *step)));
  const f32 keep1 = (f32)b1, take1 = (f32)(1 - b1), keep2 = (f32)b2, take2 = (f32)(1 - b2);
  VLOOP(n, {
    const vf G = ldk(g + i, k, 0);
    const vf M = ldk(m + i, k, 0) * keep1 + G * take1;
    const vf V = ldk(v + i, k, 0) * keep2 + G * G * take2;
    stk(m + i, M, k);
    stk(v + i, V, k);
    stk(r + i, M * first / (vsqrt(V * second) + eps) + ldk(p + i, k, 0) * decay, k);
  });
}
static void blend(ix n, f32 rate, const f32 *x, f32 *y) { VLOOP(n, { stk(y + i, ldk(y + i, k, 0) * (1.f - rate) + ldk(x + i, k, 0) * rate, k); }); }
// LAMB's layer-wise rate: lr·√(pp / rr) from the sums of squares of the parameter and its direction; lr where one is 0.
static void trusted_rate(const f32 *pp, const f32 *rr, const f32 *lr, f32 *rate) { *rate = *pp > 0 && *rr > 0 ? *lr * __builtin_sqrtf(*pp / *rr) : *lr; }
