// Convolution of float32 and its gradients as products of matrices: what conv.c does element by element.
//
// The pixels of all images are the columns of one long product, numbered image by image and row by row; the taps (channel,
// row, column) are its inner dim. What a tap meets is never stored as a whole: a line holds it for a block of pixels,
// padded with zeros. Taps one below the other meet the same line, a row further on, so it is read once for them all
// (a row of the result further on: no column is computed in vain). From lines the products are those of gemm.c, and an
// element is summed over taps, or over pixels, in one order whatever is computed beside it.
//
// Padding is no factor, so 0 times infinity must not happen there: what such numbers touch is computed again, plainly.

enum { LINE = 4096, LINE_GAP = 16 };
// Panels of taps or filters, as gemm's; rows of lines; a line.
#define CONV_WS (GEMM_WS + (ix)sizeof(f32) * (MC_MOST * LINE_GAP + LINE))

// Pixel (i, j) of an image of rows x cols meets at tap (t, u) the input (i·sh + top + t, j·sw + left + u).
typedef struct { ix images, channels, H, W, rows, cols, R, S, sh, sw, top, left; } Taps;

// What pixels q0, q0 + 1, … meet at the tap that is `top` and `left` off; zero outside.
static void read_line(const Taps *g, const f32 *x, ix top, ix left, Span inside, ix q0, ix n, f32 *to) {
  ix i = q0 / g->cols, j = q0 % g->cols;
  for (ix k; n > 0; n -= k, to += k, i++, j = 0) {
    const ix y = i * g->sh + top;
    k = imin(n, g->cols - j);
    if (y < 0 || y >= g->H) { fill(k, 0, to); continue; }
    const ix lo = imin(k, imax(0, inside.lo - j)), hi = imax(lo, imin(k, inside.hi - j));
    const f32 *from = x + y * g->W + left + j * g->sw;
    if (lo > 0) fill(lo, 0, to);
    if (g->sw == 1) VLOOP(hi - lo, { stk(to + lo + i, ldk(from + lo + i, k, 0), k); });
    else if (g->sw == 2) {
      ix at = lo;
      for (; at + VL < hi; at += VL) st(to + at, SHUFFLE(ld(from + 2 * at), ld(from + 2 * at + VL), EVENS));
      if (at < hi) stk(to + at, ld2k(from + 2 * at, (int)(hi - at), 0), (int)(hi - at));
    } else for (ix c = lo; c < hi; c++) to[c] = from[c * g->sw];
    if (hi < k) fill(k - hi, 0, to + hi);
  }
}
// The same line where it lies, or else in `room`. When rows are as wide as the image's, it is a piece of the plane, but for
// columns that a border cuts off.
static const f32 *line_of(const Taps *g, const f32 *x, ix top, ix left, ix q0, ix n, f32 *room) {
  const Span inside = reach(g->cols, g->W, g->sw, left);
  if (g->sh != 1 || g->sw != 1 || g->W != g->cols) {
    read_line(g, x, top, left, inside, q0, n, room);
    return room;
  }
  const ix from = q0 + top * g->W + left, lo = imin(n, imax(0, -from)), hi = imax(lo, imin(n, g->H * g->W - from));
  if (lo == 0 && hi == n && left == 0) return x + from;
  fill(lo, 0, room);
  VLOOP(hi - lo, { stk(room + lo + i, ldk(x + from + lo + i, k, 0), k); });
  fill(n - hi, 0, room + hi);
  for (ix j = 0; j < g->cols; j++) if (j < inside.lo || j >= inside.hi) for (ix at = (j - q0 % g->cols + g->cols) % g->cols; at < n; at += g->cols) room[at] = 0;
  return room;
}

// Where lines go: to columns of packed panels, or to rows of their own.
typedef struct { f32 *d; ix k, pitch; } Sink;
INLINE void put_line(const int panels, ix n, const f32 *line, ix tap, ix column, Sink to) {
  if (!panels) {
    VLOOP(n, { stk(to.d + tap * to.pitch + column + i, ldk(line + i, k, 0), k); });
    return;
  }
  for (ix step; n > 0; n -= step, line += step, column += step) {
    const ix at = column % NR;
    f32 *d = to.d + (column - at) * to.k + tap * NR + at;
    step = imin(n, NR - at);
    if (step == NR) { UNROLL for (int j = 0; j < NR; j += VL) st(d + j, ld(line + j)); }
    else VLOOP(step, { stk(d + i, ldk(line + i, k, 0), k); });
  }
}
// What `n` pixels from `first` on, of all images, meet at the taps p0 .. p0 + k - 1.
INLINE void put_lines(const int panels, const Taps *g, const f32 *x, ix first, ix n, ix p0, ix k, f32 *room, Sink to) {
  const ix size = g->H * g->W, pixels = g->rows * g->cols, taps = g->R * g->S;
  for (ix done = 0, part; done < n; done += part) {
    const ix image = (first + done) / pixels, q = (first + done) % pixels;
    const f32 *planes = x + image * g->channels * size;
    part = imin(n - done, pixels - q);
    const ix most = (LINE - part) / g->cols + 1;                       // taps below each other that a line serves
    for (ix c = p0 / taps; c * taps < p0 + k; c++)
      for (ix a = 0; a < imin(g->sh, g->R); a++) for (ix t0 = a, t1; t0 < g->R; t0 = t1) {
        const ix served = imin(most, (g->R - 1 - t0) / g->sh + 1);
        t1 = t0 + served * g->sh;
        for (ix u = 0; u < g->S; u++) {
          const ix from = c * taps + t0 * g->S + u - p0, step = g->sh * g->S;      // of the taps, the first here, and the next
          if (from >= k || from + (served - 1) * step < 0) continue;
          const f32 *line = line_of(g, planes + c * size, g->top + t0, g->left + u, q, part + (served - 1) * g->cols, room);
          for (ix s = 0, p = from; s < served; s++, p += step) if (p >= 0 && p < k) put_line(panels, part, line + s * g->cols, p, done, to);
        }
      }
  }
}

// A result: M planes an image; pixel (i, j) lies at first + i·down + j·across of its plane. Contiguous pixels are one row.
typedef struct { f32 *y; ix M, plane, cols, down, across, first; } Planes;
// mr x nr of a product, from plane m and pixel `pixel` of all images on.
static void scatter_tile(ix mr, ix nr, const f32 *t, const Planes *o, ix pixels, ix m, ix pixel, int add) {
  for (ix at = 0, n; at < nr; at += n) {
    const ix image = (pixel + at) / pixels, q = (pixel + at) % pixels, i = q / o->cols, j = q % o->cols;
    f32 *y = o->y + (image * o->M + m) * o->plane + o->first + i * o->down + j * o->across;
    n = imin(nr - at, o->cols - j);
    for (ix r = 0; r < mr; r++, y += o->plane) {
      const f32 *s = t + r * NR + at;
      if (o->across == 1) VLOOP(n, { const vf v = ldk(s + i, k, 0); stk(y + i, add ? ldk(y + i, k, 0) + v : v, k); });
      else if (add) for (ix c = 0; c < n; c++) y[c * o->across] += s[c];
      else for (ix c = 0; c < n; c++) y[c * o->across] = s[c];
    }
  }
}

// Filter m holds tap (c, t, u) at m·sm + c·sc + first + t·down + u·across.
typedef struct { const f32 *w; ix sm, sc, first, down, across; } Filters;
// Rows of filters, taps p0 .. p0 + k - 1 of them, in panels of MR. Those that lie one behind the other are read so.
static void pack_filters(const Taps *g, const Filters *f, ix m0, ix rows, ix p0, ix k, f32 *d) {
  const f32 *w = f->w + m0 * f->sm + f->first;
  if (f->across == 1 && f->down == g->S && f->sc == g->R * g->S) { pack_a(rows, k, w + p0, f->sm, 1, d); return; }
  // Neighbouring rows of one channel lie side by side; taps of a filter are in order, or in reverse.
  const ix area = g->R * g->S;
  const int reversed = f->across == -1 && f->down == -g->S;
  for (ix c = p0 / area, p = c * area - p0; p < k; c++, p += area) {
    const ix lo = imax(0, -p), hi = imin(area, k - p);
    for (ix r = 0; r < rows; r += MR) {
      const f32 *from = w + r * f->sm + c * f->sc;
      f32 *to = d + r * k + p * MR;
      const ix there = imin(MR, rows - r);
      ix q = lo;
      if (reversed && there == MR && MR % 4 == 0) for (; q + 4 <= hi; q += 4) UNROLL for (int i = 0; i < MR / 4 * 4; i += 4) {
        const f32 *s = from + i * f->sm - q - 3;
        v4 x0 = ld4(s), x1 = ld4(s + f->sm), x2 = ld4(s + 2 * f->sm), x3 = ld4(s + 3 * f->sm);
        transpose4(&x0, &x1, &x2, &x3);
        f32 *y = to + q * MR + i;
        st4(y, x3); st4(y + MR, x2); st4(y + 2 * MR, x1); st4(y + 3 * MR, x0);
      }
      for (; q < hi; q++) {
        const f32 *s = from + q / g->S * f->down + q % g->S * f->across;
        if (there == MR) { UNROLL for (int i = 0; i < MR; i++) to[q * MR + i] = s[i * f->sm]; }
        else for (ix i = 0; i < MR; i++) to[q * MR + i] = i < there ? s[i * f->sm] : 0;
      }
    }
  }
}

// o = filters · what they meet. What follows has images, planes and the pixels of one as its extents.
static void correlate(const Taps *g, const Filters *f, const f32 *x, const Planes *o, f32 *ws, Then *then) {
  const ix pixels = g->rows * g->cols, total = g->images * pixels, K = g->channels * g->R * g->S;
  const Cut of = cut(K);
  const ix step = of.panel;
  f32 *pa = ws, *pb = pa + MC_MOST * KC, *line = pb + KC * (NC + NR_MOST);
  for (ix j0 = 0; j0 < total; j0 += NC) for (ix p0 = 0; p0 < K || !p0; p0 += step) {
    const ix nc = imin(NC, total - j0), kc = imin(step, K - p0);
    if (nc % NR) fill(kc * NR, 0, pb + nc / NR * NR * kc);
    if (kc) put_lines(1, g, x, j0, nc, p0, kc, line, (Sink){pb, kc, 0});
    for (ix i0 = 0; i0 < o->M; i0 += MC) {
      const ix mc = imin(MC, o->M - i0);
      if (kc) pack_filters(g, f, i0, mc, p0, kc, pa);
      for (ix j = 0; j < nc; j += NR) {
        const ix nr = imin(NR, nc - j), image = (j0 + j) / pixels, q = (j0 + j) % pixels;
        const int whole = nr == NR && o->across == 1 && q % o->cols + NR <= o->cols;
        f32 *y = o->y + image * o->M * o->plane + o->first + q / o->cols * o->down + q % o->cols;
        for (ix i = 0; i < mc; i += MR) {
          const ix mr = imin(MR, mc - i);
          f32 *c = y + (i0 + i) * o->plane;
          if (whole && mr == MR) { tile_to(kc, of.slice, pa + i * kc, pb + j * kc, MR, NR, (Out){c, o->plane, 0, 0, 0, p0 > 0}); continue; }
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

// What a filter that is not finite touches is not finite either, so a look at the result is enough where that is.
static int planes_finite(ix images, ix planes, ix size, ix m, const f32 *y) {
  for (ix n = 0; n < images; n++) if (!all_finite(size, y + (n * planes + m) * size)) return 0;
  return 1;
}
static void conv2d(Conv v, const f32 *x, const f32 *w, f32 *y, f32 *ws, Then *then) {
  const Taps g = {v.N, v.C, v.H, v.W, v.OH, v.OW, v.R, v.S, v.sh, v.sw, -v.ph, -v.pw};
  const Filters f = {w, v.C * v.R * v.S, v.R * v.S, 0, v.S, 1};
  const Planes o = {y, v.K, v.OH * v.OW, v.OH * v.OW, 0, 1, 0};
  // What follows may change what it takes: where a filter is not finite it comes last.
  const int early = then && all_finite(v.K * v.C * v.R * v.S, w);
  correlate(&g, &f, x, &o, ws, early ? then : 0);
  if (early) return;
  for (ix m = 0; m < v.K; m++)
    if (!planes_finite(v.N, v.K, v.OH * v.OW, m, y) && !all_finite(v.C * v.R * v.S, w + m * v.C * v.R * v.S)) conv2d_planes(v, m, x, w, y);
  if (then) follow(then, (ix[4]){0, 0, 0, 0}, (ix[4]){1, v.N, v.K, v.OH * v.OW});
}
// By phases: the pixels of dx whose row and column leave one remainder meet the same taps, at neighbouring places of dy.
static void conv2d_grad_x(Conv v, const f32 *w, const f32 *dy, f32 *dx, f32 *ws) {
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
  for (ix c = 0; c < v.C; c++) {
    int finite = planes_finite(v.N, v.C, v.H * v.W, c, dx);
    if (finite) continue;
    finite = 1;
    for (ix m = 0; m < v.K && finite; m++) finite = all_finite(v.R * v.S, w + (m * v.C + c) * v.R * v.S);
    if (!finite) conv2d_grad_x_planes(v, c, w, dy, dx);
  }
}

// rows x NR of t = A·B, A as its rows lie.
static NOINLINE void tile_lines(ix mr, ix k, const f32 *a, ix rsa, const f32 *b, f32 *t) {
  enum { ldb = NR, ldt = NR, first = 1 };
  TILES(NV, rsa, 1);
}
// c[j][i] (+)= t[i][j]
static void put_transposed(ix rows, ix cols, const f32 *t, f32 *c, ix ldc, int add) {
  ix i = 0;
  for (; i + 4 <= rows; i += 4) {
    const f32 *s = t + i * NR;
    ix j = 0;
    for (; j + 4 <= cols; j += 4, s += 4) {
      v4 p = ld4(s), q = ld4(s + NR), r = ld4(s + 2 * NR), u = ld4(s + 3 * NR);
      f32 *d = c + j * ldc + i;
      transpose4(&p, &q, &r, &u);
      if (add) p += ld4(d), q += ld4(d + ldc), r += ld4(d + 2 * ldc), u += ld4(d + 3 * ldc);
      st4(d, p); st4(d + ldc, q); st4(d + 2 * ldc, r); st4(d + 3 * ldc, u);
    }
    for (; j < cols; j++, s++) for (ix q = 0; q < 4; q++) { f32 *d = c + j * ldc + i + q; *d = add ? *d + s[q * NR] : s[q * NR]; }
  }
  for (; i < rows; i++) for (ix j = 0; j < cols; j++) { f32 *d = c + j * ldc + i; *d = add ? *d + t[i * NR + j] : t[i * NR + j]; }
}
// dwᵀ = lines · dyᵀ, a slice of pixels after the other.
static void conv2d_grad_w(Conv v, const f32 *x, const f32 *dy, f32 *dw, f32 *ws) {
  const Taps g = {v.N, v.C, v.H, v.W, v.OH, v.OW, v.R, v.S, v.sh, v.sw, -v.ph, -v.pw};
  const ix pixels = v.OH * v.OW, total = v.N * pixels, width = v.C * v.R * v.S, pitch = KC + LINE_GAP;
  if (total && v.R == 1 && v.S == 1 && v.sh == 1 && v.sw == 1 && !v.ph && !v.pw) {       // one tap that meets all pixels: dy · xᵀ
    for (ix n = 0; n < v.N; n++) gemm(0, 1, v.K, v.C, pixels, dy + n * v.K * pixels, pixels, x + n * v.C * pixels, pixels, dw, v.C, n ? dw : 0, v.C, 0, ws, 0);
    return;
  }
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
      put_lines(0, &g, x, q0, kc, r0, rows, line, (Sink){pa, 0, pitch});
      for (ix k = 0; k < nk; k += NR) for (ix r = 0; r < rows; r += MR) {
        const ix mr = imin(MR, rows - r), nr = imin(NR, nk - k);
        f32 t[MR * NR] __attribute__((aligned(64)));
        if (nr > VL) tile_lines(mr, kc, pa + r * pitch, pitch, pb + k * kc, t);
        else tile_part(mr, nr, kc, pa + r * pitch, pitch, 1, pb + k * kc, NR, t, NR, 1);
        put_transposed(mr, nr, t, dw + (k0 + k) * width + r0 + r, width, q0 > 0);
      }
    }
  }
  for (ix m = 0; m < v.K; m++) for (ix c = 0; c < v.C; c++) {
    f32 *d = dw + (m * v.C + c) * v.R * v.S;
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
