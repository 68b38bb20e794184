// softmax(q·kᵀ·scale)·v for a batch of heads, one query at a time and without keeping the scores: the running maximum and
// sum of flash attention (Dao et al. 2022), in the order of the keys. q [B, T, d], k [B, U, d], v [B, U, e], o [B, T, e].

typedef struct { ix B, T, U, d, e; int causal; ix first; f32 scale; } Heads;

// Query i sees this many keys; `first` is the last key that query 0 sees.
INLINE ix seen(Heads h, ix i) { return h.causal ? imax(0, imin(h.U, h.first + i + 1)) : h.U; }
INLINE f32 exp1(f32 x) { return vexp(splat(x))[0]; }
INLINE void scale_row(ix n, f32 a, f32 *y) { VLOOP(n, { stk(y + i, ldk(y + i, k, 0) * a, k); }); }

static void attention(Heads h, const f32 *q, const f32 *k, const f32 *v, f32 *o) {
  for (ix b = 0; b < h.B; b++, k += h.U * h.d, v += h.U * h.e)
    for (ix i = 0; i < h.T; i++, q += h.d, o += h.e) {
      f32 most = -__builtin_inff(), sum = 0;
      fill(h.e, 0, o);
      for (ix j = 0; j < seen(h, i); j++) {
        const f32 z = dot(h.d, q, k + j * h.d, 1) * h.scale;
        if (z > most) {
          const f32 shrink = exp1(most - z);
          scale_row(h.e, shrink, o);
          sum *= shrink;
          most = z;
        }
        const f32 p = exp1(z - most);
        sum += p;
        add_row(h.e, p, v + j * h.e, 1, o);
      }
      if (sum > 0) scale_row(h.e, 1.f / sum, o);
    }
}
// With P the weights, dP = do·vᵀ and dS = P∘(dP - Σ P·dP)·scale: dq = dS·k, dk = dSᵀ·q, dv = Pᵀ·do.
static void attention_grad(Heads h, const f32 *q, const f32 *k, const f32 *v, const f32 *g, f32 *dq, f32 *dk, f32 *dv) {
  fill(h.B * h.T * h.d, 0, dq);
  fill(h.B * h.U * h.d, 0, dk);
  fill(h.B * h.U * h.e, 0, dv);
  for (ix b = 0; b < h.B; b++, k += h.U * h.d, v += h.U * h.e, dk += h.U * h.d, dv += h.U * h.e)
    for (ix i = 0; i < h.T; i++, q += h.d, g += h.e, dq += h.d) {
      f32 most = -__builtin_inff(), sum = 0, along = 0;       // along = Σ P·dP, not yet divided by the sum
      for (ix j = 0; j < seen(h, i); j++) {
        const f32 z = dot(h.d, q, k + j * h.d, 1) * h.scale;
        if (z > most) {
          const f32 shrink = exp1(most - z);
          sum *= shrink;
          along *= shrink;
          most = z;
        }
        const f32 p = exp1(z - most);
        sum += p;
        along += p * dot(h.e, g, v + j * h.e, 1);
      }
      for (ix j = 0; j < seen(h, i); j++) {
        const f32 p = exp1(dot(h.d, q, k + j * h.d, 1) * h.scale - most) / sum;
        const f32 ds = p * (dot(h.e, g, v + j * h.e, 1) - along / sum) * h.scale;
        add_row(h.d, ds, k + j * h.d, 1, dq);
        add_row(h.d, ds, q, 1, dk + j * h.d);
        add_row(h.e, p, g, 1, dv + j * h.e);
      }
    }
}
