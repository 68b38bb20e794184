// What moves data between ranks: copies and reductions of boxes of shards. Each counts the bytes that cross from one
// rank's region to another's, by the addresses that it touches and not by what the plan says.

// [R, self, bound_0 … bound_R, pulled_0 … pulled_{R-1}, pushed_0 … pushed_{R-1}]; bounds are offsets from base.
static void count(double *traffic, const char *base, const void *at, double bytes, int pushed) {
  if (!traffic) return;
  const ix ranks = (ix)traffic[0], self = (ix)traffic[1];
  const double *bound = traffic + 2, offset = (double)((uintptr_t)at - (uintptr_t)base);
  ix lo = 0, hi = ranks;                                      // the rank whose region holds the address
  while (hi - lo > 1) { const ix mid = (lo + hi) / 2; if (bound[mid] <= offset) lo = mid; else hi = mid; }
  if (lo != self) traffic[3 + ranks + (pushed ? ranks : 0) + lo] += bytes;
}

static ix volume(const ix *n) { return n[0] <= 0 || n[1] <= 0 || n[2] <= 0 || n[3] <= 0 ? 0 : n[0] * n[1] * n[2] * n[3]; }

// Joins dims that lie behind one another on both sides, and moves extents of 1 outwards: the last run gets as long as it can.
static void join(ix *n, ix *sx, ix *sy) {
  int d = 3;
  for (int i = 2; i >= 0; i--) {
    if (n[i] == 1) continue;
    if (n[d] == 1) { n[d] = n[i]; sx[d] = sx[i]; sy[d] = sy[i]; }
    else if (sx[i] == sx[d] * n[d] && sy[i] == sy[d] * n[d]) n[d] *= n[i];
    else { d--; n[d] = n[i]; sx[d] = sx[i]; sy[d] = sy[i]; }
  }
  while (d-- > 0) n[d] = 1;
}

INLINE void copy_run(const int item, ix n, const char *x, ix sx, char *y, ix sy) {
  for (ix i = 0; i < n; i++) __builtin_memcpy(y + i * sy * item, x + i * sx * item, item);
}
// Four extents, strides in elements of `item` bytes.
static int copy_box(int item, ix *n, ix *sx, ix *sy, const char *x, char *y, double *traffic, const char *base) {
  if (item != 1 && item != 2 && item != 4 && item != 8) return 0;
  const ix elements = volume(n);
  if (!elements) return 1;
  join(n, sx, sy);
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++) {
    const char *from = x + (i * sx[0] + j * sx[1] + l * sx[2]) * item;
    char *to = y + (i * sy[0] + j * sy[1] + l * sy[2]) * item;
    if (sx[3] == 1 && sy[3] == 1) __builtin_memcpy(to, from, (size_t)(n[3] * item));
    else if (item == 4) copy_run(4, n[3], from, sx[3], to, sy[3]);
    else if (item == 1) copy_run(1, n[3], from, sx[3], to, sy[3]);
    else if (item == 2) copy_run(2, n[3], from, sx[3], to, sy[3]);
    else copy_run(8, n[3], from, sx[3], to, sy[3]);
  }
  count(traffic, base, x, (double)elements * item, 0);
  count(traffic, base, y, (double)elements * item, 1);
  return 1;
}

enum { SOURCES = 1024 };                                       // most members of a group that one process reduces over

// to[i·sy] = fold over the members of from[q][at + i·sx], the first member's first.
#define FOLD_ROW(T, load, store, fold) do { \
  T *y = (T *)to; \
  PLAIN for (ix i = 0; i < n; i++) { \
    const ix e = at + i * sx; \
    __auto_type s = load(((const T *)from[0])[e]); \
    for (ix q = 1; q < members; q++) s = fold(monoid, s, load(((const T *)from[q])[e])); \
    y[i * sy] = store(s); \
  } } while (0)
#define SAME(x) (x)
static int fold_row(int monoid, int dtype, ix n, ix members, const char *const *from, ix at, ix sx, char *to, ix sy) {
  switch (dtype) {
  case F32: FOLD_ROW(f32, SAME, SAME, fold1); return 1;
  case I32: FOLD_ROW(int32_t, SAME, SAME, fold_i32); return 1;
  case F64: FOLD_ROW(f64, SAME, SAME, fold_f64); return 1;
  case I64: FOLD_ROW(int64_t, SAME, SAME, fold_i64); return 1;
  case F16: FOLD_ROW(uint16_t, of_f16, to_f16, fold1); return 1;      // added up in float32, rounded once
  case BF16: FOLD_ROW(uint16_t, of_bf16, to_bf16, fold1); return 1;
  default: return 0;
  }
}
static int can_fold(int monoid, int dtype) {
  return monoid >= SUM && monoid <= LEAST && dtype >= F32 && dtype < DTYPES && dtype != BOOL;
}
// to[i·sy] = what folding over no member gives.
#define NOTHING_ROW(T, zero, lowest, highest) do { \
  const T none = monoid == SUM ? zero : monoid == MOST ? lowest : highest; \
  for (ix i = 0; i < n; i++) ((T *)to)[i * sy] = none; \
  } while (0)
static void nothing_row(int monoid, int dtype, ix n, char *to, ix sy) {
  const f32 inf = __builtin_inff();
  switch (dtype) {
  case F32: NOTHING_ROW(f32, 0, -inf, inf); break;
  case F64: NOTHING_ROW(f64, 0, -inf, inf); break;
  case I32: NOTHING_ROW(int32_t, 0, INT32_MIN, INT32_MAX); break;
  case I64: NOTHING_ROW(int64_t, 0, INT64_MIN, INT64_MAX); break;
  case F16: NOTHING_ROW(uint16_t, 0, to_f16(-inf), to_f16(inf)); break;
  default: NOTHING_ROW(uint16_t, 0, to_bf16(-inf), to_bf16(inf)); break;
  }
}
// Rows of float32 that lie side by side, in vectors.
INLINE void fold_floats(const int monoid, ix n, ix members, const f32 *const *from, ix at, f32 *to) {
  VLOOP(n, {
    vf s = ldk(from[0] + at + i, k, 0);
    for (ix q = 1; q < members; q++) s = fold(monoid, s, ldk(from[q] + at + i, k, 0));
    stk(to + i, s, k);
  });
}
// to = fold of the members' boxes, the first member's first: a fixed order, the same bits every time.
static int reduce_box(int monoid, int dtype, ix *n, ix *sx, ix *sy, ix members, const char *const *from, char *to, double *traffic, const char *base) {
  if (!can_fold(monoid, dtype) || members < 0) return 0;
  const ix elements = volume(n), item = ITEM[dtype];
  if (!elements) return 1;
  join(n, sx, sy);
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++) {
    const ix at = i * sx[0] + j * sx[1] + l * sx[2];
    char *row = to + (i * sy[0] + j * sy[1] + l * sy[2]) * item;
    if (members == 0) nothing_row(monoid, dtype, n[3], row, sy[3]);
    else if (dtype != F32 || sx[3] != 1 || sy[3] != 1) fold_row(monoid, dtype, n[3], members, from, at, sx[3], row, sy[3]);
    else if (monoid == SUM) fold_floats(SUM, n[3], members, (const f32 *const *)from, at, (f32 *)row);
    else if (monoid == MOST) fold_floats(MOST, n[3], members, (const f32 *const *)from, at, (f32 *)row);
    else fold_floats(LEAST, n[3], members, (const f32 *const *)from, at, (f32 *)row);
  }
  for (ix q = 0; q < members; q++) count(traffic, base, from[q], (double)(elements * item), 0);
  count(traffic, base, to, (double)(elements * item), 1);
  return 1;
}

// Elements [lo, hi) of every source, folded in order, stored to every target: one member's part of an all-reduce. A tile stays
// in registers: every source is read once, every target written once, and a target that is a source while its line is at hand.
enum { TILE = 4 };
INLINE void all_reduce_of(const int monoid, ix lo, ix hi, ix members, f32 *const *from, f32 *const *to) {
  ix at = lo;
  for (; hi - at >= TILE * VL; at += TILE * VL) {
    vf s[TILE];
    UNROLL for (int t = 0; t < TILE; t++) s[t] = ld(from[0] + at + t * VL);
    for (ix q = 1; q < members; q++) UNROLL for (int t = 0; t < TILE; t++) s[t] = fold(monoid, s[t], ld(from[q] + at + t * VL));
    for (ix q = 0; q < members; q++) UNROLL for (int t = 0; t < TILE; t++) st(to[q] + at + t * VL, s[t]);
  }
  VLOOP(hi - at, {
    vf s = ldk(from[0] + at + i, k, 0);
    for (ix q = 1; q < members; q++) s = fold(monoid, s, ldk(from[q] + at + i, k, 0));
    for (ix q = 0; q < members; q++) stk(to[q] + at + i, s, k);
  });
}
static int all_reduce(int monoid, int dtype, ix lo, ix hi, ix members, char *const *from, char *const *to, double *traffic, const char *base) {
  if (!can_fold(monoid, dtype) || members < 1) return 0;
  if (hi <= lo) return 1;
  const ix first = lo * ITEM[dtype], bytes = (hi - lo) * ITEM[dtype];
  if (dtype != F32) {
    fold_row(monoid, dtype, hi - lo, members, (const char *const *)from, lo, 1, to[0] + first, 1);
    for (ix q = 1; q < members; q++) __builtin_memcpy(to[q] + first, to[0] + first, (size_t)bytes);
  } else if (monoid == SUM) all_reduce_of(SUM, lo, hi, members, (f32 *const *)from, (f32 *const *)to);
  else if (monoid == MOST) all_reduce_of(MOST, lo, hi, members, (f32 *const *)from, (f32 *const *)to);
  else all_reduce_of(LEAST, lo, hi, members, (f32 *const *)from, (f32 *const *)to);
  for (ix q = 0; q < members; q++) {
    count(traffic, base, from[q] + first, (double)bytes, 0);
    count(traffic, base, to[q] + first, (double)bytes, 1);
  }
  return 1;
}
