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
