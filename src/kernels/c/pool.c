// Pooling of planes window by window. For any float type E (kern.c); of float32, what pooling.c leaves.

// Place of the first of the largest elements; NaN is the largest of all.
INLINE ix NAME(place_of_max)(const E *x, ix W, Span rows, Span cols) {
  ix best = rows.lo * W + cols.lo;
  for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) {
    const E u = x[best], w = x[a * W + b];
    if (w > u || (NAME(is_nan)(w) && !NAME(is_nan)(u))) best = a * W + b;
  }
  return best;
}
// Windows of row i of the result, in some columns: y is that row, x the plane.
static void NAME(pool_some)(int kind, Conv v, ix i, Span some, const E *x, E *y) {
  Span rows, cols;
  for (ix j = some.lo; j < some.hi; j++) {
    window(v, i, j, &rows, &cols);
    if (kind == POOL_MAX) { y[j] = x[NAME(place_of_max)(x, v.W, rows, cols)]; continue; }
    E sum = 0;
    for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) sum += x[a * v.W + b];
    y[j] = sum / (E)(v.R * v.S);
  }
}
// Adds their gradient to the plane dx. x is null for the mean.
static void NAME(pool_some_grad)(int kind, Conv v, ix i, Span some, const E *x, const E *dy, E *dx) {
  Span rows, cols;
  for (ix j = some.lo; j < some.hi; j++) {
    window(v, i, j, &rows, &cols);
    if (kind == POOL_MAX) { dx[NAME(place_of_max)(x, v.W, rows, cols)] += dy[j]; continue; }
    for (ix a = rows.lo; a < rows.hi; a++) for (ix b = cols.lo; b < cols.hi; b++) dx[a * v.W + b] += dy[j] / (E)(v.R * v.S);
  }
}
