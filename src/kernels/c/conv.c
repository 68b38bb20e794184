// Convolution of images [N, C, H, W] with filters [K, C, R, S], its gradients, and pooling: direct loops, one row at a
// time, so that an element is summed in one order whatever the shape around it. For any float type E (kern.c).

static void NAME(conv2d)(Conv v, const E *x, const E *w, E *y) {
  NAME(fill)(v.N * v.K * v.OH * v.OW, 0, y);
  for (ix n = 0; n < v.N; n++) for (ix m = 0; m < v.K; m++) for (ix c = 0; c < v.C; c++) {
    const E *in = x + (n * v.C + c) * v.H * v.W, *taps = w + (m * v.C + c) * v.R * v.S;
    E *out = y + (n * v.K + m) * v.OH * v.OW;
    for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++) {
      const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
      for (ix i = rows.lo; i < rows.hi; i++)
        NAME(add_row)(cols.hi - cols.lo, taps[r * v.S + s], in + (i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw, out + i * v.OW + cols.lo);
    }
  }
}
static void NAME(conv2d_grad_x)(Conv v, const E *w, const E *dy, E *dx) {
  NAME(fill)(v.N * v.C * v.H * v.W, 0, dx);
  for (ix n = 0; n < v.N; n++) for (ix m = 0; m < v.K; m++) for (ix c = 0; c < v.C; c++) {
    const E *out = dy + (n * v.K + m) * v.OH * v.OW, *taps = w + (m * v.C + c) * v.R * v.S;
    E *in = dx + (n * v.C + c) * v.H * v.W;
    for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++) {
      const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
      for (ix i = rows.lo; i < rows.hi; i++)
        NAME(spread_row)(cols.hi - cols.lo, taps[r * v.S + s], out + i * v.OW + cols.lo, in + (i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw);
    }
  }
}
static void NAME(conv2d_grad_w)(Conv v, const E *x, const E *dy, E *dw) {
  for (ix m = 0; m < v.K; m++) for (ix c = 0; c < v.C; c++) for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++, dw++) {
    const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
    double sum = 0;                                          // many rows: in double it keeps its digits
    for (ix n = 0; n < v.N; n++) for (ix i = rows.lo; i < rows.hi; i++)
      sum += NAME(dot)(cols.hi - cols.lo, dy + ((n * v.K + m) * v.OH + i) * v.OW + cols.lo,
                 x + ((n * v.C + c) * v.H + i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw);
    *dw = (E)sum;
  }
}

// Place of the first of the largest elements.
INLINE ix NAME(place_of_max)(const E *x, ix W, Span rows, Span cols) {
  ix best = rows.lo * W + cols.lo;
  for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) if (x[a * W + b] > x[best]) best = a * W + b;
  return best;
}
static void NAME(pool2d)(int kind, Conv v, const E *x, E *y) {
  Span rows, cols;
  for (ix n = 0; n < v.N; n++, x += v.H * v.W) for (ix i = 0; i < v.OH; i++) for (ix j = 0; j < v.OW; j++, y++) {
    window(v, i, j, &rows, &cols);
    if (kind == POOL_MAX) { *y = x[NAME(place_of_max)(x, v.W, rows, cols)]; continue; }
    E sum = 0;
    for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) sum += x[a * v.W + b];
    *y = sum / (E)(v.R * v.S);
  }
}
// x is null for the mean.
static void NAME(pool2d_grad)(int kind, Conv v, const E *x, const E *dy, E *dx) {
  Span rows, cols;
  NAME(fill)(v.N * v.H * v.W, 0, dx);
  for (ix n = 0; n < v.N; n++, dx += v.H * v.W, x += x ? v.H * v.W : 0) for (ix i = 0; i < v.OH; i++) for (ix j = 0; j < v.OW; j++, dy++) {
    window(v, i, j, &rows, &cols);
    if (kind == POOL_MAX) { dx[NAME(place_of_max)(x, v.W, rows, cols)] += *dy; continue; }
    for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) dx[a * v.W + b] += *dy / (E)(v.R * v.S);
  }
}
