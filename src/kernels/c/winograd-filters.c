// The gradient of the filters is the same algorithm turned round (a bilinear one has three such forms): 2 × 2 numbers of the
// result's gradient meet 4 × 4 of the image, tiles are the inner dim, and what 16 places sum up to gives 3 × 3 taps.
enum { TILED_SLICE = 128, TILED_CHANNEL_BLOCK = 128, TILED_FILTER_BLOCK = 128 };
enum { ROOM_X = PLACES * (TILED_CHANNEL_BLOCK * (TILED_SLICE + GAP) + GAP), ROOM_DY = PLACES * TILED_FILTER_BLOCK * TILED_SLICE, ROOM_ROWS = PLACES * (NR_MOST * (TILED_SLICE + GAP) + GAP) };
_Static_assert(ROOM_X + ROOM_DY + ROOM_ROWS <= ROOM_V + ROOM_U + ROOM_M, "there is room where the other forms have theirs");

// n tiles of 2 × 2 to 16 places.
static void tile_gradient(const f32 *y, ix width, ix n, f32 *w, ix pitch) {
  for (ix q = 0; q < n; q += VL) {
    const int k = (int)imin(VL, n - q);
    vf a[2][4];
    UNROLL for (int r = 0; r < 2; r++) {
      const f32 *p = y + r * width + 2 * q;
      const vf w0 = ld(p), w1 = ld(p + VL), d0 = SHUFFLE(w0, w1, EVENS), d1 = SHUFFLE(w0, w1, ODDS);
      a[r][0] = d0; a[r][1] = d0 + d1; a[r][2] = d0 - d1; a[r][3] = -d1;
    }
    UNROLL for (int c = 0; c < 4; c++) {
      f32 *to = w + c * pitch + q;
      stk(to, a[0][c], k); stk(to + 4 * pitch, a[0][c] + a[1][c], k);
      stk(to + 8 * pitch, a[0][c] - a[1][c], k); stk(to + 12 * pitch, -a[1][c], k);
    }
  }
}
// From 16 places of NR filters to 3 × 3 taps of each.
static void untile_filters(const f32 *m, ix pitch, f32 *t) {
  const vf half = splat(0.5f);
  for (int i = 0; i < NR; i += VL, m += VL, t += VL) {
    vf a[3][4];
    UNROLL for (int c = 0; c < 4; c++) {
      const f32 *p = m + c * pitch;
      const vf m1 = ld(p + 4 * pitch), m2 = ld(p + 8 * pitch), s = half * (m1 + m2);
      a[0][c] = ld(p) + s; a[1][c] = half * (m1 - m2); a[2][c] = s + ld(p + 12 * pitch);
    }
    UNROLL for (int r = 0; r < 3; r++) {
      const vf s = half * (a[r][1] + a[r][2]);
      f32 *to = t + 3 * r * NR;
      st(to, a[r][0] + s); st(to + NR, half * (a[r][1] - a[r][2])); st(to + 2 * NR, s + a[r][3]);
    }
  }
}
// dw [filters, channels, 3, 3] of an image to which FORM_1 applies.
static void tiles_product(const Taps *g, ix filters, const f32 *x, const f32 *dy, f32 *dw, f32 *ws) {
  const Taps h = {g->images, filters, g->rows, g->cols, g->rows, g->cols, 2, 2, 1, 1, 0, 0};
  const ix total = g->images * ((g->rows + 1) / 2) * ((g->cols + 1) / 2), row = TILED_SLICE + GAP, pitch_m = MR * NR;
  f32 *v = ws, *w = v + ROOM_X, *rows = w + ROOM_DY, *padded = rows + ROOM_ROWS;
  for (ix k0 = 0; k0 < filters; k0 += TILED_FILTER_BLOCK) for (ix t0 = 0; t0 < total || !t0; t0 += TILED_SLICE) {
    const ix n = imin(TILED_SLICE, total - t0), block = imin(TILED_FILTER_BLOCK, filters - k0), pitch_w = up(block, NR) * n;
    for (ix k = 0; k < block; k += NR) {
      const ix some = imin(NR, block - k), pitch = some * row + GAP;
      tile_images(&FORM_1, tile_gradient, &h, dy, t0, n, k0 + k, some, rows, row, pitch, padded);
      for (ix p = 0; p < PLACES; p++) pack_panel(NR, some, n, rows + p * pitch, row, 1, w + p * pitch_w + k * n);
    }
    for (ix c0 = 0; c0 < g->channels; c0 += TILED_CHANNEL_BLOCK) {
      const ix channels = imin(TILED_CHANNEL_BLOCK, g->channels - c0), pitch_v = channels * row + GAP;
      tile_images(&FORM_1, tile_image_1, g, x, t0, n, c0, channels, v, row, pitch_v, padded);
      for (ix k = 0; k < block; k += NR) for (ix c = 0; c < channels; c += MR) {
        const ix some = imin(MR, channels - c);
        f32 m[PLACES * MR * NR] __attribute__((aligned(64))), t[9 * MR * NR] __attribute__((aligned(64)));
        for (ix p = 0; p < PLACES; p++) tile_lines(some, n, v + p * pitch_v + c * row, row, w + p * pitch_w + k * n, m + p * pitch_m);
        for (ix i = 0; i < some; i++) untile_filters(m + i * NR, pitch_m, t + 9 * i * NR);
        put_transposed(9 * some, imin(NR, block - k), t, dw + ((k0 + k) * g->channels + c0 + c) * 9, 9 * g->channels, t0 > 0);
      }
    }
  }
}
