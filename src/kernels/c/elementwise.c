// Maps over elements, each one pass over memory. In place is allowed throughout.

static void fill(ix n, f32 value, f32 *y) { VLOOP(n, { stk(y + i, splat(value), k); }); }
static void increment(ix n, int32_t by, const int32_t *x, int32_t *y) { for (ix i = 0; i < n; i++) y[i] = (int32_t)((uint32_t)x[i] + (uint32_t)by); }
static void affine(ix n, f32 mul, f32 add, const f32 *x, f32 *y) { VMAP(n, y, ldk(x + i, k, 0) * mul + add); }

INLINE vf relu1(vf x) { return vmax(splat(0), x); }          // in this order NaN stays NaN
static void relu_grad(ix n, const f32 *y, const f32 *dy, f32 *dx) {
  VMAP(n, dx, (vf)((vi)ldk(dy + i, k, 0) & (vi)(ldk(y + i, k, 0) > 0)));
}
enum { RELU, EXP, NEG, SQRT, LOG, COPY, ABS, SQUARE, TANH, SIGMOID, SIGN, RECIPROCAL, GELU, FLOOR, CEIL, ROUND, SIN, COS, ERF };
static INTERLEAVED int unary(int op, ix n, const f32 *x, f32 *y) {
  switch (op) {
  case RELU: VMAP(n, y, relu1(ldk(x + i, k, 0))); return 1;
  case EXP: VMAP(n, y, vexp(ldk(x + i, k, 0))); return 1;
  case NEG: VLOOP(n, { stk(y + i, -ldk(x + i, k, 0), k); }); return 1;
  case SQRT: VLOOP(n, { stk(y + i, vsqrt(ldk(x + i, k, 0)), k); }); return 1;
  case LOG: VMAP(n, y, vlog(ldk(x + i, k, 1))); return 1;
  case COPY: VLOOP(n, { stk(y + i, ldk(x + i, k, 0), k); }); return 1;
  case ABS: VLOOP(n, { stk(y + i, vabs(ldk(x + i, k, 0)), k); }); return 1;
  case SQUARE: VLOOP(n, { const vf v = ldk(x + i, k, 0); stk(y + i, v * v, k); }); return 1;
  case TANH: VMAP(n, y, vtanh(ldk(x + i, k, 0))); return 1;
  case SIGMOID: VMAP(n, y, vsigmoid(ldk(x + i, k, 0))); return 1;
  case SIGN: VLOOP(n, { stk(y + i, vsign(ldk(x + i, k, 0)), k); }); return 1;
  case RECIPROCAL: VLOOP(n, { stk(y + i, 1.f / ldk(x + i, k, 1), k); }); return 1;
  case GELU: VMAP(n, y, vgelu(ldk(x + i, k, 0))); return 1;
  case FLOOR: for (ix i = 0; i < n; i++) y[i] = __builtin_floorf(x[i]); return 1;
  case CEIL: for (ix i = 0; i < n; i++) y[i] = __builtin_ceilf(x[i]); return 1;
  case ROUND: for (ix i = 0; i < n; i++) y[i] = __builtin_rintf(x[i]); return 1;      // half to even
  case SIN: for (ix i = 0; i < n; i++) y[i] = (f32)sin64(x[i]); return 1;
  case COS: for (ix i = 0; i < n; i++) y[i] = (f32)cos64(x[i]); return 1;
  case ERF: for (ix i = 0; i < n; i++) y[i] = (f32)erf64(x[i]); return 1;
  default: return 0;
  }
}

enum { ADD, SUB, MUL, DIV, MAX, MIN };
INLINE vf combine(const int op, vf a, vf b) {
  switch (op) {
  case ADD: return a + b;
  case SUB: return a - b;
  case MUL: return a * b;
  case DIV: return a / b;
  case MAX: return sel((vi)(a != a), a, vmax(a, b));         // NaN of either side stays
  default: return sel((vi)(a != a), a, vmin(a, b));
  }
}
// Rows of C elements; sa and sb are 1 or 0 (one value for the whole row).
INLINE void combine_row(const int op, ix C, const f32 *a, ix sa, const f32 *b, ix sb, f32 *y) {
  if (sa && sb) VMAP(C, y, combine(op, ldk(a + i, k, 0), ldk(b + i, k, 0)));
  else if (sa) { const vf v = splat(*b); VLOOP(C, { stk(y + i, combine(op, ldk(a + i, k, 0), v), k); }); }
  else if (sb) { const vf v = splat(*a); VLOOP(C, { stk(y + i, combine(op, v, ldk(b + i, k, 0)), k); }); }
  else { const vf v = combine(op, splat(*a), splat(*b)); VLOOP(C, { stk(y + i, v, k); }); }
}
INLINE void combine_rows(const int op, const ix *n, const ix *sa, const ix *sb, const f32 *a, const f32 *b, f32 *y) {
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix l = 0; l < n[2]; l++, y += n[3])
    combine_row(op, n[3], a + i * sa[0] + j * sa[1] + l * sa[2], sa[3], b + i * sb[0] + j * sb[1] + l * sb[2], sb[3], y);
}
// y (contiguous) = a op b over four extents; a stride of 0 broadcasts. The last strides are 1 or 0, others arbitrary.
// Returns 0 when that is not so.
static int binary(int op, const ix *n, const ix *sa, const ix *sb, const f32 *a, const f32 *b, f32 *y) {
  if (n[0] <= 0 || n[1] <= 0 || n[2] <= 0 || n[3] <= 0) return 1;
  if (n[3] > 1 && ((sa[3] & ~(ix)1) || (sb[3] & ~(ix)1))) return 0;
  switch (op) {
  case ADD: combine_rows(ADD, n, sa, sb, a, b, y); return 1;
  case SUB: combine_rows(SUB, n, sa, sb, a, b, y); return 1;
  case MUL: combine_rows(MUL, n, sa, sb, a, b, y); return 1;
  case DIV: combine_rows(DIV, n, sa, sb, a, b, y); return 1;
  case MAX: combine_rows(MAX, n, sa, sb, a, b, y); return 1;
  case MIN: combine_rows(MIN, n, sa, sb, a, b, y); return 1;
  default: return 0;
  }
}

// AdamW with decoupled decay (Loshchilov & Hutter 2019); step counts from 1. 1 - β is taken of β as it is given: rounded first,
// 0.999 would be off by 1.3e-5 of that.
static void adamw(ix n, f32 *p, f32 *m, f32 *v, const f32 *g, const f32 *lr, const int32_t *step, double b1, double b2, f32 eps, f32 decay) {
  const f32 rate = (f32)(*lr / (1 - power(b1, *step))), inverse = (f32)(1 / (1 - power(b2, *step))), keep = 1.f - *lr * decay;
  const f32 keep1 = (f32)b1, take1 = (f32)(1 - b1), keep2 = (f32)b2, take2 = (f32)(1 - b2);
  VLOOP(n, {
    const vf G = ldk(g + i, k, 0);
    const vf M = ldk(m + i, k, 0) * keep1 + G * take1;
    const vf V = ldk(v + i, k, 0) * keep2 + G * G * take2;
    stk(m + i, M, k);
    stk(v + i, V, k);
    stk(p + i, ldk(p + i, k, 0) * keep - rate * M / (vsqrt(V * inverse) + eps), k);
  });
}
// SGD as PyTorch defines it: g += decay·p; buf = momentum·buf + (1 - dampening)·g; p -= lr·(nesterov ? g + momentum·buf : buf).
static void sgd(ix n, f32 *p, f32 *buf, const f32 *g, const f32 *lr, f32 momentum, f32 decay, f32 dampening, int nesterov) {
  const f32 rate = *lr;
  VLOOP(n, {
    const vf P = ldk(p + i, k, 0);
    const vf G = ldk(g + i, k, 0) + P * decay;
    vf d = G;
    if (buf) {
      const vf M = ldk(buf + i, k, 0) * momentum + G * (1.f - dampening);
      stk(buf + i, M, k);
      d = nesterov ? G + M * momentum : M;
    }
    stk(p + i, P - d * rate, k);
  });
}

// What the texts for any element type (kern.c) ask of float32; numbers.c and floats.c have the same for others.
INLINE int is_nan(f32 x) { return x != x; }
INLINE f32 exp1(f32 x) { return vexp(splat(x))[0]; }
INLINE void scale_row(ix n, f32 a, f32 *y) { VLOOP(n, { stk(y + i, ldk(y + i, k, 0) * a, k); }); }
// y[i] += a · x[i·step], and the other way round.
INLINE void add_row(ix n, f32 a, const f32 *x, ix step, f32 *y) {
  if (step == 1) VLOOP(n, { stk(y + i, ldk(y + i, k, 0) + ldk(x + i, k, 0) * a, k); });
  else for (ix i = 0; i < n; i++) y[i] += a * x[i * step];
}
INLINE void spread_row(ix n, f32 a, const f32 *x, f32 *y, ix step) {
  if (step == 1) add_row(n, a, x, 1, y);
  else for (ix i = 0; i < n; i++) y[i * step] += a * x[i];
}
INLINE f32 dot(ix n, const f32 *a, const f32 *b, ix step) {
  if (step != 1) { f32 s = 0; for (ix i = 0; i < n; i++) s += a[i] * b[i * step]; return s; }
  vf s = splat(0);
  VLOOP(n, { s += ldk(a + i, k, 0) * ldk(b + i, k, 0); });
  return hsum(s);
}
