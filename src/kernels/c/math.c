// Functions that C's library would give, written here so that wasm has them and every target gives the same bits.

// exp to 2 ulp over the whole range: infinity above 88.72, gradual underflow below -87.34, NaN stays NaN (Cephes'
// polynomial). Needs strict IEEE order for the rounding constant: -ffast-math breaks it.
INLINE vf vexp(vf x0) {
  const vf x = vmin(splat(89.f), vmax(splat(-104.f), x0));
  const vf t = x * 1.44269504f + 12582912.f;               // 1.5 * 2^23: the integer part lands in the low mantissa bits
  const vf n = t - 12582912.f;
  vf r = x - n * 0.693359375f;                             // ln 2 in two parts
  r = r - n * -2.12194440e-4f;
  vf p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f; p = p * r + 8.3334519073e-3f; p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f; p = p * r + 5.0000001201e-1f; p = p * r * r + (r + 1.0f);
  const vi whole = (vi)t - 0x4B400000, half = whole >> 1;   // 2^n as two factors: neither overflows alone
  return p * (vf)((half + 127) << 23) * (vf)((whole - half + 127) << 23);
}

// Natural logarithm of a positive normal number, to 1e-9: an odd series in (m - 1) / (m + 1).
static double log_positive(double x) {
  union { double f; int64_t i; } u = {x};
  const int64_t e = (u.i - 0x3FE6A09E667F3BCDll) >> 52;     // mantissa in [sqrt(1/2), sqrt(2))
  u.i -= (int64_t)((uint64_t)e << 52);
  const double s = (u.f - 1) / (u.f + 1), z = s * s;
  return 2 * s * (1 + z * (1. / 3 + z * (1. / 5 + z * (1. / 7 + z * (1. / 9 + z * (1. / 11 + z * (1. / 13))))))) + (double)e * 0.693147180559945309;
}
static f32 log1(f32 x) {                                    // denormals of float are normal in double
  if (x != x || x < 0) return __builtin_nanf("");
  if (x == 0) return -__builtin_inff();
  return x == __builtin_inff() ? x : (f32)log_positive(x);
}

// sin and cos of a turn's fraction in [0, 1): reduced to an eighth on either side of a quarter, then Taylor to 1e-12.
static void sincos_turn(double turn, double *sine, double *cosine) {
  const int quarter = (int)(turn * 4 + 0.5);
  const double a = (turn - quarter * 0.25) * 6.283185307179586, z = a * a;
  const double s = a * (1 - z / 6 * (1 - z / 20 * (1 - z / 42 * (1 - z / 72 * (1 - z / 110 * (1 - z / 156))))));
  const double c = 1 - z / 2 * (1 - z / 12 * (1 - z / 30 * (1 - z / 56 * (1 - z / 90 * (1 - z / 132)))));
  switch (quarter & 3) {
  case 0: *sine = s; *cosine = c; break;
  case 1: *sine = c; *cosine = -s; break;
  case 2: *sine = -s; *cosine = -c; break;
  default: *sine = -c; *cosine = s; break;
  }
}

static double power(double base, int32_t exponent) {        // by repeated squaring; exponent >= 0
  double out = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) if (exponent & 1) out *= base;
  return out;
}
