// Convolution of float32 and its gradients from lines.c and winograd.c: what conv.c does element by element.

#define CONV_WS (LINES_WS > WINOGRAD_WS ? LINES_WS : WINOGRAD_WS)
// o = filters · what they meet. What follows has images, planes and the pixels of one as its extents.
static void correlate(const Taps *g, const Filters *f, const f32 *x, const Planes *o, f32 *ws, Then *then) {
  const ix pixels = g->rows * g->cols, total = g->images * pixels, K = g->channels * g->R * g->S;
  const Cut of = cut(K);
  const ix step = of.panel;
  const int once = K <= step && o->M <= MC;                            // one block of filters serves all pixels
  f32 *pa = ws, *pb = pa + MC_MOST * KC, *line = pb + KC * (NC + NR_MOST);
  for (ix j0 = 0; j0 < total; j0 += NC) for (ix p0 = 0; p0 < K || !p0; p0 += step) {
    const ix nc = imin(NC, total - j0), kc = imin(step, K - p0);
    if (nc % NR) fill(kc * NR, 0, pb + nc / NR * NR * kc);
    if (kc) put_lines(1, g, x, j0, nc, p0, kc, line, (Sink){pb, kc, 0});
    for (ix i0 = 0; i0 < o->M; i0 += MC) {
      const ix mc = imin(MC, o->M - i0);
      if (kc && !(once && j0)) pack_filters(g, f, i0, mc, p0, kc, pa);
      for (ix j = 0; j < nc; j += NR) {
        const ix nr = imin(NR, nc - j), image = (j0 + j) / pixels, q = (j0 + j) % pixels;
        const int whole = nr == NR && o->across == 1 && q % o->cols + NR <= o->cols;
        f32 *y = o->y + image * o->M * o->plane + o->first + q / o->cols * o->down + q % o->cols;
        for (ix i = 0; i < mc; i += MR) {
          const ix mr = imin(MR, mc - i);
          f32 *c = y + (i0 + i) * o->plane;
          if (whole) { tile_to(kc, of.slice, pa + i * kc, pb + j * kc, mr, NR, (Out){c, o->plane, 0, 0, 0, p0 > 0}); continue; }
          f32 t[MR * NR] __attribute__((aligned(64)));
          tile_sums(mr, nr, kc, of.slice, pa + i * kc, 1, MR, pb + j * kc, NR, t, NR);
          scatter_tile(mr, nr, t, o, pixels, i0 + i, j0 + j, p0 > 0);
        }
      }
    }
    for (ix j = 0, n; then && p0 + kc == K && j < nc; j += n) {
      const ix image = (j0 + j) / pixels, q = (j0 + j) % pixels;
      n = imin(nc - j, pixels - q);
      follow(then, (ix[4]){0, image, 0, q}, (ix[4]){1, image + 1, o->M, q + n});
    }
  }
}

// What a filter that is not finite touches is not finite either, so a look at whichever is smaller, filters or result, is enough
// where that is.
static int planes_finite(ix images, ix planes, ix size, ix m, const f32 *y) {
  for (ix n = 0; n < images; n++) if (!all_finite(size, y + (n * planes + m) * size)) return 0;
  return 1;
}
static void conv2d(Conv v, const f32 *x, const f32 *w, f32 *y, f32 *ws, Then *then) {
  const Taps g = {v.N, v.C, v.H, v.W, v.OH, v.OW, v.R, v.S, v.sh, v.sw, -v.ph, -v.pw};
  const Filters f = {w, v.C * v.R * v.S, v.R * v.S, 0, v.S, 1};
  const Planes o = {y, v.K, v.OH * v.OW, v.OH * v.OW, 0, 1, 0};
  const Form *form = form_of(&g);
  if (form) { correlate_tiled(form, &g, &f, x, &o, ws, then); return; }
  // What follows may change what it takes: where a filter is not finite it comes last.
  const ix filters = v.K * v.C * v.R * v.S;
  const int sound = (then || filters <= v.N * v.K * v.OH * v.OW) && all_finite(filters, w);
  correlate(&g, &f, x, &o, ws, sound ? then : 0);
  if (sound) return;
  for (ix m = 0; m < v.K; m++)
    if (!planes_finite(v.N, v.K, v.OH * v.OW, m, y) && !all_finite(v.C * v.R * v.S, w + m * v.C * v.R * v.S)) conv2d_planes(v, m, x, w, y);
  if (then) follow(then, (ix[4]){0, 0, 0, 0}, (ix[4]){1, v.N, v.K, v.OH * v.OW});
}
// By phases: the pixels of dx whose row and column leave one remainder meet the same taps, at neighbouring places of dy.
static void conv2d_grad_x(Conv v, const f32 *w, const f32 *dy, f32 *dx, f32 *ws) {
  if (v.R == 3 && v.S == 3 && v.sh == v.sw && (v.sh == 1 || (v.sh == 2 && v.ph % 2 && v.pw % 2))) {
    const Form *form = v.sh == 1 ? &FORM_1 : &FORM_X;
    const ix up = form->up;
    const Taps g = {v.N, v.K, v.OH, v.OW, v.H, v.W, 3, 3, 1, 1, up == 1 ? v.ph - 2 : (v.ph - 1) / 2, up == 1 ? v.pw - 2 : (v.pw - 1) / 2};
    const Filters f = {w, 9, 9 * v.C, 8, -3, -1};
    const Planes o = {dx, v.C, v.H * v.W, v.H * v.W, 0, 1, 0};
    if (is_worth(form, &g)) { correlate_tiled(form, &g, &f, dy, &o, ws, 0); return; }
  }
  for (ix a = 0; a < imin(v.sh, v.H); a++) for (ix b = 0; b < imin(v.sw, v.W); b++) {
    const ix r0 = (a + v.ph) % v.sh, s0 = (b + v.pw) % v.sw;
    const ix R = r0 < v.R ? (v.R - 1 - r0) / v.sh + 1 : 0, S = s0 < v.S ? (v.S - 1 - s0) / v.sw + 1 : 0;
    const ix rows = (v.H - 1 - a) / v.sh + 1, cols = (v.W - 1 - b) / v.sw + 1, last = (r0 + (R - 1) * v.sh) * v.S + s0 + (S - 1) * v.sw;
    const Taps g = {v.N, v.K, v.OH, v.OW, rows, cols, R, S, 1, 1, (a + v.ph - r0) / v.sh - R + 1, (b + v.pw - s0) / v.sw - S + 1};
    const Filters f = {w, v.R * v.S, v.C * v.R * v.S, last, -v.sh * v.S, -v.sw};
    const int whole = v.sh == 1 && v.sw == 1;
    const Planes o = {dx, v.C, v.H * v.W, whole ? v.H * v.W : cols, v.sh * v.W, v.sw, a * v.W + b};
    correlate(&g, &f, dy, &o, ws, 0);
  }
  const ix filters = v.K * v.C * v.R * v.S;
  if (filters <= v.N * v.C * v.H * v.W && all_finite(filters, w)) return;
  for (ix c = 0; c < v.C; c++) {
    int finite = planes_finite(v.N, v.C, v.H * v.W, c, dx);
    if (finite) continue;
    finite = 1;
    for (ix m = 0; m < v.K && finite; m++) finite = all_finite(v.R * v.S, w + (m * v.C + c) * v.R * v.S);
    if (!finite) conv2d_grad_x_planes(v, c, w, dy, dx);
  }
}

// dwᵀ = lines · dyᵀ, a slice of pixels after the other.
static void lines_product(Conv v, const Taps *g, const f32 *x, const f32 *dy, f32 *dw, f32 *ws) {
  const ix pixels = v.OH * v.OW, total = v.N * pixels, width = v.C * v.R * v.S, pitch = KC + LINE_GAP;
  f32 *pa = ws, *pb = pa + MC_MOST * (KC + LINE_GAP), *line = pb + KC * (NC + NR_MOST);
  for (ix k0 = 0; k0 < v.K; k0 += NC) for (ix q0 = 0; q0 < total || !q0; q0 += KC) {
    const ix nk = imin(NC, v.K - k0), kc = imin(KC, total - q0);
    for (ix done = 0, n; done < kc; done += n) {
      const ix image = (q0 + done) / pixels, q = (q0 + done) % pixels;
      n = imin(kc - done, pixels - q);
      for (ix k = 0; k < nk; k += NR)
        pack_panel(NR, imin(NR, nk - k), n, dy + (image * v.K + k0 + k) * pixels + q, pixels, 1, pb + k * kc + done * NR);
    }
    for (ix r0 = 0; r0 < width; r0 += MC) {
      const ix rows = imin(MC, width - r0);
      put_lines(0, g, x, q0, kc, r0, rows, line, (Sink){pa, 0, pitch});
      for (ix k = 0; k < nk; k += NR) for (ix r = 0; r < rows; r += MR) {
        const ix mr = imin(MR, rows - r), nr = imin(NR, nk - k);
        f32 t[MR * NR] __attribute__((aligned(64)));
        if (nr > VL) tile_lines(mr, kc, pa + r * pitch, pitch, pb + k * kc, t);
        else tile_part(mr, nr, kc, pa + r * pitch, pitch, 1, pb + k * kc, NR, t, NR, 1);
        put_transposed(mr, nr, t, dw + (k0 + k) * width + r0 + r, width, q0 > 0);
      }
    }
  }
}
static void conv2d_grad_w(Conv v, const f32 *x, const f32 *dy, f32 *dw, f32 *ws) {
  const Taps g = {v.N, v.C, v.H, v.W, v.OH, v.OW, v.R, v.S, v.sh, v.sw, -v.ph, -v.pw};
  const ix pixels = v.OH * v.OW;
  if (v.N && pixels && v.R == 1 && v.S == 1 && v.sh == 1 && v.sw == 1 && !v.ph && !v.pw) {       // one tap that meets all pixels: dy · xᵀ
    for (ix n = 0; n < v.N; n++) gemm(0, 1, v.K, v.C, pixels, dy + n * v.K * pixels, pixels, x + n * v.C * pixels, pixels, dw, v.C, n ? dw : 0, v.C, 0, ws, 0);
    return;
  }
  if (form_of(&g) == &FORM_1) tiles_product(&g, v.K, x, dy, dw, ws);
  else lines_product(v, &g, x, dy, dw, ws);
  const ix taps = v.R * v.S;
  for (ix m = 0; m < v.K; m++) if (!all_finite(v.C * taps, dw + m * v.C * taps)) for (ix c = 0; c < v.C; c++) {
    f32 *d = dw + (m * v.C + c) * taps;
    for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++, d++) if (!(*d - *d == 0)) *d = conv2d_tap(v, m, c, r, s, x, dy);
  }
}
// Doubles are for checks, and go element by element.
#define CONV_WS_f64 0
static void conv2d_f64(Conv v, const f64 *x, const f64 *w, f64 *y, f64 *ws) {
  (void)ws;
  for (ix m = 0; m < v.K; m++) conv2d_planes_f64(v, m, x, w, y);
}
static void conv2d_grad_x_f64(Conv v, const f64 *w, const f64 *dy, f64 *dx, f64 *ws) {
  (void)ws;
  for (ix c = 0; c < v.C; c++) conv2d_grad_x_planes_f64(v, c, w, dy, dx);
}
static void conv2d_grad_w_f64(Conv v, const f64 *x, const f64 *dy, f64 *dw, f64 *ws) {
  (void)ws;
  for (ix m = 0; m < v.K; m++) for (ix c = 0; c < v.C; c++) for (ix r = 0; r < v.R; r++) for (ix s = 0; s < v.S; s++)
    *dw++ = conv2d_tap_f64(v, m, c, r, s, x, dy);
}
