// Attention of float32 by blocks, no score matrix kept (Dao et al. 2022): what attention.c does query by query.
//
// All is computed transposed, NR queries side by side in the lanes: a block of scores [key][query] is K·Qᵀ with K as it
// lies, so the softmax over keys runs down the lanes, and the block is already the right operand of Oᵀ = Vᵀ·Pᵀ, with V as it
// lies. Keys come in blocks that start at key 0, with the running maximum and sum of each query; a key that a query does not
// see weighs exactly 0. So a query's row has the same bits whatever queries share its block. 0 times infinity would be
// NaN: a head with such a number goes query by query.

enum { KEYS = 128, KEPT = 1024, HEAD = 256, SLICE = 16 };
// Keys a block; keys whose weights outlive their block; the widest head; products that are added up before the sum grows.
#define ATTENTION_WS ((ix)sizeof(f32) * NR_MOST * (2 * (KEPT + KEYS) + 5 * HEAD + KEYS + KEPT / KEYS))

// rows x NR of t, (+)= A·B, a slice of k after the other: sums of sums keep more digits than one long sum.
INLINE void sum_tile(const int rows, ix k, const f32 *a, const ix rsa, const ix csa, const f32 *b, ix ldb, f32 *t, ix ldt, int first) {
  for (ix p = 0; p < k || !p; p += SLICE, first = 0) {
    vf acc[MR][NV];
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < NV; j++) acc[i][j] = splat(0);
    tile(rows, NV, imin(SLICE, k - p), a + p * csa, rsa, csa, b + p * ldb, ldb, acc);
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < NV; j++) {
      f32 *at = t + i * ldt + j * VL;
      st(at, first ? acc[i][j] : ld(at) + acc[i][j]);
    }
  }
}
// The same of any number of rows, A as it lies: nothing is read past its last row.
#define LANES(n) sum_tile(n, k, a, rsa, csa, b, ldb, t, ldt, first)
INLINE void product(ix rows, ix k, const f32 *a, const ix rsa, const ix csa, const f32 *b, ix ldb, f32 *t, ix ldt, int first) {
  for (ix step; rows > 0; rows -= step, a += step * rsa, t += step * ldt) {
    step = rows >= MR ? MR : rows >= MT ? MT : rows >= MH ? MH : 1;
    if (step == MR) LANES(MR); else if (step == MT) LANES(MT); else if (step == MH) LANES(MH); else LANES(1);
  }
}
// t[key][lane] = x[key]·b[lane], of rows of `width` that are `row` apart.
static NOINLINE void against(ix keys, ix width, const f32 *x, ix row, const f32 *b, f32 *t) { product(keys, width, x, row, 1, b, NR, t, NR, 1); }
// t[c][lane] += Σ over keys of x[key][c]·p[key][lane].
static NOINLINE void into_lanes(ix keys, ix width, const f32 *x, ix row, const f32 *p, f32 *t) { product(width, keys, x, 1, row, p, NR, t, NR, 0); }
// y[key][c] += Σ over lanes of p[key][lane]·x[lane][c]; rows of x are padded to whole tiles.
static NOINLINE void into_keys(ix keys, ix width, const f32 *p, const f32 *x, f32 *y, ix row, f32 *edge) {
  const ix padded = up(width, NR), whole = width / NR * NR;
  for (ix c = 0; c < whole; c += NR) product(keys, NR, p, NR, 1, x + c, padded, y + c, row, 0);
  if (whole == width) return;
  for (ix r = 0; r < keys; r++) __builtin_memcpy(edge + r * NR, y + r * row + whole, sizeof(f32) * (size_t)(width - whole));
  product(keys, NR, p, NR, 1, x + whole, padded, edge, NR, 0);
  for (ix r = 0; r < keys; r++) __builtin_memcpy(y + r * row + whole, edge + r * NR, sizeof(f32) * (size_t)(width - whole));
}
// rows[i][c] = t[c][i]·by[i]
static void put(ix n, ix width, const f32 *t, const f32 *by, f32 *rows, ix row) {
  ix i = 0;
  for (; i + 4 <= n; i += 4) {
    f32 *o = rows + i * row;
    const v4 s = ld4(by + i);
    ix c = 0;
    for (; c + 4 <= width; c += 4) {
      v4 p = ld4(t + c * NR + i) * s, q = ld4(t + (c + 1) * NR + i) * s, r = ld4(t + (c + 2) * NR + i) * s, u = ld4(t + (c + 3) * NR + i) * s;
      transpose4(&p, &q, &r, &u);
      st4(o + c, p); st4(o + row + c, q); st4(o + 2 * row + c, r); st4(o + 3 * row + c, u);
    }
    for (; c < width; c++) for (ix j = 0; j < 4; j++) o[j * row + c] = t[c * NR + i + j] * by[i + j];
  }
  for (; i < n; i++) for (ix c = 0; c < width; c++) rows[i * row + c] = t[c * NR + i] * by[i];
}

// A block of queries, and of each the keys it sees, the largest score yet, and the sum of weights relative to that.
typedef struct { ix n, least, keys; vi limit[NV]; vf most[NV], sum[NV]; } Queries;
static Queries queries_from(const Heads *h, ix i0) {
  Queries s = {.n = imin(NR, h->T - i0)};
  s.least = s.n < NR ? 0 : seen(h, i0);                     // lanes without a query see nothing
  s.keys = seen(h, i0 + s.n - 1);
  UNROLL for (int j = 0; j < NV; j++) {
    for (int q = 0; q < VL; q++) s.limit[j][q] = j * VL + q < s.n ? (int32_t)seen(h, i0 + j * VL + q) : 0;
    s.most[j] = splat(-__builtin_inff());
    s.sum[j] = splat(0);
  }
  return s;
}
// Lanes that do not see the key.
INLINE vi hidden(const Queries *s, int j, ix key) { return s->limit[j] <= splati((int32_t)key); }
// 0 instead of -∞: where nothing counted yet, weights are 0 rather than NaN.
INLINE vf base_of(vf most) { return sel((vi)(most == splat(-__builtin_inff())), splat(0), most); }

// t = e^(t - base), row by row, and what they add up to; two rows side by side. (2^n by factors: a tenth quicker here.)
static INTERLEAVED void exp_rows(ix rows, const vf *base, f32 *t, vf *sums) {
  vf from[NV], sum[NV];
  UNROLL for (int j = 0; j < NV; j++) from[j] = base[j], sum[j] = sums[j];
  ix r = 0;
  for (; r + 2 <= rows; r += 2) {
    vf e[2][NV];
    f32 *at = t + r * NR;
    UNROLL for (int q = 0; q < 2; q++) UNROLL for (int j = 0; j < NV; j++) e[q][j] = vexp_factors(ld(at + q * NR + j * VL) - from[j]);
    UNROLL for (int q = 0; q < 2; q++) UNROLL for (int j = 0; j < NV; j++) st(at + q * NR + j * VL, e[q][j]), sum[j] += e[q][j];
  }
  if (r < rows) UNROLL for (int j = 0; j < NV; j++) {
    const vf e = vexp_factors(ld(t + r * NR + j * VL) - from[j]);
    st(t + r * NR + j * VL, e), sum[j] += e;
  }
  UNROLL for (int j = 0; j < NV; j++) sums[j] = sum[j];
}
// Scores to weights relative to the new largest ones, `base`; `grow` brings to them what was relative to the old.
INLINE void weigh(Queries *s, ix j0, ix kb, f32 scale, f32 *t, vf *grow, vf *base) {
  const ix sure = imax(0, imin(kb, s->least - j0));
  vf most[NV], sum[NV];
  UNROLL for (int j = 0; j < NV; j++) most[j] = s->most[j];
  for (ix r = 0; r < kb; r++) UNROLL for (int j = 0; j < NV; j++) {
    f32 *p = t + r * NR + j * VL;
    vf z = ld(p) * scale;
    if (r >= sure) z = sel(hidden(s, j, j0 + r), splat(-__builtin_inff()), z);
    st(p, z);
    most[j] = vmax(most[j], z);
  }
  UNROLL for (int j = 0; j < NV; j++) {
    base[j] = base_of(most[j]);
    grow[j] = vexp_factors(s->most[j] - base[j]);
    s->most[j] = most[j];
    sum[j] = splat(0);
  }
  exp_rows(kb, base, t, sum);
  UNROLL for (int j = 0; j < NV; j++) s->sum[j] = s->sum[j] * grow[j] + sum[j];
}

// Short rows that lie apart are no stream that the processor would foresee. It is told of those of the next head, `next`
// from here: a part with each block of queries. (Not inlined, it would go: compilers see no effect.)
INLINE void foresee(const Heads *h, int operand, ix i0, ix next, const f32 *x, int written) {
  const int keys = operand != OF_Q && operand != OF_O && operand != OF_DQ;
  const ix width = operand == OF_V || operand == OF_O || operand == OF_DV ? h->e : h->d, row = h->of[operand].row;
  const ix lo = keys ? i0 * h->U / h->T : i0, i1 = imin(h->T, i0 + NR), hi = keys ? i1 * h->U / h->T : i1;
  if (row == width || !next) return;
  for (ix r = lo; r < hi; r++) for (ix c = 0; c < width; c += LINE_FLOATS) {
    if (written) __builtin_prefetch(x + next + r * row + c, 1, 2);
    else __builtin_prefetch(x + next + r * row + c, 0, 2);
  }
}

static void attention_head(const Heads *h, const f32 *q, const f32 *k, const f32 *v, f32 *o, const ix *next, f32 *ws) {
  const ix rq = h->of[OF_Q].row, rk = h->of[OF_K].row, rv = h->of[OF_V].row, ro = h->of[OF_O].row;
  f32 *qt = ws, *ot = qt + HEAD * NR, *t = ot + HEAD * NR, *by = t + KEYS * NR;
  for (ix i0 = 0; i0 < h->T; i0 += NR) {
    const f32 *all[] = {q, k, v, o};
    for (int n = 0; n <= OF_O; n++) foresee(h, n, i0, next[n], all[n], n == OF_O);
    Queries s = queries_from(h, i0);
    pack_panel(NR, s.n, h->d, q + i0 * rq, rq, 1, qt);
    fill(h->e * NR, 0, ot);
    for (ix j0 = 0; j0 < s.keys; j0 += KEYS) {
      const ix kb = imin(KEYS, s.keys - j0);
      vf grow[NV], base[NV];
      against(kb, h->d, k + j0 * rk, rk, qt, t);
      weigh(&s, j0, kb, (f32)h->scale, t, grow, base);
      if (j0) for (ix c = 0; c < h->e; c++) UNROLL for (int j = 0; j < NV; j++) st(ot + c * NR + j * VL, ld(ot + c * NR + j * VL) * grow[j]);
      into_lanes(kb, h->e, v + j0 * rv, rv, t, ot);
    }
    UNROLL for (int j = 0; j < NV; j++) st(by + j * VL, sel(hidden(&s, j, 0), splat(0), 1.f / s.sum[j]));
    put(s.n, h->e, ot, by, o + i0 * ro, ro);
  }
}

// What the gradient's passes share.
typedef struct { f32 *qt, *gt, *qr, *gr, *dqt, *edge, *bases, *p, *dp; } Scratch;
static Scratch scratch_of(f32 *ws) {
  Scratch x = {.qt = ws};
  x.gt = x.qt + HEAD * NR, x.qr = x.gt + HEAD * NR, x.gr = x.qr + HEAD * NR, x.dqt = x.gr + HEAD * NR;
  x.edge = x.dqt + HEAD * NR, x.bases = x.edge + KEYS * NR, x.p = x.bases + KEPT / KEYS * NR, x.dp = x.p + (KEPT + KEYS) * NR;
  return x;
}
// Weights and dP = do·vᵀ of a block of keys, both 0 for a key that a query does not see.
static void weigh_both(const Heads *h, Queries *s, ix j0, ix kb, const f32 *k, const f32 *v, Scratch x, f32 *p, f32 *dp, vf *grow, vf *base) {
  const ix rk = h->of[OF_K].row, rv = h->of[OF_V].row;
  against(kb, h->d, k + j0 * rk, rk, x.qt, p);
  against(kb, h->e, v + j0 * rv, rv, x.gt, dp);
  weigh(s, j0, kb, (f32)h->scale, p, grow, base);
  for (ix r = imax(0, s->least - j0); r < kb; r++) UNROLL for (int j = 0; j < NV; j++) {
    f32 *at = dp + r * NR + j * VL;
    st(at, sel(hidden(s, j, j0 + r), splat(0), ld(at)));
  }
}
// P and dS = P∘(dP - along)·scale from weights relative to another base: `by` brings them to P.
INLINE void to_gradient(const Queries *s, ix j0, ix kb, f32 scale, f32 *p, f32 *dp, const vf *by, const vf *along) {
  const ix sure = imax(0, imin(kb, s->least - j0));
  for (ix r = 0; r < kb; r++) UNROLL for (int j = 0; j < NV; j++) {
    f32 *a = p + r * NR + j * VL, *b = dp + r * NR + j * VL;
    vf w = ld(a) * by[j], ds = w * (ld(b) - along[j]) * scale;
    if (r >= sure) {
      const vi none = hidden(s, j, j0 + r);
      w = sel(none, splat(0), w);
      ds = sel(none, splat(0), ds);
    }
    st(a, w);
    st(b, ds);
  }
}
// Rows of `width` side by side, padded with zeros to whole tiles.
static void pad_rows(ix n, ix width, const f32 *rows, ix row, f32 *to) {
  const ix padded = up(width, NR);
  fill(NR * padded, 0, to);
  for (ix i = 0; i < n; i++) __builtin_memcpy(to + i * padded, rows + i * row, sizeof(f32) * (size_t)width);
}

// First the weights and dP of all keys, which give the sum and along = Σ P·dP; then what hangs on them. Those of the first
// KEPT keys are kept between, the others computed again.
static void attention_head_grad(const Heads *h, const f32 *q, const f32 *k, const f32 *v, const f32 *g, f32 *dq, f32 *dk, f32 *dv, const ix *next,
                                f32 *ws) {
  const ix rq = h->of[OF_Q].row, rk = h->of[OF_K].row, rg = h->of[OF_O].row;
  const ix rdq = h->of[OF_DQ].row, rdk = h->of[OF_DK].row, rdv = h->of[OF_DV].row;
  const Scratch x = scratch_of(ws);
  f32 one[NR];
  fill(NR, 1, one);
  for (ix i0 = 0; i0 < h->T; i0 += NR) {
    const f32 *all[OPERANDS] = {q, k, v, g, dq, dk, dv};
    for (int n = 0; n < OPERANDS; n++) foresee(h, n, i0, next[n], all[n], n > OF_O);
    Queries s = queries_from(h, i0);
    vf along[NV], part[NV], grow[NV], base[NV], inverse[NV], by[NV];
    UNROLL for (int j = 0; j < NV; j++) along[j] = splat(0);
    pack_panel(NR, s.n, h->d, q + i0 * rq, rq, 1, x.qt);
    pack_panel(NR, s.n, h->e, g + i0 * rg, rg, 1, x.gt);
    pad_rows(s.n, h->d, q + i0 * rq, rq, x.qr);
    pad_rows(s.n, h->e, g + i0 * rg, rg, x.gr);
    fill(h->d * NR, 0, x.dqt);
    for (ix j0 = 0; j0 < s.keys; j0 += KEYS) {
      const ix kb = imin(KEYS, s.keys - j0), at = imin(j0, KEPT) * NR;
      weigh_both(h, &s, j0, kb, k, v, x, x.p + at, x.dp + at, grow, base);
      UNROLL for (int j = 0; j < NV; j++) {
        if (j0 < KEPT) st(x.bases + j0 / KEYS * NR + j * VL, base[j]);
        part[j] = splat(0);
      }
      for (ix r = 0; r < kb; r++) UNROLL for (int j = 0; j < NV; j++)
        part[j] = madd(ld(x.p + at + r * NR + j * VL), ld(x.dp + at + r * NR + j * VL), part[j]);
      UNROLL for (int j = 0; j < NV; j++) along[j] = along[j] * grow[j] + part[j];
    }
    UNROLL for (int j = 0; j < NV; j++) inverse[j] = 1.f / s.sum[j], along[j] *= inverse[j];
    for (ix j0 = 0; j0 < s.keys; j0 += KEYS) {
      const ix kb = imin(KEYS, s.keys - j0), at = imin(j0, KEPT) * NR;
      Queries again = s;
      if (j0 >= KEPT) weigh_both(h, &again, j0, kb, k, v, x, x.p + at, x.dp + at, grow, base);
      else UNROLL for (int j = 0; j < NV; j++) base[j] = ld(x.bases + j0 / KEYS * NR + j * VL);
      UNROLL for (int j = 0; j < NV; j++) by[j] = vexp_factors(base[j] - base_of(s.most[j])) * inverse[j];
      to_gradient(&s, j0, kb, (f32)h->scale, x.p + at, x.dp + at, by, along);
      into_keys(kb, h->e, x.p + at, x.gr, dv + j0 * rdv, rdv, x.edge);
      into_keys(kb, h->d, x.dp + at, x.qr, dk + j0 * rdk, rdk, x.edge);
      into_lanes(kb, h->d, k + j0 * rk, rk, x.dp + at, x.dqt);
    }
    put(s.n, h->d, x.dqt, one, dq + i0 * rdq, rdq);
  }
}

static int rows_finite(ix n, ix width, const f32 *x, ix row) {
  vf s = splat(0);
  for (ix i = 0; i < n; i++, x += row) VLOOP(width, { s += ldk(x + i, k, 0) * 0; });
  return hsum(s) == 0;
}
// From this head's operands to those of the next; 0 behind the last.
static void steps_on(const Heads *h, ix a, ix b, ix *next) {
  for (int n = 0; n < OPERANDS; n++)
    next[n] = b + 1 < h->B ? h->of[n].head : a + 1 < h->O ? h->of[n].outer - b * h->of[n].head : 0;
}
// A number that is not finite shows in the results, where it counts: they are close at hand, unlike the operands.
static void attention(Heads h, const f32 *q, const f32 *k, const f32 *v, f32 *o, f32 *ws) {
  EACH_HEAD(h) {
    const f32 *qh = HEAD_OF(q, h, OF_Q), *kh = HEAD_OF(k, h, OF_K), *vh = HEAD_OF(v, h, OF_V);
    f32 *oh = HEAD_OF(o, h, OF_O);
    const int narrow = imax(h.d, h.e) <= HEAD;
    ix next[OPERANDS];
    steps_on(&h, a, b, next);
    if (narrow) attention_head(&h, qh, kh, vh, oh, next, ws);
    if (!narrow || !rows_finite(h.T, h.e, oh, h.of[OF_O].row)) attention_rows(&h, qh, kh, vh, oh);
  }
}
static void attention_grad(Heads h, const f32 *q, const f32 *k, const f32 *v, const f32 *g, f32 *dq, f32 *dk, f32 *dv, f32 *ws) {
  EACH_HEAD(h) {
    const f32 *qh = HEAD_OF(q, h, OF_Q), *kh = HEAD_OF(k, h, OF_K), *vh = HEAD_OF(v, h, OF_V), *gh = HEAD_OF(g, h, OF_O);
    f32 *dqh = HEAD_OF(dq, h, OF_DQ), *dkh = HEAD_OF(dk, h, OF_DK), *dvh = HEAD_OF(dv, h, OF_DV);
    int done = imax(h.d, h.e) <= HEAD;
    if (done) {
      fill_rows(h.U, h.d, dkh, h.of[OF_DK].row);
      fill_rows(h.U, h.e, dvh, h.of[OF_DV].row);
      ix next[OPERANDS];
      steps_on(&h, a, b, next);
      attention_head_grad(&h, qh, kh, vh, gh, dqh, dkh, dvh, next, ws);
      done = rows_finite(h.T, h.d, dqh, h.of[OF_DQ].row) && rows_finite(h.U, h.d, dkh, h.of[OF_DK].row) &&
        rows_finite(h.U, h.e, dvh, h.of[OF_DV].row);
    }
    if (!done) attention_rows_grad(&h, qh, kh, vh, gh, dqh, dkh, dvh);
  }
}
// Doubles are for checks, and go query by query.
#define ATTENTION_WS_f64 0
static void attention_f64(Heads h, const f64 *q, const f64 *k, const f64 *v, f64 *o, f64 *ws) {
  (void)ws;
  EACH_HEAD(h) attention_rows_f64(&h, HEAD_OF(q, h, OF_Q), HEAD_OF(k, h, OF_K), HEAD_OF(v, h, OF_V), HEAD_OF(o, h, OF_O));
}
static void attention_grad_f64(Heads h, const f64 *q, const f64 *k, const f64 *v, const f64 *g, f64 *dq, f64 *dk, f64 *dv, f64 *ws) {
  (void)ws;
  EACH_HEAD(h) attention_rows_grad_f64(&h, HEAD_OF(q, h, OF_Q), HEAD_OF(k, h, OF_K), HEAD_OF(v, h, OF_V), HEAD_OF(g, h, OF_O),
                                       HEAD_OF(dq, h, OF_DQ), HEAD_OF(dk, h, OF_DK), HEAD_OF(dv, h, OF_DV));
}
