// C = A·B [+ D] [+ bias], row-major, every transpose, any shape.
//
// A and B are given by two strides each, one of them 1, so a transpose costs nothing but another packing routine.
// D may be C itself (accumulate) or another matrix (a residual), so `x + h·W + b` is one pass over the output. Bias and
// residual come after the whole sum over k, so the bits are those of a product and two sums. What follows (chain.c) is
// done with a block of C as soon as that is there.
//
// Goto's scheme (Goto & van de Geijn 2008): B is packed in panels of NR columns (kc x NR, one panel fits L1), A in panels
// of MR rows (the block fits L2), and `tile` keeps up to MR x NR of C in registers. With few rows packing B would cost more
// than the product: then B is read once, where it lies. An element is summed over k in one order, whatever its row, column or
// the shape around it, so shards that cut anywhere keep the same bits: one fused product after the other within a slice,
// slice after slice within a panel, panel after panel. A sum of sums has the smaller errors (Blanchard, Higham & Mary 2020).

enum { TERMS = 64, KC = 4 * TERMS, MC = MR * 16, NC = 512, MC_MOST = 12 * 16, NR_MOST = 32, FEW = 24, FEW_NC = 4096, STREAMS = 8, LINE_BYTES = 64, LINE_FLOATS = 16 };
// How a sum over k is cut: into panels of whole slices, all about equal, so that no thin one is left. Adding up slices costs
// 1 % of the time where they have 128 terms, 2.5 % where 64, so long sums have long ones.
typedef struct { ix slice, panel; } Cut;
INLINE Cut cut(ix k) {
  const ix terms = k > 2 * KC ? 2 * TERMS : k > KC / 2 ? TERMS : TERMS / 2, most = KC / terms;
  const ix slices = imax(1, (k + terms - 1) / terms), slice = imax(1, (k + slices - 1) / slices), panels = (slices + most - 1) / most;
  return (Cut){slice, (slices + panels - 1) / panels * slice};
}
// The same on every target, so that a plan made for one runs on another.
#define GEMM_WS ((ix)(sizeof(f32) * (MC_MOST * KC + KC * (NC + NR_MOST))))

typedef struct { f32 *c; ix ldc; const f32 *d; ix ldd; const f32 *bias; int add; } Out;   // where a product goes, what is added; also to C?
// Element (r, c) is at r*rs + c*cs, and one of the two is 1. Floats of 16 bits are widened as they are packed.
typedef struct { const void *x; ix rs, cs; int dtype; } Matrix;

// acc[rows x vectors] += A·B over k steps; rows, vectors and, of packed A (1 and MR), the strides are known after inlining.
INLINE void tile(const int rows, const int vectors, ix k, const f32 *a, const ix rsa, const ix csa, const f32 *b, const ix ldb, vf acc[][NV]) {
  for (ix p = 0; p < k; p++, a += csa, b += ldb) {
    vf bv[NV];
    UNROLL for (int j = 0; j < vectors; j++) bv[j] = ld(b + j * VL);
    UNROLL for (int i = 0; i < rows; i++) {
      const vf av = splat(a[i * rsa]);
      UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = madd(av, bv[j], acc[i][j]);
    }
  }
}
// rows x vectors of t, continued from what is there unless it is the first.
INLINE void tile_t(const int rows, const int vectors, ix k, const f32 *a, const ix rsa, const ix csa, const f32 *b, const ix ldb,
                   f32 *t, ix ldt, int first) {
  vf acc[MR][NV];
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < vectors; j++) acc[i][j] = first ? splat(0) : ld(t + i * ldt + j * VL);
  tile(rows, vectors, k, a, rsa, csa, b, ldb, acc);
  UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < vectors; j++) st(t + i * ldt + j * VL, acc[i][j]);
}
// As many rows and vectors of it as are wanted, or some more. A is packed, or nr is VL at most.
enum { MH = MR == 4 ? 2 : 4, MT = MR == 12 ? 8 : MR };
#define ROWS(n, v, rsa, csa) tile_t(n, v, k, a, rsa, csa, b, ldb, t, ldt, first)
#define TILES(v, rsa, csa) do { \
  if (mr == 1) ROWS(1, v, rsa, csa); else if (mr <= MH) ROWS(MH, v, rsa, csa); \
  else if (mr <= MT) ROWS(MT, v, rsa, csa); else ROWS(MR, v, rsa, csa); } while (0)
static NOINLINE void tile_part(ix mr, ix nr, ix k, const f32 *a, ix rsa, ix csa, const f32 *b, ix ldb, f32 *t, ix ldt, int first) {
  if (nr > VL) TILES(NV, 1, MR); else TILES(1, rsa, csa);
}

// mr x nr of t, as tile_part gives it for each slice of k, added up.
static void tile_sums(ix mr, ix nr, ix k, ix slice, const f32 *a, ix rsa, ix csa, const f32 *b, ix ldb, f32 *t, ix ldt) {
  tile_part(mr, nr, imin(k, slice), a, rsa, csa, b, ldb, t, ldt, 1);
  for (ix p = slice; p < k; p += slice) {
    f32 s[MR * NR] __attribute__((aligned(64)));
    tile_part(mr, nr, imin(k - p, slice), a + p * csa, rsa, csa, b + p * ldb, ldb, s, NR, 1);
    for (ix r = 0; r < mr; r++) for (ix j = 0; j < nr; j += VL) st(t + r * ldt + j, ld(t + r * ldt + j) + ld(s + r * NR + j));
  }
}
// All of a tile in registers, of packed A; t has room for it.
INLINE void tile_whole(ix k, ix slice, const f32 *a, const f32 *b, const ix ldb, f32 *t, vf acc[][NV]) {
  for (ix p = 0; p < k || !p; p += slice) {
    if (p) UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) st(t + i * NR + j * VL, acc[i][j]);
    UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) acc[i][j] = splat(0);
    tile(MR, NV, imin(slice, k - p), a + p * MR, 1, MR, b + p * ldb, ldb, acc);
    if (p) UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) acc[i][j] += ld(t + i * NR + j * VL);
  }
}

// The sums of B's columns, a slice of rows after the other just before it is packed (rows.c has them, as a reduction's).
enum { SUM_PARTS = 32, SUM_LEVELS = 6, SUM_ROOM = SUM_PARTS + SUM_LEVELS };
#define SUMS_WS ((ix)sizeof(f32) * (SUM_ROOM * NC - KC * NR_MOST))    // the room for edges (stream) is not needed then
typedef struct { f32 *y, *part; } Sums;
static void sum_columns(ix rows, ix cols, const f32 *b, f32 *y);
static void sum_slice(Sums s, ix first, ix rows, ix cols, const f32 *b, ix ldb, int last);

// C [+]= t [+ bias] [+ D] for some rows.
static void emit(ix rows, ix columns, const f32 *t, ix ldt, Out o) {
  for (ix r = 0; r < rows; r++) {
    f32 *c = o.c + r * o.ldc;
    const f32 *d = o.d ? o.d + r * o.ldd : 0, *s = t + r * ldt;
    VLOOP(columns, {
      vf v = ld(s + i);                               // the rows of t are whole vectors: no partial load
      if (o.add) v += ldk(c + i, k, 0);
      if (o.bias) v += ldk(o.bias + i, k, 0);
      if (d) v += ldk(d + i, k, 0);
      stk(c + i, v, k);
    });
  }
}
static void tile_to(ix k, ix slice, const f32 *a, const f32 *b, ix mr, ix nr, Out o) {
  f32 t[MR * NR] __attribute__((aligned(64)));
  if (mr < MR || nr < NR) {                           // an edge goes through memory, so that acc stays in registers
    tile_sums(mr, nr, k, slice, a, 1, MR, b, NR, t, NR);
    emit(mr, nr, t, NR, o);
    return;
  }
  vf acc[MR][NV];
  UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NR; j += LINE_FLOATS) __builtin_prefetch(o.c + i * o.ldc + j, 1, 3);
  tile_whole(k, slice, a, b, NR, t, acc);
  if (o.add) { UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) acc[i][j] += ld(o.c + i * o.ldc + j * VL); }
  if (o.bias) {
    UNROLL for (int j = 0; j < NV; j++) {
      vf bv = ld(o.bias + j * VL);
      UNROLL for (int i = 0; i < MR; i++) acc[i][j] += bv;
    }
  }
  if (o.d) { UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) acc[i][j] += ld(o.d + i * o.ldd + j * VL); }
  UNROLL for (int i = 0; i < MR; i++) UNROLL for (int j = 0; j < NV; j++) st(o.c + i * o.ldc + j * VL, acc[i][j]);
}

// Packs `rows` (<= w) rows of X(r, p) = x[r*rs + p*cs], p < k, as d[p*w + r]; missing rows become zeros.
INLINE void pack_panel(const int w, ix rows, ix k, const f32 *x, ix rs, ix cs, f32 *d) {
  if (rs == 1 && w % VL == 0) {                       // rows lie side by side: copy
    for (ix p = 0; p < k; p++) UNROLL for (int r = 0; r < w; r += VL) {
      const ix there = imax(0, rows - r);
      st(d + p * w + r, there >= VL ? ld(x + p * cs + r) : ldk(x + p * cs + r, (int)there, 0));
    }
    return;
  }
  if (rows < w) for (ix p = 0; p < k; p++) for (ix r = rows; r < w; r++) d[p * w + r] = 0;
  if (rs == 1) {
    if (rows == w) for (ix p = 0; p < k; p++) { UNROLL for (int r = 0; r < w; r += 4) st4(d + p * w + r, ld4(x + p * cs + r)); }
    else for (ix p = 0; p < k; p++) for (ix r = 0; r < rows; r++) d[p * w + r] = x[p * cs + r];
    return;
  }
  ix r = 0, p;                                        // k lies side by side: transpose VL x VL or 4 x 4 in registers
  if (cs == 1 && w % VL == 0 && VL > 4) for (; r + VL <= rows; r += VL) {
    const f32 *s = x + r * rs;
    for (p = 0; p + VL <= k; p += VL) {
      vf a[VL];
      UNROLL for (int q = 0; q < VL; q++) a[q] = ld(s + q * rs + p);
      transpose(a);
      UNROLL for (int q = 0; q < VL; q++) st(d + (p + q) * w + r, a[q]);
    }
    for (; p < k; p++) for (int q = 0; q < VL; q++) d[p * w + r + q] = s[q * rs + p];
  }
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

// The same of 16-bit elements: widened where rows lie side by side, else rows are widened before they are transposed.
static void pack_halves(ix w, ix rows, ix k, int dtype, const uint16_t *x, ix rs, ix cs, f32 *d) {
  if (rs == 1) {
    for (ix p = 0; p < k; p++) {
      widen_row(dtype, rows, x + p * cs, d + p * w);
      for (ix r = rows; r < w; r++) d[p * w + r] = 0;
    }
    return;
  }
  f32 wide[NR * KC];
  for (ix r = 0; r < rows; r++) widen_row(dtype, k, x + r * rs, wide + r * k);
  if (w == NR) pack_panel(NR, rows, k, wide, k, 1, d);
  else pack_a(rows, k, wide, k, 1, d);
}
static void pack_rows(ix rows, ix k, Matrix a, f32 *d) {
  if (a.dtype == F32) { pack_a(rows, k, a.x, a.rs, a.cs, d); return; }
  for (ix r = 0; r < rows; r += MR) pack_halves(MR, imin(MR, rows - r), k, a.dtype, (const uint16_t *)a.x + r * a.rs, a.rs, a.cs, d + r * k);
}
static void pack_columns(ix cols, ix k, Matrix b, f32 *d) {
  if (b.dtype == F32) { pack_b(cols, k, b.x, b.rs, b.cs, d); return; }
  for (ix c = 0; c < cols; c += NR) pack_halves(NR, imin(NR, cols - c), k, b.dtype, (const uint16_t *)b.x + c * b.cs, b.cs, b.rs, d + c * k);
}

// The part of C that a panel of k and a block of columns give, from B as it lies: some rows of it at a time, which stay in
// L1 for all rows of A. t holds the sums meanwhile, of all slices and then of one; its rows lie a line off powers of two, or
// they would meet in the cache.
static void stream(ix M, ix nc, ix kc, ix slice, const f32 *pa, const f32 *b, ix ldb, Out o, f32 *edge, f32 *t) {
  const ix streams = M <= MH ? STREAMS : 2 * STREAMS, whole = nc / NR * NR, ldt = up(nc, NR) + 16;
  if (whole < nc) pack_b(nc - whole, kc, b + whole, ldb, 1, edge);
  for (ix s = 0; s < kc || !s; s += slice) {
    f32 *to = s ? t + M * ldt : t;
    const ix end = imin(kc, s + slice);
    for (ix p = s; p < end || !p; p += streams) {
      const ix k = imin(streams, end - p);
      for (ix i = 0; i < M; i += MR) {
        const ix mr = imin(MR, M - i);
        const f32 *a = pa + i * kc + p * MR;
        for (ix j = 0; j < whole; j += NR) tile_part(mr, NR, k, a, 1, MR, b + p * ldb + j, ldb, to + i * ldt + j, ldt, p == s);
        if (whole < nc) tile_part(mr, nc - whole, k, a, 1, MR, edge + p * NR, NR, to + i * ldt + whole, ldt, p == s);
      }
    }
    if (s) VLOOP(M * ldt, { stk(t + i, ldk(t + i, k, 0) + ldk(to + i, k, 0), k); });
  }
  emit(M, nc, t, ldt, o);
}

// The part of C that a panel of k gives when C is at most one vector wide: A is read as it lies. No tile has more
// rows than are left: nothing may be read past the end of A.
static void slim(ix M, ix N, ix kc, ix slice, const f32 *a, ix rsa, ix csa, const f32 *pb, Out o) {
  f32 t[MR * VL] __attribute__((aligned(64)));
  for (ix i = 0, step; i < M; i += step) {
    const ix rest = M - i;
    step = rest >= MR ? MR : rest >= MT ? MT : rest >= MH ? MH : 1;
    tile_sums(step, N, kc, slice, a + i * rsa, rsa, csa, pb, NR, t, VL);
    Out q = o;
    q.c += i * o.ldc;
    if (q.d) q.d += i * o.ldd;
    emit(step, N, t, VL, q);
  }
}

static Matrix block_of(Matrix m, ix row, ix column) {
  m.x = (const char *)m.x + (row * m.rs + column * m.cs) * ITEM[m.dtype];
  return m;
}
// What is packed next: while tiles are computed the processor is told of it, some lines with each, so that packing finds it
// in the second cache. It foresees rows by itself, but these are short, and far apart.
typedef struct { const char *x; ix rows, bytes, step, row, at, lines; } Ahead;
INLINE Ahead ahead_of(Matrix m, ix rows, ix columns, ix tiles) {
  const ix item = ITEM[m.dtype], along = m.rs == 1 ? rows : columns, across = m.rs == 1 ? columns : rows;
  const ix lines = across * ((along * item + LINE_BYTES - 1) / LINE_BYTES);
  return (Ahead){m.x, across, along * item, (m.rs == 1 ? m.cs : m.rs) * item, 0, 0, lines / imax(1, tiles) + 1};
}
INLINE void foretell(Ahead *s) {
  for (ix n = s->lines; n > 0 && s->row < s->rows; n--) {
    __builtin_prefetch(s->x + s->row * s->step + s->at, 0, 2);
    s->at += LINE_BYTES;
    if (s->at >= s->bytes) s->at = 0, s->row++;
  }
}

static void gemm_strided(ix M, ix N, ix K, Matrix a, Matrix b, Out o, f32 *ws, Then *then, Sums sums) {
  if (M <= 0 || N <= 0) return;
  f32 *pa = ws, *pb = ws + MC * KC;
  const int few = M <= FEW && b.cs == 1 && b.dtype == F32;
  const int onto = o.d == o.c;
  const ix block = !few ? NC : 2 * M > FEW ? FEW_NC / 2 : FEW_NC;   // what stream keeps of both sums fits where panels lie
  const Cut of = cut(K);
  const ix step = of.panel;
  for (ix j0 = 0; j0 < N; j0 += block) {
    ix nc = imin(block, N - j0);
    for (ix p0 = 0; p0 < K || !p0; p0 += step) {
      const ix kc = imin(step, K - p0);
      Out at = o;
      const int last = p0 + kc == K;
      at.c += j0;
      at.add = p0 > 0 || onto;                                      // later panels of k add to what is there
      at.d = last && o.d && !onto ? o.d + j0 : 0;
      at.bias = last && o.bias ? o.bias + j0 : 0;
      const Matrix ap = block_of(a, 0, p0), bj = block_of(b, p0, j0);
      if (sums.y) sum_slice((Sums){sums.y + j0, sums.part}, p0, kc, nc, bj.x, b.rs, last);
      if (few) {
        pack_rows(M, kc, ap, pa);
        stream(M, nc, kc, of.slice, pa, bj.x, b.rs, at, pb, pb + KC * NR);
        if (last) follow_rows(then, 0, M, j0, nc);
        continue;
      }
      pack_columns(nc, kc, bj, pb);
      const ix across = up(nc, NR) / NR, p1 = last ? 0 : p0 + step, j1 = last ? j0 + block : j0;
      const ix k1 = imin(step, K - p1), n1 = imax(0, imin(block, N - j1));
      Ahead b1 = ahead_of(n1 ? block_of(b, p1, j1) : b, k1, n1, across * (up(M, MR) / MR));
      if (N <= VL && a.dtype == F32) {
        slim(M, N, kc, of.slice, ap.x, a.rs, a.cs, pb, at);
        if (last) follow_rows(then, 0, M, 0, N);
        continue;
      }
      for (ix i0 = 0; i0 < M; i0 += MC) {
        ix mc = imin(MC, M - i0);
        pack_rows(mc, kc, block_of(ap, i0, 0), pa);
        const int more = i0 + MC < M;
        const ix m1 = more ? imin(MC, M - i0 - MC) : n1 ? imin(MC, M) : 0;
        Ahead a1 = ahead_of(more ? block_of(ap, i0 + MC, 0) : block_of(a, 0, p1), m1, more ? kc : k1, across * (up(mc, MR) / MR));
        for (ix j = 0; j < nc; j += NR) for (ix i = 0; i < mc; i += MR) {
          Out q = at;
          q.c += (i0 + i) * o.ldc + j;
          if (q.d) q.d += (i0 + i) * q.ldd + j;
          if (q.bias) q.bias += j;
          foretell(&a1);
          foretell(&b1);
          tile_to(kc, of.slice, pa + i * kc, pb + j * kc, imin(MR, mc - i), imin(NR, nc - j), q);
        }
        if (last) follow_rows(then, i0, mc, j0, nc);
      }
    }
  }
}

// C[M x N] = op(A)·op(B) [+ D] [+ bias]; ta: A is stored K x M; tb: B is stored N x K.
static void gemm(int ta, int tb, ix M, ix N, ix K, const f32 *a, ix lda, const f32 *b, ix ldb, f32 *c, ix ldc,
                 const f32 *d, ix ldd, const f32 *bias, f32 *ws, Then *then) {
  Out o = {c, ldc, d, ldd, bias, 0};
  gemm_strided(M, N, K, (Matrix){a, ta ? 1 : lda, ta ? lda : 1, F32}, (Matrix){b, tb ? 1 : ldb, tb ? ldb : 1, F32}, o, ws, then, (Sums){0, 0});
}
// The same of operands of which some have 16 bits.
static int gemm_mixed(int ta, int tb, ix M, ix N, ix K, int da, const void *a, ix lda, int db, const void *b, ix ldb, Out o, f32 *ws, Then *then) {
  if ((da != F32 && !is_half(da)) || (db != F32 && !is_half(db))) return 0;
  gemm_strided(M, N, K, (Matrix){a, ta ? 1 : lda, ta ? lda : 1, da}, (Matrix){b, tb ? 1 : ldb, tb ? ldb : 1, db}, o, ws, then, (Sums){0, 0});
  return 1;
}
// Aᵀ·B, A stored K x M, and the sums of B's columns: the gradients of a weight and of a bias.
static void gemm_sums(ix M, ix N, ix K, const f32 *a, const f32 *b, f32 *c, f32 *sums, f32 *ws) {
  Out o = {c, N, 0, 0, 0, 0};
  const int few = M <= FEW;                                           // blocks are wider than the room for sums
  if (few) sum_columns(K, N, b, sums);
  gemm_strided(M, N, K, (Matrix){a, 1, M, F32}, (Matrix){b, N, 1, F32}, o, few ? ws : ws + SUM_ROOM * NC, 0, (Sums){few ? 0 : sums, ws});
}
// The same over a batch: operand x of item i starts at x + i*sx; a stride of 0 shares it.
static void gemm_batched(ix batch, int ta, int tb, ix M, ix N, ix K, const f32 *a, ix lda, ix sa, const f32 *b, ix ldb, ix sb,
                         f32 *c, ix ldc, ix sc, f32 *ws) {
  for (ix i = 0; i < batch; i++) gemm(ta, tb, M, N, K, a + i * sa, lda, b + i * sb, ldb, c + i * sc, ldc, 0, 0, 0, ws, 0);
}
