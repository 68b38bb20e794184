// Functions that C's library would give, written here so that wasm has them and every target gives the same bits.

// exp to 2 ulp over the whole range: infinity above 88.72, gradual underflow below -87.34, NaN stays NaN (Cephes'
// polynomial). Needs strict IEEE order for the rounding constant: -ffast-math breaks it. Fused, it is quicker and rounds
// less where the target can, but not the same bits on every engine: for what goes into a sum. Scaled, 2^n is one instruction
// where the target has it, else and by factors two products of the same bits: neither overflows alone.
INLINE vf exp_of(const int fused, const int scaled, vf x0) {
#define STEP(a, b, c) (fused ? madd(a, b, c) : (a) * (b) + (c))
  const vf x = vmin(splat(89.f), vmax(splat(-104.f), x0));
  const vf t = x * 1.44269504f + 12582912.f;               // 1.5 * 2^23: the integer part lands in the low mantissa bits
  const vf n = t - 12582912.f;
  vf r = STEP(n, splat(-0.693359375f), x);                  // ln 2 in two parts
  r = STEP(n, splat(2.12194440e-4f), r);
  vf p = splat(1.9875691500e-4f);
  p = STEP(p, r, splat(1.3981999507e-3f)); p = STEP(p, r, splat(8.3334519073e-3f)); p = STEP(p, r, splat(4.1665795894e-2f));
  p = STEP(p, r, splat(1.6666665459e-1f)); p = STEP(p, r, splat(5.0000001201e-1f)); p = STEP(p * r, r, r + 1.0f);
#ifdef __AVX512F__
  if (scaled) return (vf)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
  (void)scaled;
#endif
  const vi whole = (vi)t - 0x4B400000, half = whole >> 1;
  return p * (vf)((half + 127) << 23) * (vf)((whole - half + 127) << 23);
#undef STEP
}
INLINE vf vexp(vf x) { return exp_of(0, 1, x); }
INLINE vf vexp_fused(vf x) { return exp_of(1, 1, x); }
INLINE vf vexp_factors(vf x) { return exp_of(1, 0, x); }

// Natural logarithm to 1 ulp or little more (Cephes' polynomial): NaN below 0, -∞ at 0, ∞ and NaN stay; denormals count.
INLINE vf vlog(vf x0) {
  const vi tiny = (vi)(x0 < 1.17549435e-38f);
  const vu bits = (vu)sel(tiny, x0 * 8388608.f, x0);
  const vi power = (vi)(bits - 0x3F3504F3) >> 23;           // the rest lies between √½ and √2
  const vf f = (vf)(bits - ((vu)power << 23)) - 1.f, e = __builtin_convertvector(power - (tiny & 23), vf), z = f * f;
  vf p = splat(7.0376836292e-2f);
  p = p * f - 1.1514610310e-1f; p = p * f + 1.1676998740e-1f; p = p * f - 1.2420140846e-1f; p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f; p = p * f + 2.0000714765e-1f; p = p * f - 2.4999993993e-1f; p = p * f + 3.3333331174e-1f;
  const vf low = p * f * z + e * -2.12194440e-4f - z * 0.5f, y = f + low + e * 0.693359375f;
  const vf odd = sel((vi)(x0 == 0), splat(-__builtin_inff()), sel((vi)(x0 > 0), x0, splat(__builtin_nanf(""))));
  return sel((vi)(x0 > 0) & (vi)(x0 < __builtin_inff()), y, odd);
}
