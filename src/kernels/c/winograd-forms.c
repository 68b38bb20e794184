// Winograd's small algorithms for 3 × 3 taps (Lavin & Gray 2016, "Fast algorithms for convolutional neural networks"): a tile of
// the image and the taps are transformed by sums alone, multiplied place by place, and sums of that are the pixels. What is
// halved is the result, so that neither large nor small numbers lose digits on the way.
//
//   stride 1             4 × 4 of the image, 16 products to 2 × 2 pixels, which take 36 one by one
//   stride 2             5 × 5, 25 products to 2 × 2 pixels instead of 36: rows and columns of each parity are for themselves
//   stride 2, gradient   3 × 3, 25 products to 4 × 4 pixels instead of 36
//
// Each number of a tile counts for just those pixels that it reaches, so what is not finite stays where it belongs.

enum { PLACES = 16, PLACES_MOST = 25, GAP = 16 };

// 3 × 3 taps of MR filters (and what lies behind them, when MR is no multiple of VL) to 4 × 4, `pitch` apart: for stride 1
// taps 0, 0 + 1 + 2, 0 - 1 + 2 and 2 of rows and columns, for stride 2 taps 0, 0 + 2, 2 and 1.
INLINE void tile_filters(const int stride, const f32 *g, f32 *u, ix pitch) {
  for (int i = 0; i < MR; i += VL) {
    vf a[4][3];
    UNROLL for (int c = 0; c < 3; c++) {
      const vf g0 = ld(g + c * MR + i), g1 = ld(g + (3 + c) * MR + i), g2 = ld(g + (6 + c) * MR + i), s = g0 + g2;
      a[0][c] = g0; a[1][c] = stride == 1 ? s + g1 : s; a[2][c] = stride == 1 ? s - g1 : g2; a[3][c] = stride == 1 ? g2 : g1;
    }
    UNROLL for (int r = 0; r < 4; r++) {
      const vf s = a[r][0] + a[r][2];
      f32 *to = u + 4 * r * pitch + i;
      st(to, a[r][0]); st(to + pitch, stride == 1 ? s + a[r][1] : s);
      st(to + 2 * pitch, stride == 1 ? s - a[r][1] : a[r][2]); st(to + 3 * pitch, stride == 1 ? a[r][2] : a[r][1]);
    }
  }
}
static void tile_filters_1(const f32 *g, f32 *u, ix pitch) { tile_filters(1, g, u, pitch); }
static void tile_filters_2(const f32 *g, f32 *u, ix pitch) { tile_filters(2, g, u, pitch); }

// n tiles of a row, from rows of the padded image, `width` apart, to its places.
static void tile_image_1(const f32 *x, ix width, ix n, f32 *v, ix pitch) {
  for (ix q = 0; q < n; q += VL) {
    const int k = (int)imin(VL, n - q);
    vf a[4][4];
    UNROLL for (int r = 0; r < 4; r++) {
      const f32 *p = x + r * width + 2 * q;
      const vf w0 = ld(p), w1 = ld(p + VL), w2 = ld(p + 2), w3 = ld(p + 2 + VL);
      const vf d0 = SHUFFLE(w0, w1, EVENS), d1 = SHUFFLE(w0, w1, ODDS), d2 = SHUFFLE(w2, w3, EVENS), d3 = SHUFFLE(w2, w3, ODDS);
      a[r][0] = d0 - d2; a[r][1] = d1 + d2; a[r][2] = d2 - d1; a[r][3] = d1 - d3;
    }
    UNROLL for (int c = 0; c < 4; c++) {
      f32 *to = v + c * pitch + q;
      stk(to, a[0][c] - a[2][c], k); stk(to + 4 * pitch, a[1][c] + a[2][c], k);
      stk(to + 8 * pitch, a[2][c] - a[1][c], k); stk(to + 12 * pitch, a[1][c] - a[3][c], k);
    }
  }
}
// The same of 25 places: `a` has two differences, what they have in common and what goes alone, of each row.
INLINE void tile_rows_2(vf a[5][5], const int e0, const int e1, const int e2, const int o0, const int o1, f32 *v, ix pitch, int k) {
  UNROLL for (int c = 0; c < 5; c++) {
    f32 *to = v + c * pitch;
    stk(to, a[e0][c] - a[e1][c], k); stk(to + 5 * pitch, a[e1][c], k); stk(to + 10 * pitch, a[e2][c] - a[e1][c], k);
    stk(to + 15 * pitch, a[o0][c], k); stk(to + 20 * pitch, a[o1][c], k);
  }
}
static void tile_image_2(const f32 *x, ix width, ix n, f32 *v, ix pitch) {
  for (ix q = 0; q < n; q += VL) {
    vf a[5][5];
    UNROLL for (int r = 0; r < 5; r++) {
      const f32 *p = x + r * width + 4 * q;
      const vf w0 = ld(p), w1 = ld(p + VL), w2 = ld(p + 2 * VL), w3 = ld(p + 3 * VL);
      const vf even0 = SHUFFLE(w0, w1, EVENS), even1 = SHUFFLE(w2, w3, EVENS), odd0 = SHUFFLE(w0, w1, ODDS), odd1 = SHUFFLE(w2, w3, ODDS);
      const vf next0 = SHUFFLE(ld(p + 4), ld(p + VL + 4), EVENS), next1 = SHUFFLE(ld(p + 2 * VL + 4), ld(p + 3 * VL + 4), EVENS);
      const vf e0 = SHUFFLE(even0, even1, EVENS), e1 = SHUFFLE(even0, even1, ODDS), e2 = SHUFFLE(next0, next1, EVENS);
      a[r][0] = e0 - e1; a[r][1] = e1; a[r][2] = e2 - e1;
      a[r][3] = SHUFFLE(odd0, odd1, EVENS); a[r][4] = SHUFFLE(odd0, odd1, ODDS);
    }
    tile_rows_2(a, 0, 2, 4, 1, 3, v + q, pitch, (int)imin(VL, n - q));
  }
}
static void tile_image_x(const f32 *x, ix width, ix n, f32 *v, ix pitch) {
  for (ix q = 0; q < n; q += VL) {
    vf a[5][5];
    UNROLL for (int r = 0; r < 3; r++) {
      const f32 *p = x + r * width + 2 * q;
      const vf w0 = ld(p), w1 = ld(p + VL), e0 = SHUFFLE(w0, w1, EVENS), e1 = SHUFFLE(w0, w1, ODDS), e2 = SHUFFLE(ld(p + 2), ld(p + 2 + VL), EVENS);
      a[r][0] = e0 - e1; a[r][1] = e1; a[r][2] = e2 - e1; a[r][3] = e0; a[r][4] = e1;
    }
    tile_rows_2(a, 0, 1, 2, 0, 1, v + q, pitch, (int)imin(VL, n - q));
  }
}

// From places of n tiles, at most NR, to rows of pixels, one tile beside the other.
enum { UNTILED = 4 * NR };
static void untile_1(const f32 *m, ix pitch, ix n, f32 *y) {
  const vf half = splat(0.5f);
  for (ix q = 0; q < n; q += VL) {
    vf a[2][4];
    UNROLL for (int c = 0; c < 4; c++) {
      const f32 *p = m + c * pitch + q;
      const vf m1 = ld(p + 4 * pitch), m2 = ld(p + 8 * pitch);
      a[0][c] = madd(half, m1 + m2, ld(p)); a[1][c] = madd(half, m1 - m2, -ld(p + 12 * pitch));
    }
    UNROLL for (int r = 0; r < 2; r++) {
      f32 *to = y + r * UNTILED + 2 * q;
      const vf y0 = madd(half, a[r][1] + a[r][2], a[r][0]), y1 = madd(half, a[r][1] - a[r][2], -a[r][3]);
      st(to, SHUFFLE(y0, y1, LOWER)); st(to + VL, SHUFFLE(y0, y1, UPPER));
    }
  }
}
static void untile_2(const f32 *m, ix pitch, ix n, f32 *y) {
  for (ix q = 0; q < n; q += VL) {
    vf a[2][5];
    UNROLL for (int c = 0; c < 5; c++) {
      const f32 *p = m + c * pitch + q;
      const vf m1 = ld(p + 5 * pitch);
      a[0][c] = ld(p) + m1 + ld(p + 15 * pitch); a[1][c] = m1 + ld(p + 10 * pitch) + ld(p + 20 * pitch);
    }
    UNROLL for (int r = 0; r < 2; r++) {
      f32 *to = y + r * UNTILED + 2 * q;
      const vf y0 = a[r][0] + a[r][1] + a[r][3], y1 = a[r][1] + a[r][2] + a[r][4];
      st(to, SHUFFLE(y0, y1, LOWER)); st(to + VL, SHUFFLE(y0, y1, UPPER));
    }
  }
}
static void untile_x(const f32 *m, ix pitch, ix n, f32 *y) {
  for (ix q = 0; q < n; q += VL) {
    vf a[4][5];
    UNROLL for (int c = 0; c < 5; c++) {
      const f32 *p = m + c * pitch + q;
      const vf m1 = ld(p + 5 * pitch);
      a[0][c] = ld(p + 15 * pitch); a[1][c] = ld(p) + m1; a[2][c] = ld(p + 20 * pitch); a[3][c] = m1 + ld(p + 10 * pitch);
    }
    UNROLL for (int r = 0; r < 4; r++) {
      f32 *to = y + r * UNTILED + 4 * q;
      const vf y1 = a[r][0] + a[r][1], y3 = a[r][1] + a[r][2];
      const vf even0 = SHUFFLE(a[r][3], a[r][4], LOWER), even1 = SHUFFLE(a[r][3], a[r][4], UPPER), odd0 = SHUFFLE(y1, y3, LOWER), odd1 = SHUFFLE(y1, y3, UPPER);
      st(to, SHUFFLE(even0, odd0, LOWER)); st(to + VL, SHUFFLE(even0, odd0, UPPER));
      st(to + 2 * VL, SHUFFLE(even1, odd1, LOWER)); st(to + 3 * VL, SHUFFLE(even1, odd1, UPPER));
    }
  }
}

// Of rows and of columns: how many places; from a tile's first number to the next one's, and how many more it takes; pixels of
// a tile; pixels on one number, where the image is the gradient of a result.
typedef void TileRow(const f32 *x, ix width, ix n, f32 *v, ix pitch);
typedef struct { int places, step, more, out, up; void (*filters)(const f32 *, f32 *, ix); TileRow *image; void (*untile)(const f32 *, ix, ix, f32 *); } Form;
static const Form FORM_1 = {4, 2, 2, 2, 1, tile_filters_1, tile_image_1, untile_1};
static const Form FORM_2 = {5, 4, 1, 2, 1, tile_filters_2, tile_image_2, untile_2};
static const Form FORM_X = {5, 2, 1, 4, 2, tile_filters_2, tile_image_x, untile_x};
