// Counter-based randomness: Philox4x32-10 (Salmon et al. 2011). An element's value depends on the seed, the stream, the
// step and its index in the whole tensor alone, so every layout draws the same numbers.

static void philox4x32(const uint32_t counter[4], uint32_t k0, uint32_t k1, uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    const uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)b;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)a;
  }
  out[0] = c0; out[1] = c1; out[2] = c2; out[3] = c3;
}

enum { UNIFORM, NORMAL, BITS, DROPOUT };
// What is drawn: two numbers that the kind gives a meaning to, the key, and two words of the counter.
typedef struct { f32 a, b; uint32_t k0, k1, stream, step; } Draw;

// UNIFORM: a + (b - a) · u with u = (bits >> 8) · 2^-24 in [0, 1). NORMAL: mean a, deviation b, Box-Muller on lanes (0, 1)
// and (2, 3). BITS: the 32 bits as they are. DROPOUT: 0 where u < a, else x · b.
INLINE void draw(const int kind, Draw d, const uint32_t lanes[4], int lane, const f32 *x, f32 *y) {
  const f32 unit = (f32)(lanes[lane] >> 8) * 5.9604644775390625e-8f;
  if (kind == BITS) *(uint32_t *)y = lanes[lane];
  else if (kind == UNIFORM) *y = d.a + (d.b - d.a) * unit;
  else if (kind == DROPOUT) *y = unit < d.a ? 0 : *x * d.b;
  else {
    double s, c;
    const double u = ((double)lanes[lane & 2] + 0.5) * 2.3283064365386963e-10;
    sincos_turn((double)lanes[(lane & 2) + 1] * 2.3283064365386963e-10, &s, &c);
    *y = d.a + d.b * (f32)(__builtin_sqrt(-2 * log_positive(u)) * (lane & 1 ? s : c));
  }
}
// x and y over four local extents with strides t; element (i, j, l, m) has global index base + i·s0 + j·s1 + l·s2 + m·s3.
INLINE void draws_of(const int kind, Draw d, const ix *n, const double *s, const ix *t, double base, const f32 *x, f32 *y) {
  uint32_t lanes[4];
  uint64_t known = ~(uint64_t)0;
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++) for (ix m = 0; m < n[3]; m++) {
    const uint64_t e = (uint64_t)(base + i * s[0] + j * s[1] + l * s[2] + m * s[3]), block = e >> 2;
    const ix at = i * t[0] + j * t[1] + l * t[2] + m * t[3];
    if (block != known) {
      const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), d.stream, d.step};
      philox4x32(counter, d.k0, d.k1, lanes);
      known = block;
    }
    draw(kind, d, lanes, (int)(e & 3), x + at, y + at);
  }
}
static int draws(int kind, Draw d, const ix *n, const double *s, const ix *t, double base, const f32 *x, f32 *y) {
  switch (kind) {
  case UNIFORM: draws_of(UNIFORM, d, n, s, t, base, 0, y); return 1;
  case NORMAL: draws_of(NORMAL, d, n, s, t, base, 0, y); return 1;
  case BITS: draws_of(BITS, d, n, s, t, base, 0, y); return 1;
  case DROPOUT: draws_of(DROPOUT, d, n, s, t, base, x, y); return 1;
  default: return 0;
  }
}
