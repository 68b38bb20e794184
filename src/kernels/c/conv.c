// Convolution of images [N, C, H, W] with filters [K, C, R, S] and its gradients in direct loops, one row at a time. For any
// float type E (kern.c); of float32, what correlate.c leaves.

// Planes of filter m, of all images.
static void NAME(conv2d_planes)(Conv v, ix m, const E *x, const E *w, E *y) {
  for (ix n = 0; n < v.N; n++) {
    E *out = y + (n * v.K + m) * v.OH * v.OW;
    NAME(fill)(v.OH * v.OW, 0, out);
    for (ix c = 0; c < v.C; c++) for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++) {
      const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
      const E *in = x + (n * v.C + c) * v.H * v.W, tap = w[((m * v.C + c) * v.R + r) * v.S + s];
      for (ix i = rows.lo; i < rows.hi; i++)
        NAME(add_row)(cols.hi - cols.lo, tap, in + (i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw, out + i * v.OW + cols.lo);
    }
  }
}
// Planes of channel c, of all images.
static void NAME(conv2d_grad_x_planes)(Conv v, ix c, const E *w, const E *dy, E *dx) {
  for (ix n = 0; n < v.N; n++) {
    E *in = dx + (n * v.C + c) * v.H * v.W;
    NAME(fill)(v.H * v.W, 0, in);
    for (ix m = 0; m < v.K; m++) for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++) {
      const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
      const E *out = dy + (n * v.K + m) * v.OH * v.OW, tap = w[((m * v.C + c) * v.R + r) * v.S + s];
      for (ix i = rows.lo; i < rows.hi; i++)
        NAME(spread_row)(cols.hi - cols.lo, tap, out + i * v.OW + cols.lo, in + (i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw);
    }
  }
}
// The gradient of one tap of filter m.
static E NAME(conv2d_tap)(Conv v, ix m, ix c, ix r, ix s, const E *x, const E *dy) {
  const Span rows = reach(v.OH, v.H, v.sh, r - v.ph), cols = reach(v.OW, v.W, v.sw, s - v.pw);
  double sum = 0;                                            // many rows: in double it keeps its digits
  for (ix n = 0; n < v.N; n++) for (ix i = rows.lo; i < rows.hi; i++)
    sum += NAME(dot)(cols.hi - cols.lo, dy + ((n * v.K + m) * v.OH + i) * v.OW + cols.lo,
               x + ((n * v.C + c) * v.H + i * v.sh + r - v.ph) * v.W + cols.lo * v.sw + s - v.pw, v.sw);
  return (E)sum;
}
