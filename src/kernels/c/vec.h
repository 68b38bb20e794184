// The only file that knows the target. Everything else is written in terms of `vf`, a vector of VL floats.
// GCC/Clang vector extensions give arithmetic, comparison and shuffles on every target; the few operations that they
// lack in C (min, max, sqrt) are spelled per target here, with a portable fallback.
#pragma once
#include <stdint.h>
#include <stddef.h>
#if defined(__wasm__)
#include <wasm_simd128.h>
#elif defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

typedef float f32;
typedef double f64;
typedef intptr_t ix;                       // sizes and strides: 64 bit natively, 32 bit in wasm32

// VL: lanes. MR x NR: the register tile of the matrix kernels, MR*NR/VL accumulators plus NR/VL + 1 live values,
// so 24+3 of 32 registers (AVX-512), 12+3 of 16 (AVX2), 16+3 of 32 (NEON), 8+3 of 16 (SSE2, wasm).
#if defined(__AVX512F__)
enum { VL = 16, MR = 12, NR = 32 };
#elif defined(__AVX2__)
enum { VL = 8, MR = 6, NR = 16 };
#elif defined(__ARM_NEON)
enum { VL = 4, MR = 8, NR = 8 };
#else
enum { VL = 4, MR = 4, NR = 8 };
#endif
enum { NV = NR / VL };

// `vf` may live in registers only with its natural alignment; `vfu` is the same data at any float address.
typedef f32 vf __attribute__((vector_size(sizeof(f32) * VL)));
typedef f32 vfu __attribute__((vector_size(sizeof(f32) * VL), aligned(4), may_alias));
typedef int32_t vi __attribute__((vector_size(sizeof(f32) * VL)));
typedef uint32_t vu __attribute__((vector_size(sizeof(f32) * VL)));
typedef f32 v4 __attribute__((vector_size(16)));
typedef int32_t v4i __attribute__((vector_size(16)));
typedef f32 v4u __attribute__((vector_size(16), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
// For kernels with a long chain of operations on each vector, such as exp's polynomial: the processor's window has room for few
// of them, so those of neighbours lie side by side. Clang does so anyway, GCC when told. Not for kernels that fill all
// registers, which would spill them. Before GCC 12 such an attribute could undo what the command line says of contraction.
#if !defined(__clang__) && __GNUC__ >= 12
#define INTERLEAVED __attribute__((optimize("schedule-insns", "sched-pressure")))
#else
#define INTERLEAVED
#endif
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#define PLAIN _Pragma("clang loop vectorize(disable) unroll(disable) interleave(disable)")   /* small code before fast */
#else
#define UNROLL _Pragma("GCC unroll 16")
#define PLAIN
#endif
#if defined(__clang__) || __GNUC__ >= 12
#define SHUF4(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
#define SHUF4(a, b, i, j, k, l) __builtin_shuffle(a, b, (v4i){i, j, k, l})
#endif

// Shuffles of whole vectors: lanes 0, 2, 4, … of a then b; lanes 1, 3, 5, … of them; a's and b's lanes in turn, of their lower and of their upper halves.
#if defined(__AVX512F__)
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define LOWER 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define UPPER 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif defined(__AVX2__)
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15
#define LOWER 0, 8, 1, 9, 2, 10, 3, 11
#define UPPER 4, 12, 5, 13, 6, 14, 7, 15
#else
#define EVENS 0, 2, 4, 6
#define ODDS 1, 3, 5, 7
#define LOWER 0, 4, 1, 5
#define UPPER 2, 6, 3, 7
#endif
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (vi){__VA_ARGS__})
#endif

INLINE ix imin(ix a, ix b) { return a < b ? a : b; }
INLINE ix imax(ix a, ix b) { return a > b ? a : b; }
INLINE ix up(ix n, ix m) { return (n + m - 1) / m * m; }

INLINE vf splat(f32 x) { return x - (vf){0}; }
INLINE vi splati(int32_t x) { return x - (vi){0}; }
INLINE vf ld(const f32 *p) { return *(const vfu *)p; }
INLINE void st(f32 *p, vf v) { *(vfu *)p = v; }
INLINE v4 ld4(const f32 *p) { return *(const v4u *)p; }
INLINE void st4(f32 *p, v4 v) { *(v4u *)p = v; }
INLINE vf sel(vi m, vf a, vf b) { return (vf)(((vi)a & m) | ((vi)b & ~m)); }  // lanes of m are 0 or -1

// min and max return the second operand when either is NaN: keep the data second and NaN survives a clamp.
#if defined(__AVX512F__)
INLINE vf vmax(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
INLINE vf vsqrt(vf a) { return (vf)_mm512_sqrt_ps((__m512)a); }
#elif defined(__AVX2__)
INLINE vf vmax(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
INLINE vf vsqrt(vf a) { return (vf)_mm256_sqrt_ps((__m256)a); }
#elif defined(__SSE2__)
INLINE vf vmax(vf a, vf b) { return (vf)_mm_max_ps((__m128)a, (__m128)b); }
INLINE vf vmin(vf a, vf b) { return (vf)_mm_min_ps((__m128)a, (__m128)b); }
INLINE vf vsqrt(vf a) { return (vf)_mm_sqrt_ps((__m128)a); }
#elif defined(__wasm__)
INLINE vf vmax(vf a, vf b) { return (vf)wasm_f32x4_pmax((v128_t)b, (v128_t)a); }
INLINE vf vmin(vf a, vf b) { return (vf)wasm_f32x4_pmin((v128_t)b, (v128_t)a); }
INLINE vf vsqrt(vf a) { return (vf)wasm_f32x4_sqrt((v128_t)a); }
#else
INLINE vf vmax(vf a, vf b) { return sel((vi)(a > b), a, b); }
INLINE vf vmin(vf a, vf b) { return sel((vi)(a < b), a, b); }
INLINE vf vsqrt(vf a) { UNROLL for (int k = 0; k < VL; k++) a[k] = __builtin_sqrtf(a[k]); return a; }
#endif

// a·b + c, rounded once where the target can. Compilers may not contract on their own (-ffp-contract=off): where a product is
// fused is said here, so that an element has the same bits in a tail as in a whole vector, whoever compiles.
#if defined(__AVX512F__)
INLINE vf madd(vf a, vf b, vf c) { return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#elif defined(__AVX2__) && defined(__FMA__)
INLINE vf madd(vf a, vf b, vf c) { return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#elif defined(__ARM_NEON) && defined(__aarch64__)
INLINE vf madd(vf a, vf b, vf c) { return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#else
INLINE vf madd(vf a, vf b, vf c) { return a * b + c; }
#endif

// Lanes of 64 bits: the lower half of each times m.
typedef uint64_t vw __attribute__((vector_size(sizeof(f32) * VL)));
#if defined(__AVX512F__)
INLINE vw multiply(vw a, uint32_t m) { return (vw)_mm512_mul_epu32((__m512i)a, (__m512i)((vw){0} + m)); }
#elif defined(__AVX2__)
INLINE vw multiply(vw a, uint32_t m) { return (vw)_mm256_mul_epu32((__m256i)a, (__m256i)((vw){0} + m)); }
#elif defined(__SSE2__)
INLINE vw multiply(vw a, uint32_t m) { return (vw)_mm_mul_epu32((__m128i)a, (__m128i)((vw){0} + m)); }
#else
INLINE vw multiply(vw a, uint32_t m) { return (a & 0xFFFFFFFFu) * m; }
#endif

// 16-bit lanes, as many as a vector of floats has, and four.
typedef uint16_t vh __attribute__((vector_size(sizeof(uint16_t) * VL)));
typedef uint16_t vhu __attribute__((vector_size(sizeof(uint16_t) * VL), aligned(2), may_alias));

// The first k lanes only, the rest as `fill`. With k == VL a constant this is one plain load or store.
INLINE vf ldk(const f32 *p, int k, f32 fill) {
  if (k == VL) return ld(p);
  vf v = splat(fill);
#ifdef __AVX512F__
  return (vf)_mm512_mask_loadu_ps((__m512)v, (__mmask16)((1 << k) - 1), p);
#else
  for (int q = 0; q < k; q++) v[q] = p[q];
  return v;
#endif
}
INLINE void stk(f32 *p, vf v, int k) {
  if (k == VL) { st(p, v); return; }
#ifdef __AVX512F__
  _mm512_mask_storeu_ps(p, (__mmask16)((1 << k) - 1), (__m512)v);
#else
  for (int q = 0; q < k; q++) p[q] = v[q];
#endif
}
// k lanes that lie two apart. Between them is read and written as well, but nothing past the last.
INLINE vf ld2k(const f32 *p, int k, f32 fill) {
  const int n = 2 * k - 1;
  return SHUFFLE(ldk(p, n < VL ? n : VL, fill), n > VL ? ldk(p + VL, n - VL, fill) : splat(fill), EVENS);
}
INLINE void add2k(f32 *p, vf v, int k) {
  const int n = 2 * k - 1, first = n < VL ? n : VL;
  stk(p, ldk(p, first, 0) + SHUFFLE(v, splat(0), LOWER), first);
  if (n > VL) stk(p + VL, ldk(p + VL, n - VL, 0) + SHUFFLE(v, splat(0), UPPER), n - VL);
}
// Runs the body for i = 0, VL, ...; k is the number of live lanes, a constant in all but the last round, so that one
// body serves the full vectors and the tail.
#define VLOOP(n, ...) do { ix i = 0; \
    for (; i + VL <= (n); i += VL) { enum { k = VL }; __VA_ARGS__ } \
    if (i < (n)) { const int k = (int)((n) - i); __VA_ARGS__ } } while (0)

// The same for y[i] = value, some vectors of it before any is stored: a load from an address that is, but for its page, that of
// a store just before waits for it, so what is read next must not lie close behind what is written.
enum { GROUP = 4 };
#define VMAP(n, y, ...) do { ix done = 0; \
    for (; done + GROUP * VL <= (n); done += GROUP * VL) { \
      enum { k = VL }; \
      vf group[GROUP]; \
      UNROLL for (int g = 0; g < GROUP; g++) { const ix i = done + g * VL; group[g] = (__VA_ARGS__); } \
      UNROLL for (int g = 0; g < GROUP; g++) st((y) + done + g * VL, group[g]); } \
    for (; done < (n); done += VL) { const ix i = done; const int k = (int)imin(VL, (n) - i); stk((y) + i, (__VA_ARGS__), k); } } while (0)

// Horizontal sum and maximum, by halves: a fixed order, so the same bits every time.
INLINE v4 fold4(vf v) {
  v4 s = (v4){0};
  union { vf v; v4 q[VL / 4]; } u = {v};
  UNROLL for (int k = 0; k < VL / 4; k++) s += u.q[k];
  return s;
}
INLINE f32 hsum(vf v) { v4 s = fold4(v); s = s + SHUF4(s, s, 2, 3, 0, 1); return s[0] + s[1]; }
INLINE f32 hmax(vf v) { f32 m = v[0]; UNROLL for (int k = 1; k < VL; k++) m = v[k] > m ? v[k] : m; return m; }
// Runs the body for vectors i = 0, VL, … of a row, p being the sum of several side by side that each goes to: so none waits
// for the one before.
enum { SIDE = 4 };
#define SIDE_LOOP(n, ...) do { ix start = 0; \
    for (; start + SIDE * VL <= (n); start += SIDE * VL) UNROLL for (int p = 0; p < SIDE; p++) { enum { k = VL }; const ix i = start + p * VL; __VA_ARGS__ } \
    for (; start < (n); start += VL) { enum { p = 0 }; const ix i = start; const int k = (int)imin(VL, (n) - i); __VA_ARGS__ } } while (0)
#define NO_SUMS {splat(0), splat(0), splat(0), splat(0)}
INLINE f32 sum_sides(const vf *s) { return hsum((s[0] + s[1]) + (s[2] + s[3])); }
INLINE void transpose4(v4 *a, v4 *b, v4 *c, v4 *d) {
  v4 p = SHUF4(*a, *b, 0, 4, 1, 5), q = SHUF4(*a, *b, 2, 6, 3, 7), r = SHUF4(*c, *d, 0, 4, 1, 5), s = SHUF4(*c, *d, 2, 6, 3, 7);
  *a = SHUF4(p, r, 0, 1, 4, 5); *b = SHUF4(p, r, 2, 3, 6, 7); *c = SHUF4(q, s, 0, 1, 4, 5); *d = SHUF4(q, s, 2, 3, 6, 7);
}
// VL vectors of VL lanes: rows to columns. Interleaving the first half with the second as often as VL has bits does it.
INLINE void transpose(vf *a) {
  UNROLL for (int n = 1; n < VL; n *= 2) {
    vf b[VL];
    UNROLL for (int q = 0; q < VL / 2; q++) b[2 * q] = SHUFFLE(a[q], a[q + VL / 2], LOWER), b[2 * q + 1] = SHUFFLE(a[q], a[q + VL / 2], UPPER);
    UNROLL for (int q = 0; q < VL; q++) a[q] = b[q];
  }
}
