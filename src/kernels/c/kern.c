// Sluice's CPU kernels, one translation unit, compiled for several targets from the same text (tools/build-wasm.ts has
// the flags). Row-major, single-threaded and reentrant: a caller brings memory and workspace. Never -ffast-math.
#include "vec.h"
#include "chain.h"
#include "math.c"
#include "math64.c"
#include "cast.c"
#include "gemm.c"
#include "activation.c"
#include "elementwise.c"
#include "logic.c"
#include "index.c"
#include "rows.c"
#include "norm.c"
#include "optimizer.c"
#include "shapes.c"
#include "philox.c"

// What follows is written for an element type E and included once for each: NAME gives a kernel its suffix, CALC is the type
// to calculate in, WHOLE says whether E is an integer, LOWEST and HIGHEST are the ends of its range. Float32 has vectors in
// the files above for what numbers.c and floats.c do in plain loops.
#define E f32
#define CALC f32
#define NAME(x) x
#define LOOP
#include "order.c"
#include "conv.c"
#include "pool.c"
#include "attention.c"
#include "random.c"
#undef E
#undef CALC
#undef NAME
#undef LOOP

#define LOOP PLAIN

#define E f64
#define CALC f64
#define NAME(x) x##_f64
#define WHOLE 0
#define LOWEST -__builtin_inf()
#define HIGHEST __builtin_inf()
#include "numbers.c"
#include "order.c"
#include "floats.c"
#include "conv.c"
#include "pool.c"
#include "attention.c"
#include "random.c"
#undef E
#undef CALC
#undef NAME
#undef WHOLE
#undef LOWEST
#undef HIGHEST

#define WHOLE 1

#define E int32_t
#define CALC uint32_t
#define NAME(x) x##_i32
#define LOWEST INT32_MIN
#define HIGHEST INT32_MAX
#include "numbers.c"
#include "order.c"
#undef E
#undef CALC
#undef NAME
#undef LOWEST
#undef HIGHEST

#define E int64_t
#define CALC uint64_t
#define NAME(x) x##_i64
#define LOWEST INT64_MIN
#define HIGHEST INT64_MAX
#include "numbers.c"
#include "order.c"
#undef E
#undef CALC
#undef NAME

#include "flash.c"
#include "lines.c"
#include "winograd-forms.c"
#include "winograd.c"
#include "winograd-filters.c"
#include "correlate.c"
#include "pooling.c"
#include "box.c"
#include "program.c"
