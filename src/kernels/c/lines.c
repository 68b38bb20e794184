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
#define LINES_WS (GEMM_WS + (ix)sizeof(f32) * (MC_MOST * LINE_GAP + LINE))

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
