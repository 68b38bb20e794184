// softmax(q·kᵀ·scale)·v of a head, one query at a time and without keeping the scores: the running maximum and sum of flash
// attention (Dao et al. 2022), in the order of the keys. For any float type E (kern.c); of float32, what flash.c leaves.

static void NAME(attention_rows)(const Heads *h, const E *q, const E *k, const E *v, E *o) {
  const E scale = (E)h->scale;
  const ix rk = h->of[OF_K].row, rv = h->of[OF_V].row;
  for (ix i = 0; i < h->T; i++, q += h->of[OF_Q].row, o += h->of[OF_O].row) {
    E most = -__builtin_inff(), sum = 0;
    NAME(fill)(h->e, 0, o);
    for (ix j = 0; j < seen(h, i); j++) {
      const E z = NAME(dot)(h->d, q, k + j * rk, 1) * scale;
      if (z > most) {
        const E shrink = NAME(exp1)(most - z);
        NAME(scale_row)(h->e, shrink, o);
        sum *= shrink;
        most = z;
      }
      const E p = NAME(exp1)(z - most);
      sum += p;
      NAME(add_row)(h->e, p, v + j * rv, 1, o);
    }
    if (sum > 0) NAME(scale_row)(h->e, 1 / sum, o);
  }
}
static void NAME(fill_rows)(ix n, ix width, E *x, ix row) { for (ix i = 0; i < n; i++) NAME(fill)(width, 0, x + i * row); }
// With P the weights, dP = do·vᵀ and dS = P∘(dP - Σ P·dP)·scale: dq = dS·k, dk = dSᵀ·q, dv = Pᵀ·do.
static void NAME(attention_rows_grad)(const Heads *h, const E *q, const E *k, const E *v, const E *g, E *dq, E *dk, E *dv) {
  const E scale = (E)h->scale;
  const ix rk = h->of[OF_K].row, rv = h->of[OF_V].row, rdk = h->of[OF_DK].row, rdv = h->of[OF_DV].row;
  NAME(fill_rows)(h->T, h->d, dq, h->of[OF_DQ].row);
  NAME(fill_rows)(h->U, h->d, dk, rdk);
  NAME(fill_rows)(h->U, h->e, dv, rdv);
  for (ix i = 0; i < h->T; i++, q += h->of[OF_Q].row, g += h->of[OF_O].row, dq += h->of[OF_DQ].row) {
    E most = -__builtin_inff(), sum = 0, along = 0;         // along = Σ P·dP, not yet divided by the sum
    for (ix j = 0; j < seen(h, i); j++) {
      const E z = NAME(dot)(h->d, q, k + j * rk, 1) * scale;
      if (z > most) {
        const E shrink = NAME(exp1)(most - z);
        sum *= shrink;
        along *= shrink;
        most = z;
      }
      const E p = NAME(exp1)(z - most);
      sum += p;
      along += p * NAME(dot)(h->e, g, v + j * rv, 1);
    }
    for (ix j = 0; j < seen(h, i); j++) {
      const E p = NAME(exp1)(NAME(dot)(h->d, q, k + j * rk, 1) * scale - most) / sum;
      const E ds = p * (NAME(dot)(h->e, g, v + j * rv, 1) - along / sum) * scale;
      NAME(add_row)(h->d, ds, k + j * rk, 1, dq);
      NAME(add_row)(h->d, ds, q, 1, dk + j * rdk);
      NAME(add_row)(h->e, p, g, 1, dv + j * rdv);
    }
  }
}
