// Correlation with 3 × 3 taps by the forms of winograd-forms.c. Errors are those of the sums over channels, which are nine
// times shorter than those over taps.
//
// Tiles are numbered image by image and row by row, from an image's first pixel on. A block of them is transformed for all
// channels, and with it some rows of filters after the other, so that for each place there is a product of matrices, channels
// its inner dim. Padding is zeros here, which are finite, and what is not finite reaches the same pixels as it does one by
// one, but not as the same ∞ or NaN: those pixels are computed again, plainly.

enum { TILED_CHANNELS = 512, TILED_ROWS = 96, TILED_TERMS = 32, PACKED = 16, PADDED = 1 << 14 };
enum { ROOM_V = PLACES * (TILED_CHANNELS * (2 * NR_MOST + GAP) + GAP), ROOM_U = PLACES * (TILED_CHANNELS * 12 + GAP), ROOM_M = PLACES * (TILED_ROWS * NR_MOST + GAP) };
#define WINOGRAD_WS ((ix)sizeof(f32) * (ROOM_V + ROOM_U + ROOM_M + PADDED))

INLINE ix tiles_along(const Form *form, ix pixels) { return (pixels + form->out - 1) / form->out; }
INLINE ix padded_width(const Form *form, ix across) { return form->step * across + form->more + 4 * VL + 4; }
// What is worth it: enough channels, and fewer products in spite of the pixels that tiles have beyond the border.
static int is_worth(const Form *form, const Taps *g) {
  const ix down = tiles_along(form, g->rows), across = tiles_along(form, g->cols), direct = 9 * g->rows * g->cols / (form->up * form->up);
  return g->channels >= 16 && (form->step + form->more) * padded_width(form, across) <= PADDED
    && form->places * form->places * down * across <= direct;
}
static const Form *form_of(const Taps *g) {
  const Form *form = g->sh == 1 ? &FORM_1 : &FORM_2;
  return g->R == 3 && g->S == 3 && g->sh == g->sw && g->sh <= 2 && is_worth(form, g) ? form : 0;
}

// Channels c0 .. c0 + n - 1 of some filters, as the panels of MR rows that a product takes; a place's are `pitch` apart.
static void tile_filter_rows(const Form *form, const Taps *g, const Filters *f, ix m0, ix rows, ix c0, ix n, f32 *u, ix pitch) {
  f32 packed[PACKED * 9 * MR + VL];
  for (ix r = 0; r < rows; r += MR) for (ix c = 0; c < n; c += PACKED) {
    const ix k = imin(PACKED, n - c);
    pack_filters(g, f, m0 + r, imin(MR, rows - r), 9 * (c0 + c), 9 * k, packed);
    // The processor is told of what is packed next: rows are short, and far apart.
    const int end = c + k == n;
    const ix r1 = end ? r + MR : r, c1 = end ? 0 : c + k;
    for (ix q = c1; q < imin(n, c1 + PACKED); q++) for (ix i = r1; i < imin(rows, r1 + MR); i++)
      __builtin_prefetch(f->w + f->first + (m0 + i) * f->sm + (c0 + q) * f->sc, 0, 2);
    for (ix i = 0; i < k; i++) form->filters(packed + 9 * i * MR, u + r * n + (c + i) * MR, pitch);   // upwards: a store may end in the next place
  }
}

// Tile (i, j) of an image, and how many of its row follow, itself among them.
typedef struct { ix image, i, j, n; } TileRun;
INLINE TileRun run_at(ix down, ix across, ix tile, ix n) {
  const ix j = tile % across, i = tile / across;
  return (TileRun){i / down, i % down, j, imin(n, across - j)};
}

// Tiles t0 .. t0 + n - 1 of channels c0 .. : channel c has row c of each place.
static void tile_images(const Form *form, TileRow *tile, const Taps *g, const f32 *x, ix t0, ix n, ix c0, ix channels, f32 *v, ix row, ix pitch, f32 *padded) {
  const ix down = tiles_along(form, g->rows), across = tiles_along(form, g->cols), step = form->step;
  const ix width = padded_width(form, across), taken = step * across + form->more, most = (PADDED / width - form->more) / step;
  const ix lo = imin(taken, imax(0, -g->left)), hi = imin(taken, g->W - g->left);
  for (ix c = 0; c < channels; c++) for (ix at = 0, part; at < n; at += part) {
    const TileRun run = run_at(down, across, t0 + at, n - at);
    const ix rows = imin(imin(most, down - run.i), (run.j + n - at - 1) / across + 1);     // of tiles, in this image and the block
    part = imin(n - at, rows * across - run.j);
    const f32 *plane = x + (run.image * g->channels + c0 + c) * g->H * g->W;
    for (ix r = 0; r < step * rows + form->more; r++) {
      const ix y = step * run.i + g->top + r;
      f32 *to = padded + r * width;
      if (y < 0 || y >= g->H || hi <= lo) { fill(taken, 0, to); continue; }
      fill(lo, 0, to);
      VLOOP(hi - lo, { stk(to + lo + i, ldk(plane + y * g->W + g->left + lo + i, k, 0), k); });
      fill(taken - hi, 0, to + hi);
    }
    for (ix r = 0, done = 0, k; r < rows; r++, done += k) {
      const ix j = r ? 0 : run.j;
      k = imin(across - j, part - done);
      tile(padded + step * (r * width + j), width, k, v + c * row + at + done, pitch);
    }
  }
}

// A pixel, in doubles, tap by tap until it is NaN.
static f32 correlate_pixel(ix up, const Taps *g, const Filters *f, const f32 *x, ix image, ix m, ix i, ix j) {
  double sum = 0;
  for (ix c = 0; c < g->channels && sum == sum; c++) for (ix t = 0; t < g->R; t++) for (ix u = 0; u < g->S; u++) {
    ix y = i * g->sh + up * g->top - (up - 1) + t, z = j * g->sw + up * g->left - (up - 1) + u;
    if (y < 0 || z < 0 || y % up || z % up) continue;
    y /= up; z /= up;
    if (y >= g->H || z >= g->W) continue;
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

// Some rows of a product's places to pixels of the tiles from t0 on; whether all that is there now is finite.
static int untile_rows(const Form *form, const Taps *g, const Planes *o, ix m0, ix rows, ix t0, ix n, const f32 *m, ix pitch, int add) {
  const ix down = tiles_along(form, g->rows), across = tiles_along(form, g->cols), out = form->out;
  f32 line[4 * UNTILED];
  vf bad = splat(0);
  for (ix r = 0; r < rows; r++, m += NR) {
    form->untile(m, pitch, n, line);
    TileRun run;
    for (ix at = 0; at < n; at += run.n) {
      run = run_at(down, across, t0 + at, n - at);
      const ix pixels = imin(out * run.n, g->cols - out * run.j);
      f32 *y = o->y + (run.image * o->M + m0 + r) * o->plane + out * (run.i * g->cols + run.j);
      for (ix b = 0; b < imin(out, g->rows - out * run.i); b++, y += g->cols) VLOOP(pixels, {
        vf v = ldk(line + b * UNTILED + out * at + i, k, 0);
        if (add) v += ldk(y + i, k, 0);
        bad = madd(v, splat(0), bad);
        stk(y + i, v, k);
      });
    }
  }
  return hsum(bad) == 0;
}
static void mend(const Form *form, const Taps *g, const Filters *f, const f32 *x, const Planes *o, ix m0, ix rows, ix t0, ix n) {
  const ix down = tiles_along(form, g->rows), across = tiles_along(form, g->cols), out = form->out;
  for (ix t = t0; t < t0 + n; t++) for (ix m = m0; m < m0 + rows; m++) {
    const TileRun run = run_at(down, across, t, 1);
    for (ix i = out * run.i; i < imin(out * (run.i + 1), g->rows); i++) for (ix j = out * run.j; j < imin(out * (run.j + 1), g->cols); j++) {
      f32 *y = o->y + (run.image * o->M + m) * o->plane + i * g->cols + j;
      if (!(*y - *y == 0)) *y = correlate_pixel(form->up, g, f, x, run.image, m, i, j);
    }
  }
}

// As correlate, where a form is worth it: pixels of a plane lie side by side.
static void correlate_tiled(const Form *form, const Taps *g, const Filters *f, const f32 *x, const Planes *o, f32 *ws, Then *then) {
  const ix down = tiles_along(form, g->rows), across = tiles_along(form, g->cols), total = g->images * down * across, pixels = g->rows * g->cols;
  const ix side = form->places, places = side * side;
  const ix most = imin(TILED_CHANNELS, g->channels);
  const ix tiles = imin((ROOM_V / places - GAP) / most - GAP, up(total, NR)) / NR * NR, row = tiles + GAP;
  const ix filters = imax(MR, imin((ROOM_M / places - GAP) / NR_MOST, (ROOM_U / PLACES - GAP) / most) / MR * MR);
  f32 *v = ws, *u = v + ROOM_V, *m = u + ROOM_U, *padded = m + ROOM_M;
  for (ix t0 = 0, next = 0; t0 < total; t0 += tiles) {
    const ix n = imin(tiles, total - t0);
    for (ix c0 = 0; c0 < g->channels; c0 += most) {
      const ix channels = imin(most, g->channels - c0), pitch_v = channels * row + GAP;
      const ix slices = (channels + TILED_TERMS - 1) / TILED_TERMS, slice = (channels + slices - 1) / slices;
      tile_images(form, form->image, g, x, t0, n, c0, channels, v, row, pitch_v, padded);
      for (ix m0 = 0; m0 < o->M; m0 += filters) {
        const ix rows = imin(filters, o->M - m0), pitch_u = up(rows, MR) * channels + GAP, pitch_m = up(rows, MR) * NR + GAP;
        tile_filter_rows(form, g, f, m0, rows, c0, channels, u, pitch_u);
        for (ix j = 0; j < n; j += NR) {
          const ix nr = imin(NR, n - j);
          for (ix p = 0; p < places; p++) for (ix i = 0; i < rows; i += MR)
            tile_place(imin(MR, rows - i), nr, channels, slice, u + (imin(p / side, 3) * 4 + imin(p % side, 3)) * pitch_u + i * channels, v + p * pitch_v + j, row, m + p * pitch_m + i * NR);
          const int finite = untile_rows(form, g, o, m0, rows, t0 + j, nr, m, pitch_m, c0 > 0);
          if (!finite && c0 + channels == g->channels) mend(form, g, f, x, o, m0, rows, t0 + j, nr);
        }
      }
    }
    // What follows takes the rows of tiles that are whole by now.
    for (ix done, k; then && next < (done = (t0 + n) / across); next += k) {
      const ix image = next / down, i = next % down;
      k = imin(done - next, down - i);
      follow(then, (ix[4]){0, image, 0, form->out * i * g->cols}, (ix[4]){1, image + 1, o->M, imin(pixels, form->out * (i + k) * g->cols)});
    }
  }
}
