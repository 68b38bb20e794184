// Correlation with 3 × 3 taps, a pixel after the other, by Winograd's F(2×2, 3×3) (Lavin & Gray 2016, "Fast algorithms for
// convolutional neural networks"): 4 × 4 numbers of the image meet the filter in 16 products where 2 × 2 pixels one by one
// take 36. Image and filters are transformed by sums alone; what is halved is the result, so that neither large nor small
// numbers lose digits on the way. Errors are those of the sums over channels, which are nine times shorter.
//
// Tiles of 2 × 2 pixels are numbered image by image and row by row, from an image's first pixel on. A block of them is
// transformed for all channels, and with it some rows of filters after the other, so that for each of the 16 places there is
// a product of matrices, channels its inner dim. Padding is zeros here, which are finite, and what is not finite reaches the
// same pixels as it does one by one, but not as the same ∞ or NaN: those pixels are computed again, plainly.

enum { PLACES = 16, TILED_CHANNELS = 512, TILED_ROWS = 96, TILED_TERMS = 32, PACKED = 16, PADDED = 1 << 14, GAP = 16 };
enum { ROOM_V = PLACES * (TILED_CHANNELS * (2 * NR_MOST + GAP) + GAP), ROOM_U = PLACES * (TILED_CHANNELS * 12 + GAP), ROOM_M = PLACES * (TILED_ROWS * NR_MOST + GAP) };
#define WINOGRAD_WS ((ix)sizeof(f32) * (ROOM_V + ROOM_U + ROOM_M + PADDED))

// What is worth it: enough channels, and not too many pixels that a tile has beyond the border.
static int is_tiled(const Taps *g) {
  const ix down = (g->rows + 1) / 2, across = (g->cols + 1) / 2;
  return g->R == 3 && g->S == 3 && g->sh == 1 && g->sw == 1 && g->channels >= 16 && 4 * (2 * across + 2 + 2 * VL) <= PADDED
    && 5 * PLACES * down * across <= 4 * 9 * g->rows * g->cols;
}

// 3 × 3 taps of MR filters (and what lies behind them, when MR is no multiple of VL) to 4 × 4, `pitch` apart.
static void tile_filters(const f32 *g, f32 *u, ix pitch) {
  for (int i = 0; i < MR; i += VL) {
    vf a[4][3];
    UNROLL for (int c = 0; c < 3; c++) {
      const vf g0 = ld(g + c * MR + i), g1 = ld(g + (3 + c) * MR + i), g2 = ld(g + (6 + c) * MR + i), s = g0 + g2;
      a[0][c] = g0; a[1][c] = s + g1; a[2][c] = s - g1; a[3][c] = g2;
    }
    UNROLL for (int r = 0; r < 4; r++) {
      const vf s = a[r][0] + a[r][2];
      f32 *to = u + 4 * r * pitch + i;
      st(to, a[r][0]); st(to + pitch, s + a[r][1]); st(to + 2 * pitch, s - a[r][1]); st(to + 3 * pitch, a[r][2]);
    }
  }
}
// Channels c0 .. c0 + n - 1 of some filters, as the panels of MR rows that a product takes; a place's are `pitch` apart.
static void tile_filter_rows(const Taps *g, const Filters *f, ix m0, ix rows, ix c0, ix n, f32 *u, ix pitch) {
  f32 packed[PACKED * 9 * MR + VL];
  for (ix r = 0; r < rows; r += MR) for (ix c = 0; c < n; c += PACKED) {
    const ix k = imin(PACKED, n - c);
    pack_filters(g, f, m0 + r, imin(MR, rows - r), 9 * (c0 + c), 9 * k, packed);
    for (ix i = 0; i < k; i++) tile_filters(packed + 9 * i * MR, u + r * n + (c + i) * MR, pitch);   // upwards: a store may end in the next place
  }
}

// Tile (i, j) of an image, and how many of its row follow, itself among them.
typedef struct { ix image, i, j, n; } TileRun;
INLINE TileRun run_at(ix down, ix across, ix tile, ix n) {
  const ix j = tile % across, i = tile / across;
  return (TileRun){i / down, i % down, j, imin(n, across - j)};
}

// n tiles of a row, from rows of the padded image, `width` apart, to 16 places.
typedef void TileRow(const f32 *x, ix width, ix n, f32 *v, ix pitch);
static void tile_image(const f32 *x, ix width, ix n, f32 *v, ix pitch) {
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
// Tiles t0 .. t0 + n - 1 of channels c0 .. : channel c has row c of each place.
static void tile_images(TileRow *tile, const Taps *g, const f32 *x, ix t0, ix n, ix c0, ix channels, f32 *v, ix row, ix pitch, f32 *padded) {
  const ix down = (g->rows + 1) / 2, across = (g->cols + 1) / 2, width = 2 * across + 2 + 2 * VL, most = (PADDED / width - 2) / 2;
  const ix lo = imax(0, -g->left), hi = imin(2 * across + 2, g->W - g->left);
  for (ix c = 0; c < channels; c++) for (ix at = 0, part; at < n; at += part) {
    const TileRun run = run_at(down, across, t0 + at, n - at);
    const ix rows = imin(imin(most, down - run.i), (run.j + n - at - 1) / across + 1);     // of tiles, in this image and the block
    part = imin(n - at, rows * across - run.j);
    const f32 *plane = x + (run.image * g->channels + c0 + c) * g->H * g->W;
    for (ix r = 0; r < 2 * rows + 2; r++) {
      const ix y = 2 * run.i + g->top + r;
      f32 *to = padded + r * width;
      if (y < 0 || y >= g->H || hi <= lo) { fill(2 * across + 2, 0, to); continue; }
      fill(lo, 0, to);
      VLOOP(hi - lo, { stk(to + lo + i, ldk(plane + y * g->W + g->left + lo + i, k, 0), k); });
      fill(2 * across + 2 - hi, 0, to + hi);
    }
    for (ix r = 0, done = 0, k; r < rows; r++, done += k) {
      const ix j = r ? 0 : run.j;
      k = imin(across - j, part - done);
      tile(padded + 2 * r * width + 2 * j, width, k, v + c * row + at + done, pitch);
    }
  }
}

// A pixel, in doubles, tap by tap until it is NaN.
static f32 correlate_pixel(const Taps *g, const Filters *f, const f32 *x, ix image, ix m, ix i, ix j) {
  double sum = 0;
  for (ix c = 0; c < g->channels && sum == sum; c++) for (ix t = 0; t < g->R; t++) for (ix u = 0; u < g->S; u++) {
    const ix y = i * g->sh + g->top + t, z = j * g->sw + g->left + u;
    if (y < 0 || y >= g->H || z < 0 || z >= g->W) continue;
    sum += (double)f->w[m * f->sm + c * f->sc + f->first + t * f->down + u * f->across] * x[((image * g->channels + c) * g->H + y) * g->W + z];
  }
  return (f32)sum;
}

// A tile of one place's product.
static NOINLINE void tile_place(ix mr, ix nr, ix k, ix slice, const f32 *u, const f32 *v, ix row, f32 *m) {
  if (mr < MR || nr <= VL) { tile_sums(mr, nr, k, slice, u, 1, MR, v, row, m, NR); return; }
  vf acc[MR][NV];
  tile_whole(k, slice, u, v, row, m, acc);
  UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) st(m + i * NR + j * VL, acc[i][j]);
}

// From 16 places of n tiles to two rows of pixels, one tile beside the other.
static void untile(const f32 *m, ix pitch, ix n, f32 *top, f32 *bottom) {
  const vf half = splat(0.5f);
  for (ix q = 0; q < n; q += VL) {
    vf a[2][4];
    UNROLL for (int c = 0; c < 4; c++) {
      const f32 *p = m + c * pitch + q;
      const vf m1 = ld(p + 4 * pitch), m2 = ld(p + 8 * pitch);
      a[0][c] = madd(half, m1 + m2, ld(p)); a[1][c] = madd(half, m1 - m2, -ld(p + 12 * pitch));
    }
    UNROLL for (int r = 0; r < 2; r++) {
      f32 *to = (r ? bottom : top) + 2 * q;
      const vf y0 = madd(half, a[r][1] + a[r][2], a[r][0]), y1 = madd(half, a[r][1] - a[r][2], -a[r][3]);
      st(to, SHUFFLE(y0, y1, LOWER)); st(to + VL, SHUFFLE(y0, y1, UPPER));
    }
  }
}
// Some rows of a product's 16 places to pixels of the tiles from t0 on; whether all that is there now is finite.
static int untile_rows(const Taps *g, const Planes *o, ix m0, ix rows, ix t0, ix n, const f32 *m, ix pitch, int add) {
  const ix down = (g->rows + 1) / 2, across = (g->cols + 1) / 2;
  f32 line[2][2 * NR];
  vf bad = splat(0);
  for (ix r = 0; r < rows; r++, m += NR) {
    untile(m, pitch, n, line[0], line[1]);
    TileRun run;
    for (ix at = 0; at < n; at += run.n) {
      run = run_at(down, across, t0 + at, n - at);
      const ix pixels = imin(2 * run.n, g->cols - 2 * run.j);
      f32 *y = o->y + (run.image * o->M + m0 + r) * o->plane + 2 * (run.i * g->cols + run.j);
      for (ix b = 0; b < imin(2, g->rows - 2 * run.i); b++, y += g->cols) VLOOP(pixels, {
        vf v = ldk(line[b] + 2 * at + i, k, 0);
        if (add) v += ldk(y + i, k, 0);
        bad = madd(v, splat(0), bad);
        stk(y + i, v, k);
      });
    }
  }
  return hsum(bad) == 0;
}
static void mend(const Taps *g, const Filters *f, const f32 *x, const Planes *o, ix m0, ix rows, ix t0, ix n) {
  const ix down = (g->rows + 1) / 2, across = (g->cols + 1) / 2;
  for (ix t = t0; t < t0 + n; t++) for (ix m = m0; m < m0 + rows; m++) {
    const TileRun run = run_at(down, across, t, 1);
    for (ix i = 2 * run.i; i < imin(2 * run.i + 2, g->rows); i++) for (ix j = 2 * run.j; j < imin(2 * run.j + 2, g->cols); j++) {
      f32 *y = o->y + (run.image * o->M + m) * o->plane + i * g->cols + j;
      if (!(*y - *y == 0)) *y = correlate_pixel(g, f, x, run.image, m, i, j);
    }
  }
}

// As correlate, of what is_tiled: pixels of a plane lie side by side.
static void correlate_tiled(const Taps *g, const Filters *f, const f32 *x, const Planes *o, f32 *ws, Then *then) {
  const ix down = (g->rows + 1) / 2, across = (g->cols + 1) / 2, total = g->images * down * across, pixels = g->rows * g->cols;
  const ix most = imin(TILED_CHANNELS, g->channels);
  const ix tiles = imin((ROOM_V / PLACES - GAP) / most - GAP, up(total, NR)) / NR * NR, row = tiles + GAP;
  const ix filters = imax(MR, imin(TILED_ROWS, (ROOM_U / PLACES - GAP) / most) / MR * MR);
  f32 *v = ws, *u = v + ROOM_V, *m = u + ROOM_U, *padded = m + ROOM_M;
  for (ix t0 = 0, next = 0; t0 < total; t0 += tiles) {
    const ix n = imin(tiles, total - t0);
    for (ix c0 = 0; c0 < g->channels; c0 += most) {
      const ix channels = imin(most, g->channels - c0), pitch_v = channels * row + GAP;
      const ix slices = (channels + TILED_TERMS - 1) / TILED_TERMS, slice = (channels + slices - 1) / slices;
      tile_images(tile_image, g, x, t0, n, c0, channels, v, row, pitch_v, padded);
      for (ix m0 = 0; m0 < o->M; m0 += filters) {
        const ix rows = imin(filters, o->M - m0), pitch_u = up(rows, MR) * channels + GAP, pitch_m = up(rows, MR) * NR + GAP;
        tile_filter_rows(g, f, m0, rows, c0, channels, u, pitch_u);
        for (ix j = 0; j < n; j += NR) {
          const ix nr = imin(NR, n - j);
          for (ix p = 0; p < PLACES; p++) for (ix i = 0; i < rows; i += MR)
            tile_place(imin(MR, rows - i), nr, channels, slice, u + p * pitch_u + i * channels, v + p * pitch_v + j, row, m + p * pitch_m + i * NR);
          const int finite = untile_rows(g, o, m0, rows, t0 + j, nr, m, pitch_m, c0 > 0);
          if (!finite && c0 + channels == g->channels) mend(g, f, x, o, m0, rows, t0 + j, nr);
        }
      }
    }
    // What follows takes the rows of tiles that are whole by now.
    for (ix done, k; then && next < (done = (t0 + n) / across); next += k) {
      const ix image = next / down, i = next % down;
      k = imin(done - next, down - i);
      follow(then, (ix[4]){0, image, 0, 2 * i * g->cols}, (ix[4]){1, image + 1, o->M, imin(pixels, 2 * (i + k) * g->cols)});
    }
  }
}
