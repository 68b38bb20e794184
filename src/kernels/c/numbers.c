// Maps and reductions in plain loops over any element type E (kern.c): those that are wanted right, not fast. Integers
// wrap round, in the unsigned type CALC; a factor or bound is the nearest integer towards zero that E can hold.

#if WHOLE
INLINE int NAME(is_nan)(E x) { (void)x; return 0; }
INLINE E NAME(of)(double x) { return x >= (double)HIGHEST ? HIGHEST : x <= (double)LOWEST ? LOWEST : x == x ? (E)x : 0; }
INLINE E NAME(divide)(E a, E b) { return b == 0 ? 0 : b == -1 ? (E)(0 - (CALC)a) : a / b; }   // by zero 0; LOWEST / -1 wraps
#else
INLINE int NAME(is_nan)(E x) { return x != x; }
INLINE E NAME(of)(double x) { return (E)x; }
INLINE E NAME(divide)(E a, E b) { return a / b; }
#endif

static void NAME(fill)(ix n, E value, E *y) { PLAIN for (ix i = 0; i < n; i++) y[i] = value; }
static void NAME(affine)(ix n, double mul, double add, const E *x, E *y) {
  const CALC m = (CALC)NAME(of)(mul), a = (CALC)NAME(of)(add);
  PLAIN for (ix i = 0; i < n; i++) y[i] = (E)((CALC)x[i] * m + a);
}
INLINE E NAME(combine)(const int op, E a, E b) {
  switch (op) {
  case ADD: return (E)((CALC)a + (CALC)b);
  case SUB: return (E)((CALC)a - (CALC)b);
  case MUL: return (E)((CALC)a * (CALC)b);
  case DIV: return NAME(divide)(a, b);
  case MAX: return NAME(is_nan)(a) || a > b ? a : b;         // NaN of either side stays
  default: return NAME(is_nan)(a) || a < b ? a : b;
  }
}
INLINE void NAME(combine_rows)(const int op, const ix *n, const ix *sa, const ix *sb, const E *a, const E *b, E *y) {
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++) {
    const E *p = a + i * sa[0] + j * sa[1] + l * sa[2], *q = b + i * sb[0] + j * sb[1] + l * sb[2];
    PLAIN for (ix m = 0; m < n[3]; m++, p += sa[3], q += sb[3]) *y++ = NAME(combine)(op, *p, *q);
  }
}
// y (contiguous) = a op b over four extents; a stride of 0 broadcasts.
static int NAME(binary)(int op, const ix *n, const ix *sa, const ix *sb, const E *a, const E *b, E *y) {
  if (n[0] <= 0 || n[1] <= 0 || n[2] <= 0 || n[3] <= 0) return 1;
  switch (op) {
  case ADD: NAME(combine_rows)(ADD, n, sa, sb, a, b, y); return 1;
  case SUB: NAME(combine_rows)(SUB, n, sa, sb, a, b, y); return 1;
  case MUL: NAME(combine_rows)(MUL, n, sa, sb, a, b, y); return 1;
  case DIV: NAME(combine_rows)(DIV, n, sa, sb, a, b, y); return 1;
  case MAX: NAME(combine_rows)(MAX, n, sa, sb, a, b, y); return 1;
  case MIN: NAME(combine_rows)(MIN, n, sa, sb, a, b, y); return 1;
  default: return 0;
  }
}

#define EACH(value) PLAIN for (ix i = 0; i < n; i++) { const E v = x[i]; y[i] = (E)(value); } return 1
static int NAME(unary)(int op, ix n, const E *x, E *y) {
  switch (op) {
  case RELU: EACH(v <= 0 ? 0 : v);                           // in this order NaN stays NaN, and -0 becomes 0
  case COPY: EACH(v);
  case SIGN: EACH(v > 0 ? 1 : v < 0 ? -1 : v);
  case SQUARE: EACH((CALC)v * (CALC)v);
#if WHOLE
  case NEG: EACH(0 - (CALC)v);
  case ABS: EACH(v < 0 ? 0 - (CALC)v : (CALC)v);
#else
  case NEG: EACH(-v);
  case ABS: EACH(__builtin_fabs(v));
  case EXP: EACH(exp64(v));
  case SQRT: EACH(__builtin_sqrt(v));
  case LOG: EACH(log64(v));
  case TANH: EACH(tanh64(v));
  case SIGMOID: EACH(1 / (1 + exp64(-v)));
  case RECIPROCAL: EACH(1 / v);
  case GELU: EACH(v / (1 + exp64(-GELU_U64 * v * (1 + GELU_CUBE64 * v * v))));
  case FLOOR: EACH(__builtin_floor(v));
  case CEIL: EACH(__builtin_ceil(v));
  case ROUND: EACH(__builtin_rint(v));                       // half to even
  case SIN: EACH(sin64(v));
  case COS: EACH(cos64(v));
  case ERF: EACH(erf64(v));
#endif
  default: return 0;
  }
}
#undef EACH

static void NAME(clamp)(ix n, double low, double high, const E *x, E *y) {
  const E least = NAME(of)(low), most = NAME(of)(high);
  PLAIN for (ix i = 0; i < n; i++) { const E v = x[i] < least ? least : x[i]; y[i] = v > most ? most : v; }
}

INLINE E NAME(fold)(const int monoid, E a, E b) { return NAME(combine)(monoid == SUM ? ADD : monoid == MOST ? MAX : MIN, a, b); }
INLINE void NAME(reduce_of)(const int monoid, ix outer, ix mid, ix inner, E scale, const E *x, E *y) {
  for (ix o = 0; o < outer; o++, y += inner) {
    NAME(fill)(inner, monoid == SUM ? 0 : monoid == MOST ? LOWEST : HIGHEST, y);
    for (ix m = 0; m < mid; m++, x += inner)
      PLAIN for (ix i = 0; i < inner; i++) y[i] = NAME(fold)(monoid, y[i], x[i]);
    if (monoid == SUM && scale != 1) PLAIN for (ix i = 0; i < inner; i++) y[i] *= scale;
  }
}
// y[outer, inner] = scale · fold over mid of x[outer, mid, inner], in the order of mid. Integers have no scale but 1.
static int NAME(reduce)(int monoid, ix outer, ix mid, ix inner, double scale, const E *x, E *y) {
  if (WHOLE && monoid == SUM && scale != 1) return 0;
  switch (monoid) {
  case SUM: NAME(reduce_of)(SUM, outer, mid, inner, (E)scale, x, y); return 1;
  case MOST: NAME(reduce_of)(MOST, outer, mid, inner, 1, x, y); return 1;
  case LEAST: NAME(reduce_of)(LEAST, outer, mid, inner, 1, x, y); return 1;
  default: return 0;
  }
}

// y[i] += a · x[i·step]
INLINE void NAME(add_row)(ix n, E a, const E *x, ix step, E *y) { PLAIN for (ix i = 0; i < n; i++) y[i] = (E)((CALC)y[i] + (CALC)a * (CALC)x[i * step]); }
