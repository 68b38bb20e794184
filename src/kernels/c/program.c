// Programs: flat arrays of doubles that one call runs. Doubles carry byte offsets to 2^53, dims and scalars exactly, and
// are one Float64Array on the other side.
//   [registers, calls, (offset, stride, index, copies) · registers, (opcode, argc, arguments …) · calls]
// A register is an address: offset + stride · slot bytes from the base; slot = seqs[index] mod copies, where seqs are the
// firing numbers in the launch record, or 0 when index is -1. A pointer argument names a register, or -1 for none.
//
// OPS is the one list of kernels: opcode order, signature, the pointers that may be null, workspace and call; the binding's
// table is generated from it. Letters: i integer, f scalar, p pointer, and * at the end: any number of further pointers.
// A text is a pointer too, to its length in bytes (an int32) and its UTF-8.
typedef struct {
  char *base;
  const double *registers;
  const int32_t *seqs;
  const double *args;
  ix argc, count;
} Call;

// Offsets are unsigned: in wasm they reach 4 GiB, twice what an ix holds.
INLINE uintptr_t bytes(double offset) { return (uintptr_t)offset; }
INLINE char *from(char *base, double offset) { return (char *)((uintptr_t)base + bytes(offset)); }
INLINE char *address(const Call *c, ix n) {
  const ix r = (ix)c->args[n];
  if (r < 0) return 0;
  const double *reg = c->registers + 4 * r;
  const uintptr_t slot = reg[2] < 0 ? 0 : (uint32_t)c->seqs[(ix)reg[2]] % (uint32_t)reg[3];
  return from(c->base, reg[0]) + bytes(reg[1]) * slot;
}
// Whether the arguments are as many as the signature says, and every pointer names a register or may be null.
static int fits(const Call *c, const char *signature, uint32_t nullable) {
  ix n = 0;
  const char *s = signature;
  for (; n < c->argc && *s; n++, s += *s != '*') {
    if (*s != 'p' && *s != '*') continue;
    if (c->args[n] >= (double)c->count || (c->args[n] < 0 && !(n < 32 && nullable >> n & 1))) return 0;
  }
  return n == c->argc && (!*s || *s == '*');
}
INLINE void four(const Call *c, ix from, ix *out) { for (int i = 0; i < 4; i++) out[i] = (ix)c->args[from + i]; }

#define I(n) ((ix)c->args[n])
#define F(n) ((f32)c->args[n])
#define A(n) address(c, n)
#define P(n) ((f32 *)A(n))
#define L(n) ((int32_t *)A(n))
#define T(n) ((double *)A(n))

static int call_binary(const Call *c) {
  ix n[4], sa[4], sb[4];
  four(c, 1, n); four(c, 5, sa); four(c, 9, sb);
  return binary((int)I(0), n, sa, sb, P(13), P(14), P(15));
}
static int call_compare(const Call *c) {
  ix n[4], sa[4], sb[4];
  four(c, 2, n); four(c, 6, sa); four(c, 10, sb);
  return compare((int)I(0), (int)I(1), n, sa, sb, A(14), A(15), (uint8_t *)A(16));
}
static int call_select(const Call *c) {
  ix n[4], sc[4], sa[4], sb[4];
  four(c, 1, n); four(c, 5, sc); four(c, 9, sa); four(c, 13, sb);
  return choose((int)I(0), n, sc, sa, sb, (const uint8_t *)A(17), A(18), A(19), A(20));
}
static int call_philox(const Call *c) {
  ix n[4];
  four(c, 6, n);
  const ix t[4] = {n[1] * n[2] * n[3], n[2] * n[3], n[3], 1};
  const Draw d = {F(1), F(2), (uint32_t)c->args[3], (uint32_t)c->args[4], (uint32_t)c->args[5], 0};
  return draws((int)I(0), d, n, c->args + 10, t, c->args[14], 0, P(15));
}
static int call_random(const Call *c) {
  ix n[4], t[4];
  four(c, 6, n); four(c, 14, t);
  const Draw d = {F(1), F(2), (uint32_t)c->args[3], (uint32_t)c->args[4], (uint32_t)c->args[5], (uint32_t)*L(19)};
  return draws((int)I(0), d, n, c->args + 10, t, c->args[18], P(20), P(21));
}
// Sizes of a convolution, and of pooling, where the planes are the images.
INLINE Conv conv_of(const Call *c) { return (Conv){I(0), I(1), I(2), I(3), I(4), I(5), I(6), I(7), I(8), I(9), I(10), I(11), I(12)}; }
INLINE Conv pool_of(const Call *c) { return (Conv){I(1), 1, I(2), I(3), 1, I(6), I(7), I(4), I(5), I(8), I(9), I(10), I(11)}; }
INLINE Heads heads_of(const Call *c) { return (Heads){I(0), I(1), I(2), I(3), I(4), (int)I(5), I(6), F(7)}; }
static int call_copy_box(const Call *c) {
  ix n[4], sx[4], sy[4];
  four(c, 1, n); four(c, 5, sx); four(c, 9, sy);
  return copy_box((int)I(0), n, sx, sy, A(13) + bytes(c->args[14]), A(15) + bytes(c->args[16]), T(17), c->base);
}
static int call_reduce_box(const Call *c) {
  ix n[4], sx[4], sy[4];
  const char *sources[SOURCES];
  const ix members = c->argc - 18;
  if (members > SOURCES) return 0;
  four(c, 2, n); four(c, 6, sx); four(c, 10, sy);
  for (ix q = 0; q < members; q++) sources[q] = A(18 + q) + bytes(c->args[14]);
  return reduce_box((int)I(0), (int)I(1), n, sx, sy, members, sources, A(17) + bytes(c->args[15]), T(16), c->base);
}
static int call_all_reduce(const Call *c) {
  char *at[2 * SOURCES];
  const ix members = I(5);
  if (members < 1 || members > SOURCES || c->argc != 6 + 2 * members) return 0;
  for (ix q = 0; q < 2 * members; q++) at[q] = A(6 + q);
  return all_reduce((int)I(0), (int)I(1), I(2), I(3), members, at, at + members, T(4), c->base);
}

#if defined(__wasm__)
#define EXPORT __attribute__((visibility("default")))
#else
#define EXPORT __attribute__((visibility("default"), used))
#endif

// A kernel that the host brings (an op that a user has defined): what it needs to know as text, and where its operands
// lie, all as offsets from the base. Gives 0 when it failed; the host knows why.
enum { HOST_OPERANDS = 64 };
#if defined(__wasm__)
__attribute__((import_module("env"), import_name("sluice_host"))) int sluice_host(double text, ix count, const double *at);
#else
EXPORT int (*sluice_host)(double text, ix count, const double *at) = 0; // set by whoever loads the library
#define sluice_host(text, count, at) (sluice_host && sluice_host(text, count, at))
#endif
static int call_host(const Call *c) {
  double at[HOST_OPERANDS + 1];
  if (c->argc > HOST_OPERANDS + 1) return 0;
  for (ix n = 0; n < c->argc; n++) at[n] = (double)((uintptr_t)A(n) - (uintptr_t)c->base);
  return sluice_host(at[0], c->argc - 1, at + 1);
}

#define OK(call) ((call), 1)
#define NULLABLE(n) (1u << (n))
#define OPS(X) \
  X(gemm, "iiiiipipipipip", NULLABLE(11) | NULLABLE(13), GEMM_WS, OK(gemm(I(0), I(1), I(2), I(3), I(4), P(5), I(6), P(7), I(8), P(9), I(10), P(11), I(12), P(13), ws))) \
  X(gemm_batched, "iiiiiipiipiipii", 0, GEMM_WS, OK(gemm_batched(I(0), I(1), I(2), I(3), I(4), I(5), P(6), I(7), I(8), P(9), I(10), I(11), P(12), I(13), I(14), ws))) \
  X(binary, "iiiiiiiiiiiiippp", 0, 0, call_binary(c)) \
  X(affine, "iffpp", 0, 0, OK(affine(I(0), F(1), F(2), P(3), P(4)))) \
  X(unary, "iipp", 0, 0, unary((int)I(0), I(1), P(2), P(3))) \
  X(relu_grad, "ippp", 0, 0, OK(relu_grad(I(0), P(1), P(2), P(3)))) \
  X(reduce, "iiiifpp", 0, 0, reduce((int)I(0), I(1), I(2), I(3), F(4), P(5), P(6))) \
  X(cross_entropy, "iippp", 0, 0, OK(cross_entropy(I(0), I(1), P(2), L(3), P(4)))) \
  X(cross_entropy_grad, "iipppp", 0, 0, OK(cross_entropy_grad(I(0), I(1), P(2), L(3), P(4), P(5)))) \
  X(argmax, "iiipp", 0, 0, OK(argmax(I(0), I(1), I(2), P(3), L(4)))) \
  X(cast, "iiipp", 0, 0, cast((int)I(0), (int)I(1), I(2), A(3), A(4))) \
  X(fill, "ifp", 0, 0, OK(fill(I(0), F(1), P(2)))) \
  X(fill_i32, "iip", 0, 0, OK(fill_i32(I(0), (int32_t)I(1), L(2)))) \
  X(increment, "iipp", 0, 0, OK(increment(I(0), (int32_t)I(1), L(2), L(3)))) \
  X(adamw, "ippppppffff", 0, 0, OK(adamw(I(0), P(1), P(2), P(3), P(4), *P(5), *L(6), F(7), F(8), F(9), F(10)))) \
  X(sgd, "ippppfffi", NULLABLE(2), 0, OK(sgd(I(0), P(1), P(2), P(3), *P(4), F(5), F(6), F(7), (int)I(8)))) \
  X(lamb, "ipppppffffp", 0, 0, OK(lamb(I(0), P(1), P(2), P(3), P(4), *L(5), F(6), F(7), F(8), F(9), P(10)))) \
  X(trusted_rate, "pppp", 0, 0, OK(*P(3) = trusted_rate(*P(0), *P(1), *P(2)))) \
  X(philox, "iffiiiiiiiiiiiip", 0, 0, call_philox(c)) \
  X(softmax, "iiiipp", 0, 0, OK(softmax((int)I(0), I(1), I(2), I(3), P(4), P(5)))) \
  X(softmax_grad, "iiiippp", 0, 0, OK(softmax_grad((int)I(0), I(1), I(2), I(3), P(4), P(5), P(6)))) \
  X(layer_norm, "iiifpppp", NULLABLE(6), 0, OK(layer_norm((int)I(0), I(1), I(2), F(3), P(4), P(5), P(6), P(7)))) \
  X(layer_norm_grad, "iiifpppp", 0, 0, OK(layer_norm_grad((int)I(0), I(1), I(2), F(3), P(4), P(5), P(6), P(7)))) \
  X(layer_norm_grad_gain, "iiifppp", 0, 0, OK(layer_norm_grad_gain((int)I(0), I(1), I(2), F(3), P(4), P(5), P(6)))) \
  X(blend, "ifpp", 0, 0, OK(blend(I(0), F(1), P(2), P(3)))) \
  X(random, "iffiiiiiiiiiiiiiiiippp", NULLABLE(20), 0, call_random(c)) \
  X(conv2d, "iiiiiiiiiiiiippp", 0, 0, OK(conv2d(conv_of(c), P(13), P(14), P(15)))) \
  X(conv2d_grad_x, "iiiiiiiiiiiiippp", 0, 0, OK(conv2d_grad_x(conv_of(c), P(13), P(14), P(15)))) \
  X(conv2d_grad_w, "iiiiiiiiiiiiippp", 0, 0, OK(conv2d_grad_w(conv_of(c), P(13), P(14), P(15)))) \
  X(pool2d, "iiiiiiiiiiiipp", 0, 0, OK(pool2d((int)I(0), pool_of(c), P(12), P(13)))) \
  X(pool2d_grad, "iiiiiiiiiiiippp", NULLABLE(12), 0, OK(pool2d_grad((int)I(0), pool_of(c), P(12), P(13), P(14)))) \
  X(attention, "iiiiiiifpppp", 0, 0, OK(attention(heads_of(c), P(8), P(9), P(10), P(11)))) \
  X(attention_grad, "iiiiiiifppppppp", 0, 0, OK(attention_grad(heads_of(c), P(8), P(9), P(10), P(11), P(12), P(13), P(14)))) \
  X(copy_box, "iiiiiiiiiiiiipipip", NULLABLE(17), 0, call_copy_box(c)) \
  X(reduce_box, "iiiiiiiiiiiiiiiipp*", NULLABLE(16), 0, call_reduce_box(c)) \
  X(all_reduce, "iiiipi*", NULLABLE(4), 0, call_all_reduce(c)) \
  X(gelu_grad, "ippp", 0, 0, OK(gelu_grad(I(0), P(1), P(2), P(3)))) \
  X(power, "ifpp", 0, 0, OK(power_of(I(0), c->args[1], P(2), P(3)))) \
  X(clamp, "iffpp", 0, 0, OK(clamp(I(0), F(1), F(2), P(3), P(4)))) \
  X(clamp_grad, "iffppp", 0, 0, OK(clamp_grad(I(0), F(1), F(2), P(3), P(4), P(5)))) \
  X(compare, "iiiiiiiiiiiiiippp", 0, 0, call_compare(c)) \
  X(logical_not, "ipp", 0, 0, OK(logical_not(I(0), (const uint8_t *)A(1), (uint8_t *)A(2)))) \
  X(select, "iiiiiiiiiiiiiiiiipppp", 0, 0, call_select(c)) \
  X(gather, "iiiiippp", 0, 0, OK(gather(I(0), I(1), I(2), I(3), I(4), L(5), L(6), L(7)))) \
  X(scatter_add, "iiiiippp", 0, 0, OK(scatter_add(I(0), I(1), I(2), I(3), I(4), P(5), L(6), P(7)))) \
  X(take_along, "iiiiippp", 0, 0, OK(take_along(I(0), I(1), I(2), I(3), I(4), L(5), L(6), L(7)))) \
  X(add_along, "iiiiippp", 0, 0, OK(add_along(I(0), I(1), I(2), I(3), I(4), P(5), L(6), P(7)))) \
  X(one_hot, "iiipp", 0, 0, OK(one_hot(I(0), I(1), I(2), L(3), P(4)))) \
  X(top_k, "iiiippp", 0, 0, OK(top_k(I(0), I(1), I(2), I(3), P(4), P(5), L(6)))) \
  X(cumsum, "iiiipp", 0, 0, OK(cumsum(I(0), I(1), I(2), (int)I(3), P(4), P(5)))) \
  X(host, "p*", 0, 0, call_host(c))

#define X(name, sig, nullable, need, call) OP_##name,
enum { OPS(X) OP_COUNT };
#undef X

// "name:signature\n" in opcode order.
EXPORT const char *sluice_ops(void) {
#define X(name, sig, nullable, need, call) #name ":" sig "\n"
  return OPS(X);
#undef X
}

// Bytes of workspace that the kernel with this opcode needs at most, on any target.
EXPORT double sluice_kernel_workspace(double opcode) {
  switch ((ix)opcode) {
#define X(name, sig, nullable, need, call) case OP_##name: return (double)(need);
    OPS(X)
#undef X
    default: return -1;
  }
}

// Bytes of workspace that the program needs; -1 - k when its call number k is malformed.
EXPORT double sluice_workspace(char *base, double program) {
  const double *p = (const double *)from(base, program);
  const ix calls = (ix)p[1];
  double most = 0;
  p += 2 + 4 * (ix)p[0];
  for (ix k = 0; k < calls; p += 2 + (ix)p[1], k++) {
    const double need = sluice_kernel_workspace(p[0]);
    if (need < 0 || p[1] < 0) return -1 - (double)k;
    if (need > most) most = need;
  }
  return most;
}

// Runs it. The workspace belongs to the calling thread for the length of the call; nothing else is shared, so any number
// of threads may run programs at once. Returns the number of calls made, or -1 - k when call number k is malformed.
EXPORT double sluice_run(char *base, double program, double record, double workspace) {
  const double *p = (const double *)from(base, program);
  f32 *ws = (f32 *)from(base, workspace);
  const ix count = (ix)p[0], calls = (ix)p[1];
  Call call = {base, p + 2, (const int32_t *)from(base, record), 0, 0, count};
  const Call *c = &call;
  p += 2 + 4 * count;
  for (ix k = 0; k < calls; k++) {
    int fine = 0;
    call.args = p + 2;
    call.argc = (ix)p[1];
    switch ((ix)p[0]) {
#define X(name, sig, nullable, need, call) case OP_##name: fine = fits(c, sig, nullable) && call; break;
      OPS(X)
#undef X
    }
    if (!fine) return -1 - (double)k;
    p += 2 + call.argc;
  }
  return (double)calls;
}
