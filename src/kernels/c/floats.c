// The kernels of networks in plain loops of doubles, for checks: what elementwise.c, activation.c, rows.c, norm.c and
// optimizer.c do in vectors of floats, with the same treatment of NaN, infinities and labels that are not there.

static void gemm_batched_f64(ix batch, int ta, int tb, ix M, ix N, ix K, const f64 *a, ix lda, ix sa, const f64 *b, ix ldb, ix sb,
                             f64 *c, ix ldc, ix sc) {
  for (ix q = 0; q < batch; q++, a += sa, b += sb, c += sc)
    for (ix i = 0; i < M; i++) {
      fill_f64(N, 0, c + i * ldc);
      for (ix p = 0; p < K; p++) add_row_f64(N, ta ? a[p * lda + i] : a[i * lda + p], tb ? b + p : b + p * ldb, tb ? ldb : 1, c + i * ldc);
    }
}

// What the texts for any float type ask for (elementwise.c).
INLINE f64 exp1_f64(f64 x) { return exp64(x); }
INLINE void scale_row_f64(ix n, f64 a, f64 *y) { PLAIN for (ix i = 0; i < n; i++) y[i] *= a; }
INLINE void spread_row_f64(ix n, f64 a, const f64 *x, f64 *y, ix step) { PLAIN for (ix i = 0; i < n; i++) y[i * step] += a * x[i]; }
INLINE f64 dot_f64(ix n, const f64 *a, const f64 *b, ix step) {
  f64 s = 0;
  PLAIN for (ix i = 0; i < n; i++) s += a[i] * b[i * step];
  return s;
}

static void relu_grad_f64(ix n, const f64 *y, const f64 *dy, f64 *dx) { PLAIN for (ix i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0; }
static void gelu_grad_f64(ix n, const f64 *x, const f64 *dy, f64 *dx) {
  PLAIN for (ix i = 0; i < n; i++) {
    const f64 z = x[i], s = 1 / (1 + exp64(-GELU_U64 * z * (1 + GELU_CUBE64 * z * z)));
    dx[i] = dy[i] * (s + z * s * (1 - s) * GELU_U64 * (1 + 3 * GELU_CUBE64 * z * z));
  }
}
static void power_each_f64(ix n, double exponent, const f64 *x, f64 *y) { PLAIN for (ix i = 0; i < n; i++) y[i] = power_of(x[i], exponent); }
static void clamp_grad_f64(ix n, double low, double high, const f64 *x, const f64 *dy, f64 *dx) {
  PLAIN for (ix i = 0; i < n; i++) dx[i] = x[i] >= low && x[i] <= high ? dy[i] : 0;
}
static void blend_f64(ix n, double rate, const f64 *x, f64 *y) { PLAIN for (ix i = 0; i < n; i++) y[i] = y[i] * (1 - rate) + x[i] * rate; }

static void adamw_f64(ix n, f64 *p, f64 *m, f64 *v, const f64 *g, const f64 *lr, const int32_t *step, double b1, double b2, double eps, double decay) {
  const f64 rate = *lr / (1 - power(b1, *step)), inverse = 1 / (1 - power(b2, *step)), keep = 1 - *lr * decay;
  PLAIN for (ix i = 0; i < n; i++) {
    m[i] = m[i] * b1 + g[i] * (1 - b1);
    v[i] = v[i] * b2 + g[i] * g[i] * (1 - b2);
    p[i] = p[i] * keep - rate * m[i] / (__builtin_sqrt(v[i] * inverse) + eps);
  }
}
static void sgd_f64(ix n, f64 *p, f64 *buf, const f64 *g, const f64 *lr, double momentum, double decay, double dampening, int nesterov) {
  PLAIN for (ix i = 0; i < n; i++) {
    const f64 slope = g[i] + p[i] * decay;
    f64 d = slope;
    if (buf) {
      buf[i] = buf[i] * momentum + slope * (1 - dampening);
      d = nesterov ? slope + buf[i] * momentum : buf[i];
    }
    p[i] -= d * *lr;
  }
}
static void lamb_f64(ix n, const f64 *p, f64 *m, f64 *v, const f64 *g, const int32_t *step, double b1, double b2, double eps, double decay, f64 *r) {
  const f64 first = 1 / (1 - power(b1, *step)), second = 1 / (1 - power(b2, *step));
  PLAIN for (ix i = 0; i < n; i++) {
    m[i] = m[i] * b1 + g[i] * (1 - b1);
    v[i] = v[i] * b2 + g[i] * g[i] * (1 - b2);
    r[i] = m[i] * first / (__builtin_sqrt(v[i] * second) + eps) + p[i] * decay;
  }
}
static int all_finite_f64(ix n, const f64 *x) {
  f64 s = 0;
  PLAIN for (ix i = 0; i < n; i++) s += x[i] * 0;
  return s == 0;
}
static void trusted_rate_f64(const f64 *pp, const f64 *rr, const f64 *lr, f64 *rate) {
  *rate = *pp > 0 && *rr > 0 ? *lr * __builtin_sqrt(*pp / *rr) : *lr;
}

// Σ e^(x - most) over a row; most may pass over a NaN, the sum does not.
INLINE f64 exponentials(ix C, const f64 *x, f64 *most) {
  f64 m = -__builtin_inf(), s = 0;
  PLAIN for (ix i = 0; i < C; i++) if (x[i] > m) m = x[i];
  PLAIN for (ix i = 0; i < C; i++) s += exp64(x[i] - m);
  *most = m;
  return s;
}
static void cross_entropy_f64(ix R, ix C, const f64 *x, const int32_t *label, f64 *loss) {
  for (ix r = 0; r < R; r++, x += C) {
    const ix t = label[r];
    if (t < 0 || t >= C) { loss[r] = 0; continue; }
    f64 m;
    const f64 s = exponentials(C, x, &m);
    loss[r] = log64(s) - (x[t] - m);
  }
}
static void cross_entropy_grad_f64(ix R, ix C, const f64 *x, const int32_t *label, const f64 *dloss, f64 *dx) {
  for (ix r = 0; r < R; r++, x += C, dx += C) {
    const ix t = label[r];
    if (t < 0 || t >= C) { fill_f64(C, 0, dx); continue; }
    f64 m;
    const f64 scale = dloss[r] / exponentials(C, x, &m);
    PLAIN for (ix i = 0; i < C; i++) dx[i] = exp64(x[i] - m) * scale - (i == t ? dloss[r] : 0);
  }
}

static void softmax_f64(int logs, ix outer, ix mid, ix inner, const f64 *x, f64 *y) {
  for (ix o = 0; o < outer; o++, x += mid * inner, y += mid * inner)
    for (ix i = 0; i < inner; i++) {
      f64 most = -__builtin_inf(), sum = 0;
      PLAIN for (ix m = 0; m < mid; m++) most = combine_f64(MAX, most, x[m * inner + i]);
      PLAIN for (ix m = 0; m < mid; m++) sum += exp64(x[m * inner + i] - most);
      const f64 log_sum = log64(sum);
      PLAIN for (ix m = 0; m < mid; m++) {
        const f64 z = x[m * inner + i] - most;
        y[m * inner + i] = logs ? z - log_sum : exp64(z) / sum;
      }
    }
}
static void softmax_grad_f64(int logs, ix outer, ix mid, ix inner, const f64 *y, const f64 *dy, f64 *dx) {
  for (ix o = 0; o < outer; o++, y += mid * inner, dy += mid * inner, dx += mid * inner)
    for (ix i = 0; i < inner; i++) {
      f64 sum = 0;
      PLAIN for (ix at = i; at < mid * inner; at += inner) sum += logs ? dy[at] : y[at] * dy[at];
      PLAIN for (ix at = i; at < mid * inner; at += inner) dx[at] = logs ? dy[at] - exp64(y[at]) * sum : y[at] * (dy[at] - sum);
    }
}

typedef struct { f64 mean, scale; } Moments_f64;
INLINE Moments_f64 moments_f64(int center, ix C, f64 eps, const f64 *x) {
  f64 s = 0, q = 0;
  if (center) PLAIN for (ix i = 0; i < C; i++) s += x[i];
  const f64 mean = s / (f64)C;
  PLAIN for (ix i = 0; i < C; i++) q += (x[i] - mean) * (x[i] - mean);
  return (Moments_f64){mean, 1 / __builtin_sqrt(q / (f64)C + eps)};
}
static void layer_norm_f64(int center, ix R, ix C, double eps, const f64 *x, const f64 *gain, const f64 *bias, f64 *y) {
  for (ix r = 0; r < R; r++, x += C, y += C) {
    const Moments_f64 m = moments_f64(center, C, eps, x);
    PLAIN for (ix i = 0; i < C; i++) y[i] = (x[i] - m.mean) * m.scale * gain[i] + (bias ? bias[i] : 0);
  }
}
static void layer_norm_grad_f64(int center, ix R, ix C, double eps, const f64 *x, const f64 *gain, const f64 *dy, f64 *dx) {
  for (ix r = 0; r < R; r++, x += C, dy += C, dx += C) {
    const Moments_f64 m = moments_f64(center, C, eps, x);
    f64 s = 0, q = 0;
    PLAIN for (ix i = 0; i < C; i++) {
      const f64 g = dy[i] * gain[i];
      if (center) s += g;
      q += g * ((x[i] - m.mean) * m.scale);
    }
    PLAIN for (ix i = 0; i < C; i++) dx[i] = (dy[i] * gain[i] - s / (f64)C - (x[i] - m.mean) * m.scale * (q / (f64)C)) * m.scale;
  }
}
static void layer_norm_grad_gain_f64(int center, ix R, ix C, double eps, const f64 *x, const f64 *dy, f64 *dgain) {
  fill_f64(C, 0, dgain);
  for (ix r = 0; r < R; r++, x += C, dy += C) {
    const Moments_f64 m = moments_f64(center, C, eps, x);
    PLAIN for (ix i = 0; i < C; i++) dgain[i] += dy[i] * ((x[i] - m.mean) * m.scale);
  }
}
