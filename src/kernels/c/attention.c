// softmax(q·kᵀ·scale)·v for a batch of heads, one query at a time and without keeping the scores: the running maximum and
// sum of flash attention (Dao et al. 2022), in the order of the keys. For any float
// type E (kern.c); of float32, what flash.c leaves. q [B, T, d], k [B, U, d], v [B, U, e], o [B, T, e].

static void NAME(attention_rows)(Heads h, const E *q, const E *k, const E *v, E *o) {
  const E scale = (E)h.scale;
  for (ix b = 0; b < h.B; b++, k += h.U * h.d, v += h.U * h.e)
    for (ix i = 0; i < h.T; i++, q += h.d, o += h.e) {
      E most = -__builtin_inff(), sum = 0;
      NAME(fill)(h.e, 0, o);
      for (ix j = 0; j < seen(h, i); j++) {
        const E z = NAME(dot)(h.d, q, k + j * h.d, 1) * scale;
        if (z > most) {
          const E shrink = NAME(exp1)(most - z);
          NAME(scale_row)(h.e, shrink, o);
          sum *= shrink;
          most = z;
        }
        const E p = NAME(exp1)(z - most);
        sum += p;
        NAME(add_row)(h.e, p, v + j * h.e, 1, o);
      }
      if (sum > 0) NAME(scale_row)(h.e, 1 / sum, o);
    }
}
// With P the weights, dP = do·vᵀ and dS = P∘(dP - Σ P·dP)·scale: dq = dS·k, dk = dSᵀ·q, dv = Pᵀ·do.
static void NAME(attention_rows_grad)(Heads h, const E *q, const E *k, const E *v, const E *g, E *dq, E *dk, E *dv) {
  const E scale = (E)h.scale;
  NAME(fill)(h.B * h.T * h.d, 0, dq);
  NAME(fill)(h.B * h.U * h.d, 0, dk);
  NAME(fill)(h.B * h.U * h.e, 0, dv);
  for (ix b = 0; b < h.B; b++, k += h.U * h.d, v += h.U * h.e, dk += h.U * h.d, dv += h.U * h.e)
    for (ix i = 0; i < h.T; i++, q += h.d, g += h.e, dq += h.d) {
      E most = -__builtin_inff(), sum = 0, along = 0;       // along = Σ P·dP, not yet divided by the sum
      for (ix j = 0; j < seen(h, i); j++) {
        const E z = NAME(dot)(h.d, q, k + j * h.d, 1) * scale;
        if (z > most) {
          const E shrink = NAME(exp1)(most - z);
          sum *= shrink;
          along *= shrink;
          most = z;
        }
        const E p = NAME(exp1)(z - most);
        sum += p;
        along += p * NAME(dot)(h.e, g, v + j * h.e, 1);
      }
      for (ix j = 0; j < seen(h, i); j++) {
        const E p = NAME(exp1)(NAME(dot)(h.d, q, k + j * h.d, 1) * scale - most) / sum;
        const E ds = p * (NAME(dot)(h.e, g, v + j * h.e, 1) - along / sum) * scale;
        NAME(add_row)(h.d, ds, k + j * h.d, 1, dq);
        NAME(add_row)(h.d, ds, q, 1, dk + j * h.d);
        NAME(add_row)(h.e, p, g, 1, dv + j * h.e);
      }
    }
}
