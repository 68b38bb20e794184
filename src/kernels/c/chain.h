// What follows a kernel: a chain of element-wise ops (chain.c) on what it makes, box by box as soon as a box is there, while
// the cache still has it. A kernel that can be followed calls `follow` for boxes that together are all of its result; the
// extents are the kernel's own.
#pragma once
#include "vec.h"

// About so many elements, where a kernel may choose how large its boxes are.
enum { FOLLOWED = 2048 };
typedef struct Then Then;
static void follow(Then *then, const ix *lo, const ix *hi);
INLINE void follow_rows(Then *then, ix row, ix rows, ix column, ix columns) {
  if (then) follow(then, (ix[4]){0, 0, row, column}, (ix[4]){1, 1, row + rows, column + columns});
}
