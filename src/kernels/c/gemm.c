// C = A·B [+ D] [+ bias], row-major, every transpose, any shape.
//
// A and B are given by two strides each, one of them 1, so a transpose costs nothing but another packing routine.
// D may be C itself (accumulate) or another matrix (a residual), so `x + h·W + b` is one pass over the output.
//
// Goto's scheme (Goto & van de Geijn 2008): B is packed in panels of NR columns (kc x NR, one panel fits L1), A in panels
// of MR rows (the block fits L2), and `tile` keeps an MR x NR piece of C in registers. An element is summed over k in one
// order whatever its row, column or the shape around it: shards that cut anywhere keep the same bits.

enum { KC = 256, MC = MR * 16, NC = 512, MC_MOST = 12 * 16, NR_MOST = 32 };
// The same on every target, so that a plan made for one runs on another.
#define GEMM_WS ((ix)(sizeof(f32) * (MC_MOST * KC + KC * (NC + NR_MOST))))

typedef struct { f32 *c; ix ldc; const f32 *d; ix ldd; const f32 *bias; } Out;   // where a product goes, what is added

// acc[mr x NV] = A·B over k steps. mr and, where the caller passes constants, the strides are known after inlining.
INLINE void tile(const int mr, ix k, const f32 *a, const ix rsa, const ix csa, const f32 *b, const ix ldb, vf acc[][NV]) {
  UNROLL for (int i = 0; i < mr; i++) UNROLL for (int j = 0; j < NV; j++) acc[i][j] = splat(0);
  for (ix p = 0; p < k; p++, a += csa, b += ldb) {
    vf bv[NV];
    UNROLL for (int j = 0; j < NV; j++) bv[j] = ld(b + j * VL);
    UNROLL for (int i = 0; i < mr; i++) {
      vf av = splat(a[i * rsa]);
      UNROLL for (int j = 0; j < NV; j++) acc[i][j] = madd(av, bv[j], acc[i][j]);
    }
  }
}

static void tile_to(ix k, const f32 *a, const f32 *b, ix mr, ix nr, Out o) {
  vf acc[MR][NV];
  tile(MR, k, a, 1, MR, b, NR, acc);
  if (mr == MR && nr == NR) {
    if (o.bias) {
      UNROLL for (int j = 0; j < NV; j++) {
        vf bv = ld(o.bias + j * VL);
        UNROLL for (int i = 0; i < MR; i++) acc[i][j] += bv;
      }
    }
    if (o.d) { UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) acc[i][j] += ld(o.d + i * o.ldd + j * VL); }
    UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) st(o.c + i * o.ldc + j * VL, acc[i][j]);
    return;
  }
  f32 t[MR * NR] __attribute__((aligned(64)));        // an edge goes through memory, so that acc stays in registers
  UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) st(t + i * NR + j * VL, acc[i][j]);
  for (ix r = 0; r < mr; r++) {
    f32 *c = o.c + r * o.ldc;
    const f32 *d = o.d ? o.d + r * o.ldd : 0, *s = t + r * NR;
    VLOOP(nr, {
      vf v = ld(s + i);                               // the tile's row is whole: no partial load
      if (o.bias) v += ldk(o.bias + i, k, 0);
      if (d) v += ldk(d + i, k, 0);
      stk(c + i, v, k);
    });
  }
}

// Packs `rows` (<= w) rows of X(r, p) = x[r*rs + p*cs], p < k, as d[p*w + r]; missing rows become zeros.
INLINE void pack_panel(const int w, ix rows, ix k, const f32 *x, ix rs, ix cs, f32 *d) {
  if (rows < w) for (ix p = 0; p < k; p++) for (ix r = rows; r < w; r++) d[p * w + r] = 0;
  if (rs == 1) {                                      // rows lie side by side: copy
    if (rows == w) for (ix p = 0; p < k; p++) { UNROLL for (int r = 0; r < w; r += 4) st4(d + p * w + r, ld4(x + p * cs + r)); }
    else for (ix p = 0; p < k; p++) for (ix r = 0; r < rows; r++) d[p * w + r] = x[p * cs + r];
    return;
  }
  ix r = 0, p;                                        // k lies side by side: transpose 4 x 4 in registers
  if (cs == 1) for (; r + 4 <= rows; r += 4) {
    const f32 *s = x + r * rs;
    for (p = 0; p + 4 <= k; p += 4) {
      v4 a = ld4(s + p), b = ld4(s + rs + p), c = ld4(s + 2 * rs + p), e = ld4(s + 3 * rs + p);
      transpose4(&a, &b, &c, &e);
      f32 *q = d + p * w + r;
      st4(q, a); st4(q + w, b); st4(q + 2 * w, c); st4(q + 3 * w, e);
    }
    for (; p < k; p++) for (int q = 0; q < 4; q++) d[p * w + r + q] = s[q * rs + p];
  }
  for (; r < rows; r++) for (p = 0; p < k; p++) d[p * w + r] = x[r * rs + p * cs];
}
static void pack_a(ix rows, ix k, const f32 *x, ix rs, ix cs, f32 *d) {   // MR is 12, 8, 6 or 4
  for (ix r = 0; r < rows; r += MR) {
    if (MR % 4) {
      const ix n = imin(MR, rows - r);
      const f32 *s = x + r * rs;
      f32 *q = d + r * k;
      if (cs == 1) for (ix i = 0; i < MR; i++) for (ix p = 0; p < k; p++) q[p * MR + i] = i < n ? s[i * rs + p] : 0;
      else for (ix p = 0; p < k; p++) for (ix i = 0; i < MR; i++) q[p * MR + i] = i < n ? s[i * rs + p * cs] : 0;
    } else pack_panel(MR, imin(MR, rows - r), k, x + r * rs, rs, cs, d + r * k);
  }
}
static void pack_b(ix cols, ix k, const f32 *x, ix rs, ix cs, f32 *d) {
  for (ix c = 0; c < cols; c += NR) pack_panel(NR, imin(NR, cols - c), k, x + c * cs, cs, rs, d + c * k);
}

static void gemm_strided(ix M, ix N, ix K, const f32 *a, ix rsa, ix csa, const f32 *b, ix rsb, ix csb, Out o, f32 *ws) {
  if (M <= 0 || N <= 0) return;
  f32 *pa = ws, *pb = ws + MC * KC;
  const ix parts = imax(1, (K + KC - 1) / KC), step = (K + parts - 1) / parts;   // equal slices of k, no thin last one
  for (ix j0 = 0; j0 < N; j0 += NC) {
    ix nc = imin(NC, N - j0);
    for (ix part = 0; part < parts; part++) {
      ix p0 = part * step, kc = imin(step, K - p0);
      pack_b(nc, kc, b + p0 * rsb + j0 * csb, rsb, csb, pb);
      for (ix i0 = 0; i0 < M; i0 += MC) {
        ix mc = imin(MC, M - i0);
        pack_a(mc, kc, a + i0 * rsa + p0 * csa, rsa, csa, pa);
        for (ix j = 0; j < nc; j += NR) for (ix i = 0; i < mc; i += MR) {
          Out q = o;
          q.c += (i0 + i) * o.ldc + j0 + j;
          if (part) q.d = q.c, q.ldd = o.ldc, q.bias = 0;           // later slices of k add to what is there
          else { if (o.d) q.d += (i0 + i) * o.ldd + j0 + j; if (o.bias) q.bias += j0 + j; }
          tile_to(kc, pa + i * kc, pb + j * kc, imin(MR, mc - i), imin(NR, nc - j), q);
        }
      }
    }
  }
}

// C[M x N] = op(A)·op(B) [+ D] [+ bias]; ta: A is stored K x M; tb: B is stored N x K.
static void gemm(int ta, int tb, ix M, ix N, ix K, const f32 *a, ix lda, const f32 *b, ix ldb, f32 *c, ix ldc,
                 const f32 *d, ix ldd, const f32 *bias, f32 *ws) {
  Out o = {c, ldc, d, ldd, bias};
  gemm_strided(M, N, K, a, ta ? 1 : lda, ta ? lda : 1, b, tb ? 1 : ldb, tb ? ldb : 1, o, ws);
}
// The same over a batch: operand x of item i starts at x + i*sx; a stride of 0 shares it.
static void gemm_batched(ix batch, int ta, int tb, ix M, ix N, ix K, const f32 *a, ix lda, ix sa, const f32 *b, ix ldb, ix sb,
                         f32 *c, ix ldc, ix sc, f32 *ws) {
  for (ix i = 0; i < batch; i++) gemm(ta, tb, M, N, K, a + i * sa, lda, b + i * sb, ldb, c + i * sc, ldc, 0, 0, 0, ws);
}
