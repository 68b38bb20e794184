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

INLINE int32_t fold_i32(const int monoid, int32_t a, int32_t b) {
  return monoid == SUM ? (int32_t)((uint32_t)a + (uint32_t)b) : monoid == MOST ? (a > b ? a : b) : (a < b ? a : b);
}
enum { SOURCES = 1024 };                                       // most members of a group that one process reduces over

INLINE void reduce_row(const int monoid, int dtype, ix n, ix members, const char *const *from, ix at, ix sx, char *to, ix sy) {
  if (dtype == I32) {
    for (ix i = 0; i < n; i++) {
      int32_t s = *(const int32_t *)(from[0] + (at + i * sx) * 4);
      for (ix q = 1; q < members; q++) s = fold_i32(monoid, s, *(const int32_t *)(from[q] + (at + i * sx) * 4));
      *(int32_t *)(to + i * sy * 4) = s;
    }
  } else if (sx == 1 && sy == 1) {
    VLOOP(n, {
      vf s = ldk((const f32 *)from[0] + at + i, k, 0);
      for (ix q = 1; q < members; q++) s = fold(monoid, s, ldk((const f32 *)from[q] + at + i, k, 0));
      stk((f32 *)to + i, s, k);
    });
  } else {
    for (ix i = 0; i < n; i++) {
      f32 s = *(const f32 *)(from[0] + (at + i * sx) * 4);
      for (ix q = 1; q < members; q++) s = fold1(monoid, s, *(const f32 *)(from[q] + (at + i * sx) * 4));
      *(f32 *)(to + i * sy * 4) = s;
    }
  }
}
// to = fold of the members' boxes, the first member's first: a fixed order, the same bits every time.
static int reduce_box(int monoid, int dtype, ix *n, ix *sx, ix *sy, ix members, const char *const *from, char *to, double *traffic, const char *base) {
  if (monoid < SUM || monoid > LEAST || (dtype != F32 && dtype != I32) || members < 1) return 0;
  const ix elements = volume(n);
  if (!elements) return 1;
  join(n, sx, sy);
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++) {
    const ix at = i * sx[0] + j * sx[1] + l * sx[2];
    char *row = to + (i * sy[0] + j * sy[1] + l * sy[2]) * 4;
    if (monoid == SUM) reduce_row(SUM, dtype, n[3], members, from, at, sx[3], row, sy[3]);
    else if (monoid == MOST) reduce_row(MOST, dtype, n[3], members, from, at, sx[3], row, sy[3]);
    else reduce_row(LEAST, dtype, n[3], members, from, at, sx[3], row, sy[3]);
  }
  for (ix q = 0; q < members; q++) count(traffic, base, from[q], (double)elements * 4, 0);
  count(traffic, base, to, (double)elements * 4, 1);
  return 1;
}

// Elements [lo, hi) of every source, folded in order, stored to every target: one member's part of an all-reduce. In blocks
// that stay in cache, so that every source is read once and the other targets are copies of what has just been written.
enum { BLOCK = 2048 };
INLINE void all_reduce_of(const int monoid, ix lo, ix hi, ix members, f32 *const *from, f32 *const *to) {
  for (ix at = lo; at < hi; at += BLOCK) {
    const ix n = imin(BLOCK, hi - at);
    f32 *y = to[0] + at;
    const f32 *first = from[0] + at;
    if (members == 1) VLOOP(n, { stk(y + i, ldk(first + i, k, 0), k); });
    for (ix q = 1; q < members; q++) {
      const f32 *x = from[q] + at;
      VLOOP(n, { stk(y + i, fold(monoid, ldk(first + i, k, 0), ldk(x + i, k, 0)), k); });
      first = y;
    }
    for (ix q = 1; q < members; q++) __builtin_memcpy(to[q] + at, y, (size_t)n * sizeof(f32));
  }
}
static int all_reduce(int monoid, int dtype, ix lo, ix hi, ix members, char *const *from, char *const *to, double *traffic, const char *base) {
  if (monoid < SUM || monoid > LEAST || (dtype != F32 && dtype != I32) || members < 1) return 0;
  if (hi <= lo) return 1;
  if (dtype == I32) {
    for (ix i = lo; i < hi; i++) {
      int32_t s = ((const int32_t *)from[0])[i];
      for (ix q = 1; q < members; q++) s = fold_i32(monoid, s, ((const int32_t *)from[q])[i]);
      for (ix q = 0; q < members; q++) ((int32_t *)to[q])[i] = s;
    }
  } else if (monoid == SUM) all_reduce_of(SUM, lo, hi, members, (f32 *const *)from, (f32 *const *)to);
  else if (monoid == MOST) all_reduce_of(MOST, lo, hi, members, (f32 *const *)from, (f32 *const *)to);
  else all_reduce_of(LEAST, lo, hi, members, (f32 *const *)from, (f32 *const *)to);
  for (ix q = 0; q < members; q++) {
    count(traffic, base, from[q] + lo * 4, (double)(hi - lo) * 4, 0);
    count(traffic, base, to[q] + lo * 4, (double)(hi - lo) * 4, 1);
  }
  return 1;
}
