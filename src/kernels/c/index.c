// Elements picked by integer ids along one dim: tensors are [outer, dim, inner], elements of `item` bytes. A shard of the
// dim holds the ids first, first + 1, …; an id that it does not hold reads 0 and is not written.

INLINE ix row_of(int32_t id, ix first, ix rows) {              // -1: not here
  const int64_t at = (int64_t)id - first;
  return at >= 0 && at < rows ? (ix)at : -1;
}

// y[outer, n, inner] = x[outer, ids[n], inner].
static int gather(int item, ix outer, ix rows, ix inner, ix n, ix first, const char *x, const int32_t *ids, char *y) {
  if (item != 1 && item != 2 && item != 4 && item != 8) return 0;
  const ix bytes = inner * item;
  for (ix o = 0; o < outer; o++, x += rows * bytes)
    for (ix k = 0; k < n; k++, y += bytes) {
      const ix row = row_of(ids[k], first, rows);
      if (row < 0) __builtin_memset(y, 0, (size_t)bytes);
      else __builtin_memcpy(y, x + row * bytes, (size_t)bytes);
    }
  return 1;
}
// An id for every element: y[o, k, i] = x[o, ids[o, k, i], i].
#define TAKE(T) do { \
  const T *from = x; T *to = y; \
  for (ix o = 0; o < outer; o++, from += rows * inner) \
    for (ix k = 0; k < n; k++, ids += inner, to += inner) \
      PLAIN for (ix i = 0; i < inner; i++) { \
        const ix row = row_of(ids[i], first, rows); \
        to[i] = row < 0 ? 0 : from[row * inner + i]; \
      } \
  } while (0)
static int take_along(int item, ix outer, ix rows, ix inner, ix n, ix first, const void *x, const int32_t *ids, void *y) {
  switch (item) {
  case 1: TAKE(uint8_t); return 1;
  case 2: TAKE(uint16_t); return 1;
  case 4: TAKE(uint32_t); return 1;
  case 8: TAKE(uint64_t); return 1;
  default: return 0;
  }
}
