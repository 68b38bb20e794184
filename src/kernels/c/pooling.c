// Pooling of float32, neighbouring windows of a row side by side in the lanes: what pool.c does window by window, in the
// same order, so it does not show which of them did it. To it are left windows that reach over the left or right border, and
// those that are more than two columns apart.

// k lanes, one or two apart.
INLINE vf ld_step(const f32 *p, const ix step, int k) { return step == 1 ? ldk(p, k, 0) : ld2k(p, k, 0); }
INLINE void add_step(f32 *p, const ix step, vf v, int k) { if (step == 1) stk(p, ldk(p, k, 0) + v, k); else add2k(p, v, k); }
// The largest elements of k windows that start at x, and where in the window the first of them is.
INLINE vf most_of(Conv v, const ix step, ix rows, const f32 *x, int k, vi *place) {
  vf most = ld_step(x, step, k);
  *place = splati(0);
  for (ix a = 0; a < rows; a++) for (ix b = 0; b < v.S; b++) {
    const vf u = ld_step(x + a * v.W + b, step, k);
    const vi takes = (vi)(u > most) | ((vi)(u != u) & (vi)(most == most));
    most = sel(takes, u, most);
    *place = (splati((int32_t)(a * v.S + b)) & takes) | (*place & ~takes);
  }
  return most;
}
INLINE vf sum_of(Conv v, const ix step, ix rows, const f32 *x, int k) {
  vf sum = splat(0);
  for (ix a = 0; a < rows; a++) for (ix b = 0; b < v.S; b++) sum += ld_step(x + a * v.W + b, step, k);
  return sum;
}
// Adds g to the elements at `place` of k windows.
INLINE void add_at(Conv v, const ix step, ix rows, vf g, vi place, f32 *dx, int k) {
  for (ix a = rows - 1; a >= 0; a--) for (ix b = v.S - 1; b >= 0; b--)
    add_step(dx + a * v.W + b, step, (vf)((vi)g & (place == splati((int32_t)(a * v.S + b)))), k);
}
INLINE void add_to_all(Conv v, const ix step, ix rows, vf g, f32 *dx, int k) {
  for (ix a = rows - 1; a >= 0; a--) for (ix b = v.S - 1; b >= 0; b--) add_step(dx + a * v.W + b, step, g, k);
}

// Windows of a row that lie between the left and the right border, if they are enough for lanes to be worth it.
INLINE Span between(Conv v) {
  const ix lo = (v.pw + v.sw - 1) / v.sw, hi = v.W + v.pw < v.S ? 0 : imin(v.OW, (v.W + v.pw - v.S) / v.sw + 1);
  return hi - lo < 4 || v.sw > 2 ? (Span){v.OW, v.OW} : (Span){lo, hi};
}
INLINE void pool_rows(const int kind, const ix step, Conv v, const f32 *x, f32 *y) {
  const Span cols = between(v);
  for (ix n = 0; n < v.N; n++, x += v.H * v.W) for (ix i = 0; i < v.OH; i++, y += v.OW) {
    Span rows, all;
    window(v, i, 0, &rows, &all);
    const ix high = rows.hi - rows.lo;
    const f32 *from = x + rows.lo * v.W + cols.lo * step - v.pw;
    f32 *to = y + cols.lo;
    pool_some(kind, v, i, (Span){0, cols.lo}, x, y);
    VLOOP(cols.hi - cols.lo, {
      vi place;
      if (kind == POOL_MAX) stk(to + i, most_of(v, step, high, from + i * step, k, &place), k);
      else stk(to + i, sum_of(v, step, high, from + i * step, k) / (f32)(v.R * v.S), k);
    });
    pool_some(kind, v, i, (Span){cols.hi, v.OW}, x, y);
  }
}
// Positions of a window from the last to the first: an element's windows are added in their order.
INLINE void pool_rows_grad(const int kind, const ix step, Conv v, const f32 *x, const f32 *dy, f32 *dx) {
  const Span cols = between(v);
  for (ix n = 0; n < v.N; n++, dx += v.H * v.W, x += x ? v.H * v.W : 0) {
    fill(v.H * v.W, 0, dx);
    for (ix i = 0; i < v.OH; i++, dy += v.OW) {
      Span rows, all;
      window(v, i, 0, &rows, &all);
      const ix high = rows.hi - rows.lo, first = rows.lo * v.W + cols.lo * step - v.pw;
      const f32 *g = dy + cols.lo;
      pool_some_grad(kind, v, i, (Span){0, cols.lo}, x, dy, dx);
      VLOOP(cols.hi - cols.lo, {
        vi place;
        const vf G = ldk(g + i, k, 0);
        if (kind == POOL_MAX) {
          most_of(v, step, high, x + first + i * step, k, &place);
          add_at(v, step, high, G, place, dx + first + i * step, k);
        } else add_to_all(v, step, high, G / (f32)(v.R * v.S), dx + first + i * step, k);
      });
      pool_some_grad(kind, v, i, (Span){cols.hi, v.OW}, x, dy, dx);
    }
  }
}
#define BY_STEP(call, kind, ...) if (v.sw == 1) call(kind, 1, __VA_ARGS__); else call(kind, 2, __VA_ARGS__)
static void pool2d(int kind, Conv v, const f32 *x, f32 *y) {
  if (kind == POOL_MAX) { BY_STEP(pool_rows, POOL_MAX, v, x, y); } else { BY_STEP(pool_rows, POOL_MEAN, v, x, y); }
}
static void pool2d_grad(int kind, Conv v, const f32 *x, const f32 *dy, f32 *dx, Then *then) {
  const ix planes = v.N, size = v.H * v.W, group = imax(1, FOLLOWED / imax(1, size));
  for (ix n = 0; n < planes; n += v.N, x += x ? v.N * size : 0, dy += v.N * v.OH * v.OW, dx += v.N * size) {
    v.N = imin(then ? group : planes, planes - n);
    if (kind == POOL_MAX) { BY_STEP(pool_rows_grad, POOL_MAX, v, x, dy, dx); } else { BY_STEP(pool_rows_grad, POOL_MEAN, v, x, dy, dx); }
    follow_rows(then, n, v.N, 0, size);
  }
}

static void pool2d_f64(int kind, Conv v, const f64 *x, f64 *y) {
  for (ix n = 0; n < v.N; n++, x += v.H * v.W) for (ix i = 0; i < v.OH; i++, y += v.OW) pool_some_f64(kind, v, i, (Span){0, v.OW}, x, y);
}
static void pool2d_grad_f64(int kind, Conv v, const f64 *x, const f64 *dy, f64 *dx) {
  fill_f64(v.N * v.H * v.W, 0, dx);
  for (ix n = 0; n < v.N; n++, dx += v.H * v.W, x += x ? v.H * v.W : 0)
    for (ix i = 0; i < v.OH; i++, dy += v.OW) pool_some_grad_f64(kind, v, i, (Span){0, v.OW}, x, dy, dx);
}
