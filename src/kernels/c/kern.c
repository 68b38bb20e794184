// Sluice's CPU kernels, one translation unit, compiled for several targets from the same text (tools/build-wasm.ts has
// the flags). Row-major, single-threaded and reentrant: a caller brings memory and workspace. Never -ffast-math.
#include "vec.h"
#include "math.c"
#include "gemm.c"
#include "elementwise.c"
#include "rows.c"
#include "norm.c"
#include "optimizer.c"
#include "random.c"
#include "box.c"
#include "program.c"
