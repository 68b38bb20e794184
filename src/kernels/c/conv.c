// Convolution of images [N, C, H, W] with filters [K, C, R, S], its gradients, and pooling: direct loops, one row at a
// time, so that an element is summed in one order whatever the shape around it.

typedef struct { ix N, C, H, W, K, R, S, OH, OW, sh, sw, ph, pw; } Conv;

typedef struct { ix lo, hi; } Span;
// The outputs o of 0..n-1 whose input o·stride + offset lies in 0..extent-1.
INLINE Span reach(ix n, ix extent, ix stride, ix offset) {
  const ix lo = offset < 0 ? (-offset + stride - 1) / stride : 0, last = extent - 1 - offset;
  return (Span){lo, imax(lo, last < 0 ? 0 : imin(n, last / stride + 1))};
}
// y[i] += a · x[i·step], and the other way round.
INLINE void add_row(ix n, f32 a, const f32 *x, ix step, f32 *y) {
  if (step == 1) VLOOP(n, { stk(y + i, ldk(y + i, k, 0) + ldk(x + i, k, 0) * a, k); });
  else for (ix i = 0; i < n; i++) y[i] += a * x[i * step];
}
INLINE void spread_row(ix n, f32 a, const f32 *x, f32 *y, ix step) {
  if (step == 1) add_row(n, a, x, 1, y);
  else for (ix i = 0; i < n; i++) y[i * step] += a * x[i];
}
INLINE f32 dot(ix n, const f32 *a, const f32 *b, ix step) {
  if (step != 1) { f32 s = 0; for (ix i = 0; i < n; i++) s += a[i] * b[i * step]; return s; }
  vf s = splat(0);
  VLOOP(n, { s += ldk(a + i, k, 0) * ldk(b + i, k, 0); });
  return hsum(s);
}

static void conv2d(Conv v, const f32 *x, const f32 *w, f32 *y) {
  fill(v.N * v.K * v.OH * v.OW, 0, y);
  for (ix n = 0; n < v.N; n++) for (ix m = 0; m < v.K; m++) for (ix c = 0; c < v.C; c++) {
    const f32 *in = x + (n * v.C + c) * v.H * v.W, *taps = w + (m * v.C + c) * v.R * v.S;
    f32 *out = y + (n * v.K + m) * v.OH * v.OW;
    for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++) {
      const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
      for (ix i = rows.lo; i < rows.hi; i++)
        add_row(cols.hi - cols.lo, taps[r * v.S + s], in + (i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw, out + i * v.OW + cols.lo);
    }
  }
}
static void conv2d_grad_x(Conv v, const f32 *w, const f32 *dy, f32 *dx) {
  fill(v.N * v.C * v.H * v.W, 0, dx);
  for (ix n = 0; n < v.N; n++) for (ix m = 0; m < v.K; m++) for (ix c = 0; c < v.C; c++) {
    const f32 *out = dy + (n * v.K + m) * v.OH * v.OW, *taps = w + (m * v.C + c) * v.R * v.S;
    f32 *in = dx + (n * v.C + c) * v.H * v.W;
    for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++) {
      const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
      for (ix i = rows.lo; i < rows.hi; i++)
        spread_row(cols.hi - cols.lo, taps[r * v.S + s], out + i * v.OW + cols.lo, in + (i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw);
    }
  }
}
static void conv2d_grad_w(Conv v, const f32 *x, const f32 *dy, f32 *dw) {
  for (ix m = 0; m < v.K; m++) for (ix c = 0; c < v.C; c++) for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++, dw++) {
    const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
    double sum = 0;                                          // many rows: in double it keeps its digits
    for (ix n = 0; n < v.N; n++) for (ix i = rows.lo; i < rows.hi; i++)
      sum += dot(cols.hi - cols.lo, dy + ((n * v.K + m) * v.OH + i) * v.OW + cols.lo,
                 x + ((n * v.C + c) * v.H + i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw);
    *dw = (f32)sum;
  }
}

// Windows of R x S over planes of H x W; N counts the planes. Padding is -∞ for the maximum, 0 for the mean of R·S elements.
enum { POOL_MAX, POOL_MEAN };
// The part of window (i, j) that lies in the plane.
INLINE void window(Conv v, ix i, ix j, Span *rows, Span *cols) {
  const ix top = i * v.sh - v.ph, left = j * v.sw - v.pw;
  *rows = (Span){imax(0, top), imin(v.H, top + v.R)};
  *cols = (Span){imax(0, left), imin(v.W, left + v.S)};
}
// Place of the first of the largest elements.
INLINE ix place_of_max(const f32 *x, ix W, Span rows, Span cols) {
  ix best = rows.lo * W + cols.lo;
  for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) if (x[a * W + b] > x[best]) best = a * W + b;
  return best;
}
static void pool2d(int kind, Conv v, const f32 *x, f32 *y) {
  Span rows, cols;
  for (ix n = 0; n < v.N; n++, x += v.H * v.W) for (ix i = 0; i < v.OH; i++) for (ix j = 0; j < v.OW; j++, y++) {
    window(v, i, j, &rows, &cols);
    if (kind == POOL_MAX) { *y = x[place_of_max(x, v.W, rows, cols)]; continue; }
    f32 sum = 0;
    for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) sum += x[a * v.W + b];
    *y = sum / (f32)(v.R * v.S);
  }
}
// x is null for the mean.
static void pool2d_grad(int kind, Conv v, const f32 *x, const f32 *dy, f32 *dx) {
  Span rows, cols;
  fill(v.N * v.H * v.W, 0, dx);
  for (ix n = 0; n < v.N; n++, dx += v.H * v.W, x += x ? v.H * v.W : 0) for (ix i = 0; i < v.OH; i++) for (ix j = 0; j < v.OW; j++, dy++) {
    window(v, i, j, &rows, &cols);
    if (kind == POOL_MAX) { dx[place_of_max(x, v.W, rows, cols)] += *dy; continue; }
    for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) dx[a * v.W + b] += *dy / (f32)(v.R * v.S);
  }
}
