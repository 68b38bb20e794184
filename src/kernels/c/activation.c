// Element-wise functions with a bend: tanh, sigmoid, gelu and their kin, powers, clamping.

enum { SIGN_BIT = (int32_t)0x80000000, ABS_BITS = 0x7FFFFFFF };
INLINE vf vabs(vf x) { return (vf)((vi)x & ABS_BITS); }
INLINE vf vsign(vf x) { return sel((vi)(x > 0), splat(1), sel((vi)(x < 0), splat(-1), x)); }   // 0 and NaN stay

INLINE vf vsigmoid(vf x) { return 1.f / (1.f + vexp(-x)); }
// Near 0 Cephes' odd polynomial, which keeps the relative error small; elsewhere by exp, with the sign of x put back.
INLINE vf vtanh(vf x) {
  const vf a = vabs(x), z = x * x;
  vf p = splat(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f; p = p * z - 5.37397155531e-2f; p = p * z + 1.33314422036e-1f; p = p * z - 3.33332819422e-1f;
  const vf far = 1.f - 2.f / (vexp(a + a) + 1.f);
  return sel((vi)(a < 0.625f), p * z * x + x, (vf)((vi)far | ((vi)x & SIGN_BIT)));
}

// gelu(x) = x/2 · (1 + tanh(u)) = x · sigmoid(2u), u = √(2/π) · (x + 0.044715 x³) (Hendrycks & Gimpel 2016).
#define GELU_U64 1.5957691216057308                           /* 2 √(2/π) */
#define GELU_CUBE64 0.044715
#define GELU_U (f32)GELU_U64
#define GELU_CUBE (f32)GELU_CUBE64
// For x > 0 what is missing from x is subtracted: it is small, and so are its errors.
INLINE vf vgelu(vf x) {
  const vf e = vexp(-vabs(GELU_U * x * (1.f + GELU_CUBE * x * x))), q = e / (1.f + e);
  return sel((vi)(x > 0), x - sel((vi)(q > 0), x * q, splat(0)), x * q);
}
INLINE vf gelu_slope(vf x) {
  const vf s = vsigmoid(GELU_U * x * (1.f + GELU_CUBE * x * x));
  return s + x * s * (1.f - s) * GELU_U * (1.f + 3.f * GELU_CUBE * x * x);
}
static INTERLEAVED void gelu_grad(ix n, const f32 *x, const f32 *dy, f32 *dx) { VMAP(n, dx, ldk(dy + i, k, 0) * gelu_slope(ldk(x + i, k, 0))); }

static void power_each(ix n, double exponent, const f32 *x, f32 *y) { for (ix i = 0; i < n; i++) y[i] = (f32)power_of(x[i], exponent); }

// NaN stays NaN; the bounds may be infinite.
static void clamp(ix n, f32 low, f32 high, const f32 *x, f32 *y) {
  VLOOP(n, { stk(y + i, vmin(splat(high), vmax(splat(low), ldk(x + i, k, 0))), k); });
}
// dy where x lies within the bounds or on them, else 0.
static void clamp_grad(ix n, f32 low, f32 high, const f32 *x, const f32 *dy, f32 *dx) {
  VLOOP(n, {
    const vf X = ldk(x + i, k, 0);
    stk(dx + i, (vf)((vi)ldk(dy + i, k, 0) & (vi)(X >= low) & (vi)(X <= high)), k);
  });
}
