// Functions of doubles. Methods and coefficients are those of fdlibm (Sun Microsystems 1993) unless a source is named; all
// but powers are within 2.5 ulp of the true value, exp and log within 1.

INLINE uint64_t bits_of(double x) { return (union { double f; uint64_t i; }){x}.i; }
INLINE double of_bits(uint64_t bits) { return (union { uint64_t i; double f; }){bits}.f; }
INLINE double upper(double x) { return of_bits(bits_of(x) & 0xFFFFFFFF00000000ull); }   // 21 bits: products of two are exact
INLINE double poly(int n, const double *c, double x) {       // c[0] + c[1] x + … + c[n - 1] x^(n - 1)
  double y = c[n - 1];
  for (int i = n - 2; i >= 0; i--) y = y * x + c[i];
  return y;
}
#define POLY(x, ...) poly((int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)), (const double[]){__VA_ARGS__}, x)

#define LN2_UPPER 6.93147180369123816490e-01                 /* ln 2 to 32 bits: exact times any exponent */
#define LN2_LOWER 1.90821492927058770002e-10

// Infinity above 709.78, gradual underflow below -708.4, NaN stays.
static double exp64(double x) {
  if (x > 709.782712893384) return __builtin_inf();
  if (x < -745.2) return 0;
  if (x != x) return x;
  const int n = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5)), half = n >> 1;
  const double hi = x - n * LN2_UPPER, lo = n * LN2_LOWER, r = hi - lo, z = r * r;
  const double c = r - z * POLY(z, 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05,
                                -1.65339022054652515390e-06, 4.13813679705723846039e-08);
  const double y = 1 - ((lo - r * c / (2 - c)) - hi);
  return y * of_bits((uint64_t)(half + 1023) << 52) * of_bits((uint64_t)(n - half + 1023) << 52);   // 2^n, as two factors
}

// x = m · 2^e with m in [√½, √2), for positive x.
INLINE double mantissa(double x, int *e) {
  const int tiny = x < 2.2250738585072014e-308;
  const uint64_t bits = bits_of(tiny ? x * 18014398509481984. : x);
  const int64_t n = ((int64_t)bits - 0x3FE6A09E667F3BCDll) >> 52;
  *e = (int)n - (tiny ? 54 : 0);
  return of_bits(bits - ((uint64_t)n << 52));
}
// With s = (m - 1) / (m + 1): log m = 2 s + s · log_tail(s).
INLINE double log_tail(double s) {
  const double z = s * s;
  return z * POLY(z, 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01,
                  1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01);
}
static double log64(double x) {
  if (x != x || x < 0) return __builtin_nan("");
  if (x == 0 || x == __builtin_inf()) return x == 0 ? -__builtin_inf() : x;
  int e;
  const double f = mantissa(x, &e) - 1, s = f / (2 + f), square = 0.5 * f * f;
  return e * LN2_UPPER - ((square - (s * (square + log_tail(s)) + e * LN2_LOWER)) - f);
}
static f32 log1(f32 x) { return (f32)log64(x); }

// x^n for positive finite x, to 3e-15, and to 1e-15 while n · log x is below 300: the logarithm is in two parts of some 58
// bits together, so that n times it keeps enough of them.
static double power_positive(double x, double n) {
  int e;
  const double f = mantissa(x, &e) - 1, d = 2 + f, s = f / d;
  const double s1 = upper(s), d1 = upper(d), s2 = ((f - s1 * d1) - s1 * (f - (d1 - 2))) / d;   // s1 + s2 = f / (2 + f)
  const double whole = e * LN2_UPPER, large = whole + 2 * s1, lost = e ? 2 * s1 - (large - whole) : 0;
  const double small = lost + (2 * s2 + s * log_tail(s) + e * LN2_LOWER);
  const double l1 = upper(large + small), l2 = small - (l1 - large);
  if (!(n * l1 > -800 && n * l1 < 800)) return exp64(n * l1);
  const double n1 = upper(n), p1 = n1 * l1, p2 = (n - n1) * l1 + n * l2, p = p1 + p2;
  const double y = exp64(p);
  return y > 0 && y < __builtin_inf() ? y + y * (p2 - (p - p1)) : y;
}
static double power(double base, int32_t exponent) {         // by repeated squaring; exponent >= 0
  double out = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) if (exponent & 1) out *= base;
  return out;
}
// x to a fixed power: negative x keep their sign under whole exponents (below a million), and are NaN under others.
// Anything to the power 0 is 1.
static double power_of(double x, double n) {
  const int whole = n > -1e6 && n < 1e6 && n == (double)(int32_t)n;
  if (whole && n >= -4 && n <= 4) return n < 0 ? 1 / power(x, (int32_t)-n) : power(x, (int32_t)n);
  if (x != x || (x < 0 && !whole)) return __builtin_nan("");
  const double a = __builtin_fabs(x);
  const double y = a == 0 || a == __builtin_inf() ? ((a == 0) == (n > 0) ? 0 : __builtin_inf()) : power_positive(a, n);
  return whole && ((int32_t)n & 1) ? __builtin_copysign(y, x) : y;
}

// Near 0 Cephes' rational function, elsewhere by exp.
static double tanh64(double x) {
  const double a = __builtin_fabs(x), z = x * x;
  if (a >= 0.625) return __builtin_copysign(1 - 2 / (exp64(a + a) + 1), x);
  if (a < 1e-9 || x != x) return x;
  return x + x * z * (POLY(z, -1.61468768441708447952e3, -9.92877231001918586564e1, -9.64399179425052238628e-1)
                      / POLY(z, 4.84406305325125486048e3, 2.23548839060100448583e3, 1.12811678491632931402e2, 1.));
}
static double erf64(double x) {
  const double a = __builtin_fabs(x), z = x * x;
  if (x != x || a < 1e-160) return x * 1.1283791670955126;
  if (a < 0.84375)
    return x + x * (POLY(z, 1.28379167095512558561e-01, -3.25042107247001499370e-01, -2.84817495755985104766e-02,
                         -5.77027029648944159157e-03, -2.37630166566501626084e-05)
                    / POLY(z, 1., 3.97917223959155352819e-01, 6.50222499887672944485e-02, 5.08130628187576562776e-03,
                           1.32494738004321644526e-04, -3.96022827877536812320e-06));
  double y = 1;
  if (a < 1.25) {
    const double s = a - 1;
    y = 8.45062911510467529297e-01
      + POLY(s, -2.36211856075265944077e-03, 4.14856118683748331666e-01, -3.72207876035701323847e-01, 3.18346619901161753674e-01,
             -1.10894694282396677476e-01, 3.54783043256182359371e-02, -2.16637559486879084300e-03)
      / POLY(s, 1., 1.06420880400844228286e-01, 5.40397917702171048937e-01, 7.18286544141962662868e-02, 1.26171219808761642112e-01,
             1.36370839120290507362e-02, 1.19844998467991074170e-02);
  } else if (a < 6) {                                        // 1 - e^(-a² - 0.5625 + R / S) / a
    const double s = 1 / z, near = upper(a);
    const double r = a < 1 / 0.35
      ? POLY(s, -9.86494403484714822705e-03, -6.93858572707181764372e-01, -1.05586262253232909814e+01, -6.23753324503260060396e+01,
             -1.62396669462573470355e+02, -1.84605092906711035994e+02, -8.12874355063065934246e+01, -9.81432934416914548592e+00)
        / POLY(s, 1., 1.96512716674392571292e+01, 1.37657754143519042600e+02, 4.34565877475229228821e+02, 6.45387271733267880336e+02,
               4.29008140027567833386e+02, 1.08635005541779435134e+02, 6.57024977031928170135e+00, -6.04244152148580987438e-02)
      : POLY(s, -9.86494292470009928597e-03, -7.99283237680523006574e-01, -1.77579549177547519889e+01, -1.60636384855821916062e+02,
             -6.37566443368389627722e+02, -1.02509513161107724954e+03, -4.83519191608651397019e+02)
        / POLY(s, 1., 3.03380607434824582924e+01, 3.25792512996573918826e+02, 1.53672958608443695994e+03, 3.19985821950859553908e+03,
               2.55305040643316442583e+03, 4.74528541206955367215e+02, -2.24409524465858183362e+01);
    y = 1 - exp64(-near * near - 0.5625) * exp64((near - a) * (near + a) + r) / a;
  }
  return __builtin_copysign(y, x);
}

// Sine and cosine of so many quarter turns and an angle within π/4 of 0.
static void sincos_from(int quarters, double a, double *sine, double *cosine) {
  const double z = a * a, h = 0.5 * z, w = 1 - h;
  const double s = a + a * z * POLY(z, -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
                                    2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10);
  const double c = w + (((1 - w) - h) + z * z * POLY(z, 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05,
                                                    -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11));
  switch (quarters & 3) {
  case 0: *sine = s; *cosine = c; break;
  case 1: *sine = c; *cosine = -s; break;
  case 2: *sine = -s; *cosine = -c; break;
  default: *sine = -c; *cosine = s; break;
  }
}
// Of a turn's fraction in [0, 1).
static void sincos_turn(double turn, double *sine, double *cosine) {
  const int quarter = (int)(turn * 4 + 0.5);
  sincos_from(quarter, (turn - quarter * 0.25) * 6.283185307179586, sine, cosine);
}

static const uint32_t TWO_OVER_PI[] = {
  0xA2F9836Eu, 0x4E441529u, 0xFC2757D1u, 0xF534DDC0u, 0xDB629599u, 0x3C439041u, 0xFE5163ABu, 0xDEBBC561u, 0xB7246E3Au,
  0x424DD2E0u, 0x06492EEAu, 0x09D1921Cu, 0xFE1DEB1Cu, 0xB129A73Eu, 0xE88235F5u, 0x2EBB4484u, 0xE99C7026u, 0xB45F7E41u,
  0x3991D639u, 0x835339F4u, 0x9C845F8Bu, 0xBDF9283Bu, 0x1FF897FFu, 0xDE05980Fu, 0xEF2F118Bu, 0x5A0A6D1Fu, 0x6D367ECFu,
  0x27CB09B7u, 0x4F463F66u, 0x9E5FEA2Du, 0x7527BAC7u, 0xEBE5F17Bu, 0x3D0739F7u, 0x8A5292EAu, 0x6BFB5FB1u, 0x1F8D5D08u};
// 64 bits of a number of eight words, the lowest first, from bit `at` on.
INLINE uint64_t bits_at(const uint32_t *p, int at) {
  const int q = at >> 5, r = at & 31;
  const uint64_t low = p[q] | (uint64_t)p[q + 1] << 32;
  return r ? low >> r | (uint64_t)p[q + 2] << (64 - r) : low;
}
// The quarter turns nearest to x, which is at least 1/4, modulo 4, and the angle left over; for any finite x. Source: Payne
// and Hanek, "Radian reduction for trigonometric functions", 1983: of the digits of 2/π only those count that make
// fractions of a turn.
static int quarters_of(double x, double *angle) {
  const uint64_t m = (bits_of(x) & 0xFFFFFFFFFFFFFull) | 0x10000000000000ull;
  const int e = (int)(bits_of(x) >> 52) - 1075, skip = e > 33 ? (e - 2) / 32 : 0;   // x = m · 2^e; whole turns are skipped
  const int point = 192 - (e - 32 * skip);                   // m times six words has so many bits below the point
  uint32_t p[8] = {0};
  for (int j = 0; j < 6; j++) {
    const uint64_t word = TWO_OVER_PI[skip + 5 - j], a = word * (uint32_t)m + p[j], b = word * (m >> 32) + p[j + 1] + (a >> 32);
    p[j] = (uint32_t)a;
    p[j + 1] = (uint32_t)b;
    p[j + 2] = (uint32_t)(b >> 32);
  }
  const uint64_t high = bits_at(p, point - 62), low = bits_at(p, point - 126), fraction = high << 2 | low >> 62;
  *angle = ((double)(int64_t)fraction + (double)(low << 2) * 0x1p-64) * 0x1p-64 * 1.5707963267948966;
  return (int)(high >> 62) + (int)(fraction >> 63);
}
static void sincos64(double x, double *sine, double *cosine) {
  const double a = __builtin_fabs(x);
  double angle = x;
  if (!(a < __builtin_inf())) *sine = *cosine = __builtin_nan("");
  else if (a < 0.7853981633974483) sincos_from(0, x, sine, cosine);
  else {
    const int quarters = quarters_of(a, &angle);
    sincos_from(quarters, angle, sine, cosine);
    if (x < 0) *sine = -*sine;
  }
}
static double sin64(double x) { double s, c; sincos64(x, &s, &c); return x == 0 ? x : s; }
static double cos64(double x) { double s, c; sincos64(x, &s, &c); return c; }
