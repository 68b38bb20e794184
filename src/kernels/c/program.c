// Programs: flat arrays of doubles that one call runs. Doubles carry byte offsets to 2^53, dims and scalars exactly, and
// are one Float64Array on the other side.
//   [registers, calls, (offset, stride, index, copies) · registers, (opcode, argc, arguments …) · calls]
// A register is an address: offset + stride · slot bytes from the base; slot = seqs[index] mod copies, where seqs are the
// firing numbers in the launch record, or 0 when index is -1. A pointer argument names a register, or -1 for none.
//
// OPS is the one list of kernels: opcode order, signature, the pointers that may be null, workspace and call; the binding's
// table is generated from it. Letters: i integer, f scalar, p pointer, x any of these, which the kernel checks itself, and *
// at the end: any number of further pointers, behind an x of anything.
// A text is a pointer too, to its length in bytes (an int32) and its UTF-8.
typedef int Host(double text, ix count, const double *at);
typedef struct {
  char *base;
  Host *host;
  const double *registers;
  const int32_t *seqs;
  const double *args;
  ix argc, count, *left_out;
  Then *then;                                                 // what follows the kernel
} Call;

// Offsets are unsigned: in wasm they reach 4 GiB, twice what an ix holds.
INLINE uintptr_t bytes(double offset) { return (uintptr_t)offset; }
INLINE char *from(char *base, double offset) { return (char *)((uintptr_t)base + bytes(offset)); }
// These two stand in every call many times: once each in the module is enough.
static NOINLINE ix integer(const Call *c, ix n) { return (ix)c->args[n]; }
static NOINLINE char *address(const Call *c, ix n) {
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
    if (*s != 'p' && (*s != '*' || s[-1] == 'x')) continue;
    if (c->args[n] >= (double)c->count || (c->args[n] < 0 && !(n < 32 && nullable >> n & 1))) return 0;
  }
  return n == c->argc && (!*s || *s == '*');
}

#include "chain.c"

#define I(n) integer(c, n)
#define D(n) (c->args[n])                                     // a parameter of a float32 kernel rounds it
#define A(n) address(c, n)
#define V(n) ((void *)A(n))
#define FOUR(n) ((ix[4]){I(n), I(n + 1), I(n + 2), I(n + 3)})

// Sizes of a convolution, and of pooling, where the planes are the images.
INLINE Conv conv_of(const Call *c) { return (Conv){I(0), I(1), I(2), I(3), I(4), I(5), I(6), I(7), I(8), I(9), I(10), I(11), I(12)}; }
INLINE Conv pool_of(const Call *c) { return (Conv){I(1), 1, I(2), I(3), 1, I(6), I(7), I(4), I(5), I(8), I(9), I(10), I(11)}; }
INLINE Draw draw_of(const Call *c, uint32_t step) {
  return (Draw){D(1), D(2), (uint32_t)D(3), (uint32_t)D(4), (uint32_t)D(5), step};
}
// Behind nine numbers each operand has its address and three strides.
enum { HEADS_HEAD = 9, HEADS_OPERAND = 4 };
static Heads heads_of(const Call *c) {
  Heads h = {I(0), I(1), I(2), I(3), I(4), I(5), (int)I(6), I(7), D(8), {{0}}};
  for (ix n = 0, at = HEADS_HEAD + 1; at < c->argc; n++, at += HEADS_OPERAND) h.of[n] = (Rows){I(at), I(at + 1), I(at + 2)};
  return h;
}
#define HEADS(n) V(HEADS_HEAD + HEADS_OPERAND * (n))
static int call_reduce_box(const Call *c) {
  const char *sources[SOURCES];
  const ix members = c->argc - 18;
  if (members > SOURCES) return 0;
  for (ix q = 0; q < members; q++) sources[q] = A(18 + q) + bytes(D(14));
  return reduce_box((int)I(0), (int)I(1), FOUR(2), FOUR(6), FOUR(10), members, sources, A(17) + bytes(D(15)), V(16), c->base);
}
static int call_all_reduce(const Call *c) {
  char *at[2 * SOURCES];
  const ix members = I(5);
  if (members < 1 || members > SOURCES || c->argc != 6 + 2 * members) return 0;
  for (ix q = 0; q < 2 * members; q++) at[q] = A(6 + q);
  return all_reduce((int)I(0), (int)I(1), I(2), I(3), members, at, at + members, V(4), c->base);
}

#if defined(__wasm__)
#define EXPORT __attribute__((visibility("default")))
#else
#define EXPORT __attribute__((visibility("default"), used))
#endif

// A kernel that the host brings (an op that a user has defined): what it needs to know as text, and where its operands
// lie, all as offsets from the base. Gives 0 when it failed; the host knows why. wasm imports it, for its functions are no
// addresses; natively every run brings that of its own thread.
enum { HOST_OPERANDS = 64 };
#if defined(__wasm__)
__attribute__((import_module("env"), import_name("sluice_host"))) Host sluice_host;
#define HOST(c) sluice_host
#else
#define HOST(c) (c)->host
#endif
static int call_host(const Call *c) {
  double at[HOST_OPERANDS + 1];
  if (c->argc > HOST_OPERANDS + 1) return 0;
  for (ix n = 0; n < c->argc; n++) at[n] = (double)((uintptr_t)A(n) - (uintptr_t)c->base);
  return HOST(c)(at[0], c->argc - 1, at + 1);
}

#define OK(call) ((call), 1)
#define NULLABLE(n) (1u << (n))
// Of every number type S: float32, which has no suffix, _f64, _i32 and _i64.
// Of float32 alone: what follows.
#define AND_THEN , c->then
#define AND_THEN_f64
#define GAIN_ROOM , ws
#define GAIN_ROOM_f64
#define NUMBERS(X, S) \
  X(binary##S, "iiiiiiiiiiiiippp", 0, 0, binary##S((int)I(0), FOUR(1), FOUR(5), FOUR(9), V(13), V(14), V(15))) \
  X(affine##S, "iffpp", 0, 0, OK(affine##S(I(0), D(1), D(2), V(3), V(4)))) \
  X(unary##S, "iipp", 0, 0, unary##S((int)I(0), I(1), V(2), V(3))) \
  X(reduce##S, "iiiifpp", 0, 0, reduce##S((int)I(0), I(1), I(2), I(3), D(4), V(5), V(6))) \
  X(argmax##S, "iiipp", 0, 0, OK(argmax##S(I(0), I(1), I(2), V(3), V(4)))) \
  X(top_k##S, "iiiippp", 0, 0, OK(top_k##S(I(0), I(1), I(2), I(3), V(4), V(5), V(6)))) \
  X(cumsum##S, "iiiipp", 0, 0, OK(cumsum##S(I(0), I(1), I(2), (int)I(3), V(4), V(5)))) \
  X(clamp##S, "iffpp", 0, 0, OK(clamp##S(I(0), D(1), D(2), V(3), V(4)))) \
  X(scatter_add##S, "iiiiippp", 0, 0, OK(scatter_add##S(I(0), I(1), I(2), I(3), I(4), V(5), V(6), V(7)))) \
  X(add_along##S, "iiiiippp", 0, 0, OK(add_along##S(I(0), I(1), I(2), I(3), I(4), V(5), V(6), V(7)))) \
  X(one_hot##S, "iiipp", 0, 0, OK(one_hot##S(I(0), I(1), I(2), V(3), V(4))))
// Of float32 and _f64.
#define ROWS3 "piiipiiipiii"
#define ROWS4 "piii" ROWS3
#define FLOATS(X, S) \
  X(fill##S, "ifp", 0, 0, OK(fill##S(I(0), D(1), V(2)))) \
  X(relu_grad##S, "ippp", 0, 0, OK(relu_grad##S(I(0), V(1), V(2), V(3)))) \
  X(cross_entropy##S, "iippp", 0, 0, OK(cross_entropy##S(I(0), I(1), V(2), V(3), V(4)))) \
  X(cross_entropy_grad##S, "iipppp", 0, 0, OK(cross_entropy_grad##S(I(0), I(1), V(2), V(3), V(4), V(5)))) \
  X(adamw##S, "ippppppffff", 0, 0, OK(adamw##S(I(0), V(1), V(2), V(3), V(4), V(5), V(6), D(7), D(8), D(9), D(10)))) \
  X(sgd##S, "ippppfffi", NULLABLE(2), 0, OK(sgd##S(I(0), V(1), V(2), V(3), V(4), D(5), D(6), D(7), (int)I(8)))) \
  X(lamb##S, "ipppppffffp", 0, 0, OK(lamb##S(I(0), V(1), V(2), V(3), V(4), V(5), D(6), D(7), D(8), D(9), V(10)))) \
  X(non_finite##S, "ipp", 0, 0, OK(*(int32_t *)A(2) = !all_finite##S(I(0), V(1)))) \
  X(trusted_rate##S, "pppp", 0, 0, OK(trusted_rate##S(V(0), V(1), V(2), V(3)))) \
  X(philox##S, "iffiiiiiiiiiiiip", 0, 0, philox##S((int)I(0), draw_of(c, 0), FOUR(6), c->args + 10, D(14), V(15))) \
  X(random##S, "iffiiiiiiiiiiiiiiiippp", NULLABLE(20), 0, draws##S((int)I(0), draw_of(c, *(uint32_t *)A(19)), FOUR(6), c->args + 10, FOUR(14), D(18), V(20), V(21))) \
  X(softmax##S, "iiiipp", 0, 0, OK(softmax##S((int)I(0), I(1), I(2), I(3), V(4), V(5)))) \
  X(softmax_grad##S, "iiiippp", 0, 0, OK(softmax_grad##S((int)I(0), I(1), I(2), I(3), V(4), V(5), V(6)))) \
  X(layer_norm##S, "iiifpppp", NULLABLE(6), 0, OK(layer_norm##S((int)I(0), I(1), I(2), D(3), V(4), V(5), V(6), V(7)))) \
  X(layer_norm_grad##S, "iiifpppp", 0, 0, OK(layer_norm_grad##S((int)I(0), I(1), I(2), D(3), V(4), V(5), V(6), V(7) AND_THEN##S))) \
  X(layer_norm_grad_gain##S, "iiifppp", 0, GAIN_WS##S, OK(layer_norm_grad_gain##S((int)I(0), I(1), I(2), D(3), V(4), V(5), V(6) GAIN_ROOM##S))) \
  X(blend##S, "ifpp", 0, 0, OK(blend##S(I(0), D(1), V(2), V(3)))) \
  X(conv2d##S, "iiiiiiiiiiiiippp", 0, CONV_WS##S, OK(conv2d##S(conv_of(c), V(13), V(14), V(15), ws AND_THEN##S))) \
  X(conv2d_grad_x##S, "iiiiiiiiiiiiippp", 0, CONV_WS##S, OK(conv2d_grad_x##S(conv_of(c), V(13), V(14), V(15), ws))) \
  X(conv2d_grad_w##S, "iiiiiiiiiiiiippp", 0, CONV_WS##S, OK(conv2d_grad_w##S(conv_of(c), V(13), V(14), V(15), ws))) \
  X(pool2d##S, "iiiiiiiiiiiipp", 0, 0, OK(pool2d##S((int)I(0), pool_of(c), V(12), V(13)))) \
  X(pool2d_grad##S, "iiiiiiiiiiiippp", NULLABLE(12), 0, OK(pool2d_grad##S((int)I(0), pool_of(c), V(12), V(13), V(14) AND_THEN##S))) \
  X(attention##S, "iiiiiiiif" ROWS4, 0, ATTENTION_WS##S, OK(attention##S(heads_of(c), HEADS(0), HEADS(1), HEADS(2), HEADS(3), ws))) \
  X(attention_grad##S, "iiiiiiiif" ROWS4 ROWS3, 0, ATTENTION_WS##S, OK(attention_grad##S(heads_of(c), HEADS(0), HEADS(1), HEADS(2), HEADS(3), HEADS(4), HEADS(5), HEADS(6), ws))) \
  X(gelu_grad##S, "ippp", 0, 0, OK(gelu_grad##S(I(0), V(1), V(2), V(3)))) \
  X(power##S, "ifpp", 0, 0, OK(power_each##S(I(0), D(1), V(2), V(3)))) \
  X(clamp_grad##S, "iffppp", 0, 0, OK(clamp_grad##S(I(0), D(1), D(2), V(3), V(4), V(5))))
#define CHAIN "iiiiiiix*"
#define OPS(X) \
  X(gemm, "iiiiipipipipip", NULLABLE(11) | NULLABLE(13), GEMM_WS, OK(gemm(I(0), I(1), I(2), I(3), I(4), V(5), I(6), V(7), I(8), V(9), I(10), V(11), I(12), V(13), ws, c->then))) \
  X(gemm_mixed, "iiiiiipiipipipip", NULLABLE(13) | NULLABLE(15), GEMM_WS, gemm_mixed((int)I(0), (int)I(1), I(2), I(3), I(4), (int)I(5), V(6), I(7), (int)I(8), V(9), I(10), (Out){V(11), I(12), V(13), I(14), V(15), 0}, ws, c->then)) \
  X(gemm_batched, "iiiiiipiipiipii", 0, GEMM_WS, OK(gemm_batched(I(0), I(1), I(2), I(3), I(4), I(5), V(6), I(7), I(8), V(9), I(10), I(11), V(12), I(13), I(14), ws))) \
  X(gemm_batched_f64, "iiiiiipiipiipii", 0, 0, OK(gemm_batched_f64(I(0), I(1), I(2), I(3), I(4), I(5), V(6), I(7), I(8), V(9), I(10), I(11), V(12), I(13), I(14)))) \
  NUMBERS(X, ) NUMBERS(X, _f64) NUMBERS(X, _i32) NUMBERS(X, _i64) \
  FLOATS(X, ) FLOATS(X, _f64) \
  X(fill_i32, "iip", 0, 0, OK(fill_i32(I(0), (int32_t)I(1), V(2)))) \
  X(fill_i64, "ifp", 0, 0, OK(fill_i64(I(0), of_i64(D(1)), V(2)))) \
  X(fill_f16, "ifp", 0, 0, OK(fill_half(I(0), to_f16(odd_f32(D(1))), V(2)))) \
  X(fill_bool, "iip", 0, 0, OK(__builtin_memset(V(2), I(1) != 0, (size_t)I(0)))) \
  X(fill_bf16, "ifp", 0, 0, OK(fill_half(I(0), to_bf16(odd_f32(D(1))), V(2)))) \
  X(cast, "iiipp", 0, 0, cast((int)I(0), (int)I(1), I(2), V(3), V(4))) \
  X(unless, "ip", 0, 0, OK(*c->left_out = *(int32_t *)A(1) ? I(0) : 0)) \
  X(increment, "iipp", 0, 0, OK(increment(I(0), (int32_t)I(1), V(2), V(3)))) \
  X(copy_box, "iiiiiiiiiiiiipipip", NULLABLE(17), 0, copy_box((int)I(0), FOUR(1), FOUR(5), FOUR(9), A(13) + bytes(D(14)), A(15) + bytes(D(16)), V(17), c->base)) \
  X(reduce_box, "iiiiiiiiiiiiiiiipp*", NULLABLE(16), 0, call_reduce_box(c)) \
  X(all_reduce, "iiiipi*", NULLABLE(4), 0, call_all_reduce(c)) \
  X(compare, "iiiiiiiiiiiiiippp", 0, 0, compare((int)I(0), (int)I(1), FOUR(2), FOUR(6), FOUR(10), V(14), V(15), V(16))) \
  X(logical_not, "ipp", 0, 0, OK(logical_not(I(0), V(1), V(2)))) \
  X(select, "iiiiiiiiiiiiiiiiipppp", 0, 0, choose((int)I(0), FOUR(1), FOUR(5), FOUR(9), FOUR(13), V(17), V(18), V(19), V(20))) \
  X(gather, "iiiiiippp", 0, 0, gather((int)I(0), I(1), I(2), I(3), I(4), I(5), V(6), V(7), V(8))) \
  X(take_along, "iiiiiippp", 0, 0, take_along((int)I(0), I(1), I(2), I(3), I(4), I(5), V(6), V(7), V(8))) \
  X(chain, CHAIN, 0, CHAIN_WS, call_chain(c, ws)) \
  X(gemm_sums, "iiipppp", 0, SUMS_WS + GEMM_WS, OK(gemm_sums(I(0), I(1), I(2), V(3), V(4), V(5), V(6), ws))) \
  X(gemm_then, "iiiiipipipipip" CHAIN, NULLABLE(11) | NULLABLE(13), THEN_WS + GEMM_WS, call_followed(c, 14, run_gemm, ws)) \
  X(gemm_mixed_then, "iiiiiipiipipipip" CHAIN, NULLABLE(13) | NULLABLE(15), THEN_WS + GEMM_WS, call_followed(c, 16, run_gemm_mixed, ws)) \
  X(conv2d_then, "iiiiiiiiiiiiippp" CHAIN, 0, THEN_WS + CONV_WS, call_followed(c, 16, run_conv2d, ws)) \
  X(pool2d_grad_then, "iiiiiiiiiiiippp" CHAIN, NULLABLE(12), THEN_WS, call_followed(c, 15, run_pool2d_grad, ws)) \
  X(layer_norm_grad_then, "iiifpppp" CHAIN, 0, THEN_WS, call_followed(c, 8, run_layer_norm_grad, ws)) \
  X(host, "p*", 0, 0, call_host(c))

// A kernel as a program calls it: returns 0 when the call is malformed.
typedef int Run(const Call *c, void *ws);
#define X(name, sig, nullable, need, call) static int run_##name(const Call *c, void *ws) { (void)ws; return call; }
OPS(X)
#undef X
static const struct { Run *run; const char *signature; uint32_t nullable, workspace; } KERNELS[] = {
#define X(name, sig, nullable, need, call) {run_##name, sig, nullable, need},
  OPS(X)
#undef X
};
enum { KERNEL_COUNT = sizeof KERNELS / sizeof *KERNELS };
static int may_step(ix opcode, const Call *c) {
  if (opcode < 0 || opcode >= KERNEL_COUNT || KERNELS[opcode].workspace) return 0;
  if (KERNELS[opcode].run == run_host || KERNELS[opcode].run == run_unless) return 0;
  return fits(c, KERNELS[opcode].signature, KERNELS[opcode].nullable);
}
static int run_step(ix opcode, const Call *c) { return KERNELS[opcode].run(c, 0); }

// "name:signature\n" in opcode order.
EXPORT const char *sluice_ops(void) {
#define X(name, sig, nullable, need, call) #name ":" sig "\n"
  return OPS(X);
#undef X
}

// Bytes of workspace that the kernel with this opcode needs at most, on any target.
EXPORT double sluice_kernel_workspace(double opcode) {
  return opcode >= 0 && opcode < KERNEL_COUNT ? (double)KERNELS[(ix)opcode].workspace : -1;
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
EXPORT double sluice_run(char *base, double program, double record, double workspace, Host *host) {
  const double *p = (const double *)from(base, program);
  void *ws = from(base, workspace);
  const ix count = (ix)p[0], calls = (ix)p[1];
  ix left_out = 0;                                            // calls that the call `unless` says not to make
  Call call = {base, host, p + 2, (const int32_t *)from(base, record), 0, 0, count, &left_out, 0};
  const Call *c = &call;
  p += 2 + 4 * count;
  for (ix k = 0; k < calls; k++) {
    call.args = p + 2;
    call.argc = (ix)p[1];
    if (!(p[0] >= 0 && p[0] < KERNEL_COUNT)) return -1 - (double)k;
    const ix at = (ix)p[0];
    if (!fits(c, KERNELS[at].signature, KERNELS[at].nullable)) return -1 - (double)k;
    if (left_out > 0) left_out--;
    else if (!KERNELS[at].run(c, ws)) return -1 - (double)k;
    p += 2 + call.argc;
  }
  return (double)calls;
}
