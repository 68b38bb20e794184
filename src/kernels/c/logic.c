// Comparisons, truth values and choices, in plain loops (unrolled in every variant they would fill a third of the module).
// Truth values are bytes: 0 is false, anything else true; results are 0 or 1.

enum { EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, AND, OR };
// Of two numbers one holds: less (bit 0), equal (1), greater (2), or neither, with NaN (3). An op is the set of those for
// which it is true. For AND and OR the bits are how many of the two are true.
static const int TRUE_FOR[] = {2, 13, 1, 3, 4, 6, 4, 6};
#define COMPARE(T, which) do { \
  const T *x = a, *z = b; \
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++) { \
    const T *p = x + i * sa[0] + j * sa[1] + l * sa[2], *q = z + i * sb[0] + j * sb[1] + l * sb[2]; \
    PLAIN for (ix m = 0; m < n[3]; m++, p += sa[3], q += sb[3]) *y++ = set >> which(*p, *q) & 1; \
  } } while (0)
#define ORDER(u, v) ((u) < (v) ? 0 : (u) == (v) ? 1 : (u) > (v) ? 2 : 3)
#define TRUTH_ORDER(u, v) ((u != 0) - (v != 0) + 1)
#define HOW_MANY(u, v) ((u != 0) + (v != 0))
// y (contiguous bool) = a op b over four extents of one dtype; a stride of 0 broadcasts.
static int compare(int op, int dtype, const ix *n, const ix *sa, const ix *sb, const void *a, const void *b, uint8_t *y) {
  if (op < EQUAL || op > OR || dtype < F32 || dtype > I64 || (op >= AND && dtype != BOOL)) return 0;
  if (n[0] <= 0 || n[1] <= 0 || n[2] <= 0 || n[3] <= 0) return 1;
  const int set = TRUE_FOR[op];
  if (dtype == F32) COMPARE(f32, ORDER);
  else if (dtype == I32) COMPARE(int32_t, ORDER);
  else if (dtype == F64) COMPARE(f64, ORDER);
  else if (dtype == I64) COMPARE(int64_t, ORDER);
  else if (op < AND) COMPARE(uint8_t, TRUTH_ORDER);
  else COMPARE(uint8_t, HOW_MANY);
  return 1;
}
static void logical_not(ix n, const uint8_t *x, uint8_t *y) { PLAIN for (ix i = 0; i < n; i++) y[i] = !x[i]; }

#define SELECT(T) do { \
  const T *x = a, *z = b; T *out = y; \
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++) { \
    const uint8_t *t = c + i * sc[0] + j * sc[1] + l * sc[2]; \
    const T *p = x + i * sa[0] + j * sa[1] + l * sa[2], *q = z + i * sb[0] + j * sb[1] + l * sb[2]; \
    PLAIN for (ix m = 0; m < n[3]; m++) *out++ = t[m * sc[3]] ? p[m * sa[3]] : q[m * sb[3]]; \
  } } while (0)
// y (contiguous) = c ? a : b, elements of `item` bytes; a stride of 0 broadcasts.
static int choose(int item, const ix *n, const ix *sc, const ix *sa, const ix *sb, const uint8_t *c, const void *a, const void *b, void *y) {
  if (n[0] <= 0 || n[1] <= 0 || n[2] <= 0 || n[3] <= 0) return item == 1 || item == 2 || item == 4 || item == 8;
  switch (item) {
  case 1: SELECT(uint8_t); return 1;
  case 2: SELECT(uint16_t); return 1;
  case 4: SELECT(uint32_t); return 1;
  case 8: SELECT(uint64_t); return 1;
  default: return 0;
  }
}
