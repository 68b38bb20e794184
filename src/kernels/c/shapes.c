// Sizes and index ranges of the kernels that walk over windows and heads, the same for every element type.

// Images [N, C, H, W] with filters [K, C, R, S] to [N, K, OH, OW]; strides and padding.
typedef struct { ix N, C, H, W, K, R, S, OH, OW, sh, sw, ph, pw; } Conv;

typedef struct { ix lo, hi; } Span;
// The outputs o of 0..n-1 whose input o·stride + offset lies in 0..extent-1.
INLINE Span reach(ix n, ix extent, ix stride, ix offset) {
  const ix lo = offset < 0 ? (-offset + stride - 1) / stride : 0, last = extent - 1 - offset;
  return (Span){lo, imax(lo, last < 0 ? 0 : imin(n, last / stride + 1))};
}

// Windows of R x S over planes of H x W; N counts the planes. Padding is -∞ for the maximum, 0 for the mean of R·S elements.
enum { POOL_MAX, POOL_MEAN };
// The part of window (i, j) that lies in the plane.
INLINE void window(Conv v, ix i, ix j, Span *rows, Span *cols) {
  const ix top = i * v.sh - v.ph, left = j * v.sw - v.pw;
  *rows = (Span){imax(0, top), imin(v.H, top + v.R)};
  *cols = (Span){imax(0, left), imin(v.W, left + v.S)};
}

// q [O, B, T, d], k [O, B, U, d], v [O, B, U, e]; elements of a row lie side by side.
typedef struct { ix outer, head, row; } Rows;                // from one to the next, in elements
enum { OF_Q, OF_K, OF_V, OF_O, OF_DQ, OF_DK, OF_DV, OPERANDS };  // the gradient has that of the output in its place
typedef struct { ix O, B, T, U, d, e; int causal; ix first; double scale; Rows of[OPERANDS]; } Heads;
#define EACH_HEAD(h) for (ix a = 0; a < (h).O; a++) for (ix b = 0; b < (h).B; b++)
#define HEAD_OF(x, h, n) ((x) + a * (h).of[n].outer + b * (h).of[n].head)

// Query i sees this many keys; `first` is the last key that query 0 sees.
INLINE ix seen(const Heads *h, ix i) { return h->causal ? imax(0, imin(h->U, h->first + i + 1)) : h->U; }
