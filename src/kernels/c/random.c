// What is drawn from the words of philox.c, for any float type E (kern.c).

// UNIFORM: a + (b - a) · u with u = (bits >> 8) · 2^-24 in [0, 1). NORMAL: mean a, deviation b, Box-Muller on lanes (0, 1)
// and (2, 3). BITS: the 32 bits as they are, for float32 alone. DROPOUT: 0 where u < a, else x · b. The same words are
// drawn for every type, and the same elements dropped: a is rounded to float32 there.
INLINE void NAME(draw)(const int kind, Draw d, const uint32_t *words, ix at, const E *x, E *y) {
  const E unit = (E)(int32_t)(words[at] >> 8) * (E)0x1p-24, a = (E)d.a, b = (E)d.b;
  if (kind == BITS) *(uint32_t *)y = words[at];
  else if (kind == UNIFORM) *y = a + (b - a) * unit;
  else if (kind == DROPOUT) *y = unit < (f32)a ? 0 : *x * b;
  else {
    double s, c;
    const ix pair = at & ~(ix)1;
    const double u = ((double)words[pair] + 0.5) * 2.3283064365386963e-10;
    sincos_turn((double)words[pair + 1] * 2.3283064365386963e-10, &s, &c);
    *y = a + b * (E)(__builtin_sqrt(-2 * log64(u)) * (at & 1 ? s : c));
  }
}
// n elements that lie behind one another, here and in the whole tensor, where the first has index e.
INLINE void NAME(draw_run)(const int kind, Draw d, uint64_t e, ix n, const E *x, E *y) {
  uint32_t words[WORDS];
  while (n > 0) {
    const ix first = (ix)(e & 3), count = imin(n, WORDS - first);
    philox_words(d, e >> 2, words);
    for (ix i = 0; i < count; i++) NAME(draw)(kind, d, words, first + i, x + i, y + i);
    e += (uint64_t)count;
    n -= count;
    x += count;
    y += count;
  }
}
// n elements, each `step` further in the whole tensor and `stride` here.
INLINE void NAME(draw_apart)(const int kind, Draw d, double e, double step, ix n, const E *x, E *y, ix stride) {
  uint32_t words[4];
  uint64_t known = ~(uint64_t)0;
  for (ix i = 0; i < n; i++, e += step) {
    const uint64_t block = (uint64_t)e >> 2;
    if (block != known) {
      const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), d.stream, d.step};
      philox4x32(counter, d.k0, d.k1, words);
      known = block;
    }
    NAME(draw)(kind, d, words, (ix)((uint64_t)e & 3), x + i * stride, y + i * stride);
  }
}
// x and y over four local extents with strides t; element (i, j, l, m) has global index base + i·s0 + j·s1 + l·s2 + m·s3.
INLINE void NAME(draws_of)(const int kind, Draw d, const ix *n, const double *s, const ix *t, double base, const E *x, E *y) {
  const int run = s[3] == 1 && t[3] == 1 && n[3] > BATCH / 2;  // fewer are not worth a batch
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++) {
    const double e = base + i * s[0] + j * s[1] + l * s[2];
    const ix at = i * t[0] + j * t[1] + l * t[2];
    if (run) NAME(draw_run)(kind, d, (uint64_t)e, n[3], x + at, y + at);
    else NAME(draw_apart)(kind, d, e, s[3], n[3], x + at, y + at, t[3]);
  }
}
static int NAME(draws)(int kind, Draw d, const ix *n, const double *s, const ix *t, double base, const E *x, E *y) {
  switch (kind) {
  case UNIFORM: NAME(draws_of)(UNIFORM, d, n, s, t, base, y, y); return 1;
  case NORMAL: NAME(draws_of)(NORMAL, d, n, s, t, base, y, y); return 1;
  case BITS: if (sizeof(E) != 4) return 0; NAME(draws_of)(BITS, d, n, s, t, base, y, y); return 1;
  case DROPOUT: NAME(draws_of)(DROPOUT, d, n, s, t, base, x, y); return 1;
  default: return 0;
  }
}
// A contiguous array at step 0.
static int NAME(philox)(int kind, Draw d, const ix *n, const double *s, double base, E *y) {
  const ix t[4] = {n[1] * n[2] * n[3], n[2] * n[3], n[3], 1};
  return kind == DROPOUT ? 0 : NAME(draws)(kind, d, n, s, t, base, 0, y);
}
