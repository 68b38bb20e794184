// Counter-based randomness: Philox4x32-10 (Salmon et al. 2011). An element's value depends on the seed, the stream, the
// step and its index in the whole tensor alone, so every layout draws the same numbers.

static void philox4x32(const uint32_t counter[4], uint32_t k0, uint32_t k1, uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    const uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)b;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)a;
  }
  out[0] = c0; out[1] = c1; out[2] = c2; out[3] = c3;
}

enum { UNIFORM, NORMAL, BITS, DROPOUT };
// What is drawn: two numbers that the kind gives a meaning to, the key, and two words of the counter.
typedef struct { double a, b; uint32_t k0, k1, stream, step; } Draw;

// The words of BATCH blocks from `block` on, in the order of the elements. A lane holds a word in its lower half, and anything
// in its upper one.
enum { BATCH = VL, LANES = VL / 2, WORDS = 4 * BATCH };
static NOINLINE void philox_words(Draw d, uint64_t block, uint32_t *words) {
  vw c0[2], c1[2], c2[2], c3[2];
  uint32_t k0 = d.k0, k1 = d.k1;
  UNROLL for (int h = 0; h < 2; h++) {
    UNROLL for (int i = 0; i < LANES; i++) c0[h][i] = block + (uint64_t)(h * LANES + i);
    c1[h] = c0[h] >> 32;
    c2[h] = (vw){0} + d.stream;
    c3[h] = (vw){0} + d.step;
  }
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
    UNROLL for (int h = 0; h < 2; h++) {
      const vw a = multiply(c0[h], 0xD2511F53u), b = multiply(c2[h], 0xCD9E8D57u);
      c0[h] = (b >> 32) ^ c1[h] ^ k0;
      c1[h] = b;
      c2[h] = (a >> 32) ^ c3[h] ^ k1;
      c3[h] = a;
    }
  UNROLL for (int h = 0; h < 2; h++) {
    const vw low = (c0[h] & 0xFFFFFFFFu) | c1[h] << 32, high = (c2[h] & 0xFFFFFFFFu) | c3[h] << 32;
    UNROLL for (int i = 0; i < LANES; i++) {
      const uint64_t four[2] = {low[i], high[i]};
      __builtin_memcpy(words + 4 * (h * LANES + i), four, sizeof four);
    }
  }
}
