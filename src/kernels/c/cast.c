// Element types by code, the two floats of 16 bits, and casts between all of them.

enum { F32, I32, BOOL, F64, I64, F16, BF16, DTYPES };
static const uint8_t ITEM[DTYPES] = {4, 4, 1, 8, 8, 2, 2};

typedef union { f32 f; uint32_t i; } Word;
INLINE f32 of_f16(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = (uint32_t)(h & 0x7FFF) << 13;
  if (rest >= 0x0F800000) return (Word){.i = sign | 0x7F800000 | rest}.f;             // infinities and NaN
  return (Word){.i = sign | (Word){(Word){.i = rest}.f * 0x1p112f}.i}.f;              // the exponents' biases, subnormals too
}
// To the nearest, ties to even; above 65520 infinite.
INLINE uint16_t to_f16(f32 x) {
  const uint32_t bits = (Word){x}.i, sign = bits >> 16 & 0x8000, a = bits & 0x7FFFFFFF;
  if (a > 0x7F800000) return (uint16_t)(sign | 0x7E00 | (a >> 13 & 0x3FF));
  if (a >= 0x477FF000) return (uint16_t)(sign | 0x7C00);
  if (a < 0x38800000) return (uint16_t)(sign | ((Word){(Word){.i = a}.f + 0.5f}.i - 0x3F000000));   // 2^-24 is the unit of 0.5
  return (uint16_t)(sign | ((a - 0x38000000 + 0xFFF + (a >> 13 & 1)) >> 13));
}
INLINE f32 of_bf16(uint16_t h) { return (Word){.i = (uint32_t)h << 16}.f; }
INLINE uint16_t to_bf16(f32 x) {
  const uint32_t bits = (Word){x}.i;
  return (uint16_t)((x != x ? bits | 0x400000 : bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// The same for whole vectors, and for rows of any length: bits as of one element.
INLINE vf of_halves(const int dtype, vh h) {
  const vu u = __builtin_convertvector(h, vu);
  if (dtype == BF16) return (vf)(u << 16);
  const vu sign = (u & 0x8000) << 16, rest = (u & 0x7FFF) << 13;
  return (vf)(sign | (vu)sel((vi)(rest >= 0x0F800000), (vf)(rest | 0x7F800000), (vf)rest * 0x1p112f));
}
INLINE vh to_halves(const int dtype, vf x) {
  const vu bits = (vu)x, sign = bits >> 16 & 0x8000, a = bits & 0x7FFFFFFF;
  const vi nan = (vi)(x != x);
  if (dtype == BF16) return __builtin_convertvector((vu)sel(nan, (vf)(bits | 0x400000), (vf)(bits + 0x7FFF + (bits >> 16 & 1))) >> 16, vh);
  const vu whole = (a - 0x38000000 + 0xFFF + (a >> 13 & 1)) >> 13, least = (vu)((vf)a + 0.5f) - 0x3F000000;
  vf r = sel((vi)(a < 0x38800000), (vf)least, (vf)whole);
  r = sel((vi)(a >= 0x477FF000), (vf)(0x7C00 + (vu){0}), r);
  r = sel(nan, (vf)(0x7E00 | (a >> 13 & 0x3FF)), r);
  return __builtin_convertvector(sign | (vu)r, vh);
}
INLINE f32 of_half(const int dtype, uint16_t h) { return dtype == BF16 ? of_bf16(h) : of_f16(h); }
INLINE uint16_t to_half(const int dtype, f32 x) { return dtype == BF16 ? to_bf16(x) : to_f16(x); }
INLINE void widen_as(const int dtype, ix n, const uint16_t *x, f32 *y) {
  ix i = 0;
  for (; i + VL <= n; i += VL) st(y + i, of_halves(dtype, *(const vhu *)(x + i)));
  PLAIN for (; i < n; i++) y[i] = of_half(dtype, x[i]);
}
INLINE void narrow_as(const int dtype, ix n, const f32 *x, uint16_t *y) {
  ix i = 0;
  for (; i + VL <= n; i += VL) *(vhu *)(y + i) = to_halves(dtype, ld(x + i));
  PLAIN for (; i < n; i++) y[i] = to_half(dtype, x[i]);
}
static void widen_row(int dtype, ix n, const uint16_t *x, f32 *y) { if (dtype == BF16) widen_as(BF16, n, x, y); else widen_as(F16, n, x, y); }
static void narrow_row(int dtype, ix n, const f32 *x, uint16_t *y) { if (dtype == BF16) narrow_as(BF16, n, x, y); else narrow_as(F16, n, x, y); }
INLINE int is_half(int dtype) { return dtype == F16 || dtype == BF16; }

static void fill_half(ix n, uint16_t value, uint16_t *y) { for (ix i = 0; i < n; i++) y[i] = value; }

// Rounded to odd, a number can be rounded again, to fewer digits, as if it had not been rounded before (Boldo & Melquiond
// 2008): what lies between two neighbours becomes the odd one.
INLINE f32 odd_f32(double x) {
  Word w = {(f32)x};
  if ((double)w.f != x && x == x) w.i = (w.i - (__builtin_fabs((double)w.f) > __builtin_fabs(x))) | 1;
  return w.f;
}
INLINE double odd_f64(int64_t x) {
  const int64_t high = x >> 11;
  return high >= -(1ll << 42) && high < 1ll << 42 ? (double)x : (double)((high | ((x & 2047) != 0)) * 2048);
}

INLINE int64_t saturated(double x, int64_t low, int64_t high) {   // towards zero, NaN is 0, as wasm and Rust have it
  return x >= (double)high ? high : x <= (double)low ? low : x == x ? (int64_t)x : 0;
}
INLINE int is_whole(const int dtype) { return dtype == I32 || dtype == I64 || dtype == BOOL; }
INLINE int64_t whole_at(const int dtype, const void *x, ix i) {
  return dtype == I32 ? ((const int32_t *)x)[i] : dtype == I64 ? ((const int64_t *)x)[i] : ((const uint8_t *)x)[i] != 0;
}
INLINE double float_at(const int dtype, const void *x, ix i) {
  switch (dtype) {
  case F32: return ((const f32 *)x)[i];
  case F64: return ((const f64 *)x)[i];
  case F16: return of_f16(((const uint16_t *)x)[i]);
  default: return of_bf16(((const uint16_t *)x)[i]);
  }
}
INLINE void put_whole(const int dtype, void *y, ix i, int64_t v) {   // int64 to int32 wraps
  if (dtype == I32) ((int32_t *)y)[i] = (int32_t)v;
  else if (dtype == I64) ((int64_t *)y)[i] = v;
  else ((uint8_t *)y)[i] = v != 0;
}
INLINE void put_float(const int dtype, void *y, ix i, double v) {
  switch (dtype) {
  case F32: ((f32 *)y)[i] = (f32)v; break;
  case F64: ((f64 *)y)[i] = v; break;
  case F16: ((uint16_t *)y)[i] = to_f16(odd_f32(v)); break;
  default: ((uint16_t *)y)[i] = to_bf16(odd_f32(v));
  }
}
INLINE void cast_at(const int from, const int to, ix i, const void *x, void *y) {
  if (is_whole(from)) {
    const int64_t v = whole_at(from, x, i);
    if (is_whole(to)) put_whole(to, y, i, v);
    else if (to == F64) put_float(to, y, i, (double)v);
    else put_float(to, y, i, odd_f64(v));
  } else {
    const double v = float_at(from, x, i);
    if (to == BOOL) put_whole(to, y, i, v != 0);
    else if (to == I32) put_whole(to, y, i, saturated(v, INT32_MIN, INT32_MAX));
    else if (to == I64) put_whole(to, y, i, saturated(v, INT64_MIN, INT64_MAX));
    else put_float(to, y, i, v);
  }
}
#define CASTS(X, from) X(from, F32) X(from, I32) X(from, BOOL) X(from, F64) X(from, I64) X(from, F16) X(from, BF16)
static int cast(int from, int to, ix n, const void *x, void *y) {
  if (from < F32 || from >= DTYPES || to < F32 || to >= DTYPES) return 0;
  if (is_half(from) && to == F32) { widen_row(from, n, x, y); return 1; }
  if (from == F32 && is_half(to)) { narrow_row(to, n, x, y); return 1; }
  switch (from * DTYPES + to) {
#define X(from, to) case from * DTYPES + to: \
      if (from == F32 || to == F32) for (ix i = 0; i < n; i++) cast_at(from, to, i, x, y);   /* these are frequent */ \
      else PLAIN for (ix i = 0; i < n; i++) cast_at(from, to, i, x, y); \
      break;
    CASTS(X, F32) CASTS(X, I32) CASTS(X, BOOL) CASTS(X, F64) CASTS(X, I64) CASTS(X, F16) CASTS(X, BF16)
#undef X
  }
  return 1;
}
