// Pooling of planes by windows. For any float type E (kern.c).

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
