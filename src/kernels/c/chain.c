// Element-wise ops that follow one another, block by block: a block of every operand stays in the cache while all ops of
// the chain are done with it, so what they give each other never goes to memory. The ops are the kernels themselves, each
// called on a block, so a chain has the bits of its ops one by one. A chain stands alone or follows a kernel (chain.h).
//
// Arguments: four extents, elements of a block, how many operands and steps; then these.
//   operand   bytes of an element, four strides in elements, address; scratch: bytes of an element, where in the
//             workspace, 0, 0, 0, no address
//   step      opcode, how many arguments, which of them is the first extent, how many extents (4, 2: rows and columns, or 1:
//             their product), the arguments, where a pointer is the number of an operand
// A block is some whole rows of the two inner extents, or a piece of one. A step that makes one number of each row needs
// whole ones: blocks that are no smaller.

// THEN_WS is for a chain that follows: little, for it comes on top of the kernel's own.
enum { CHAIN_WS = 1 << 16, THEN_WS = 1 << 14, CHAIN_OPERANDS = 32, CHAIN_STEP = 24, CHAIN_HEAD = 7, CHAIN_OPERAND = 6, CHAIN_STEP_HEAD = 4 };

struct Then {
  const Call *c;
  ix n[4], block, operands, steps, first;                       // first: of the arguments, the first step's
  char *start[CHAIN_OPERANDS];
  int failed;
};

// Whether the kernel may be a step with these arguments: it needs no workspace, has no host, and leaves nothing out.
static int may_step(ix opcode, const Call *c);
static int run_step(ix opcode, const Call *c);

// Reads the chain that begins at argument `at`; gives 0 when it is malformed.
static int read_chain(const Call *c, ix at, char *ws, ix room, Then *t) {
  if (c->argc < at + CHAIN_HEAD) return 0;
  *t = (Then){.c = c, .n = {integer(c, at), integer(c, at + 1), integer(c, at + 2), integer(c, at + 3)}};
  t->block = integer(c, at + 4);
  t->operands = integer(c, at + 5);
  t->steps = integer(c, at + 6);
  t->first = at + CHAIN_HEAD + CHAIN_OPERAND * t->operands;
  if (t->block <= 0 || t->operands < 1 || t->operands > CHAIN_OPERANDS || t->steps < 0 || t->first > c->argc) return 0;
  at += CHAIN_HEAD;
  for (ix o = 0; o < t->operands; o++, at += CHAIN_OPERAND) {
    const ix place = integer(c, at + 1);
    if (c->args[at + 5] >= (double)c->count) return 0;
    t->start[o] = address(c, at + 5);
    if (t->start[o]) continue;
    if (place < 0 || place + t->block * integer(c, at) > room) return 0;
    t->start[o] = ws + place;
  }
  for (ix s = 0; s < t->steps; s++) {
    if (at + CHAIN_STEP_HEAD > c->argc) return 0;
    const ix argc = integer(c, at + 1), extent = integer(c, at + 2), extents = integer(c, at + 3);
    const Call step = {c->base, 0, 0, 0, c->args + at + CHAIN_STEP_HEAD, argc, t->operands, 0, 0};
    if (argc < 0 || argc > CHAIN_STEP || at + CHAIN_STEP_HEAD + argc > c->argc) return 0;
    if (extent < 0 || (extents != 1 && extents != 2 && extents != 4) || extent + extents > argc || !may_step(integer(c, at), &step)) return 0;
    at += CHAIN_STEP_HEAD + argc;
  }
  return at == c->argc;
}

// All steps on a block: `height` rows of `width` elements.
static int run_block(const Then *t, const double *registers, ix height, ix width) {
  const Call *c = t->c;
  double args[CHAIN_STEP];
  for (ix s = 0, at = t->first; s < t->steps; s++) {
    const ix opcode = integer(c, at), argc = integer(c, at + 1), extent = integer(c, at + 2), extents = integer(c, at + 3);
    at += CHAIN_STEP_HEAD;
    for (ix k = 0; k < argc; k++) args[k] = c->args[at + k];
    if (extents == 4) args[extent] = args[extent + 1] = 1;
    if (extents == 1) args[extent] = (double)(height * width);
    else { args[extent + extents - 2] = (double)height; args[extent + extents - 1] = (double)width; }
    const Call step = {c->base, 0, registers, 0, args, argc, t->operands, 0, 0};
    if (!run_step(opcode, &step)) return 0;
    at += argc;
  }
  return 1;
}
static int run_box(const Then *t, const ix *lo, const ix *hi) {
  const Call *c = t->c;
  const ix cols = imin(hi[3] - lo[3], t->block), rows = cols < t->n[3] ? 1 : imax(1, t->block / imax(1, cols));
  double registers[4 * CHAIN_OPERANDS];
  for (ix i = lo[0]; i < hi[0]; i++) for (ix j = lo[1]; j < hi[1]; j++) for (ix r = lo[2]; r < hi[2]; r += rows) for (ix q = lo[3]; q < hi[3]; q += cols) {
    for (ix o = 0; o < t->operands; o++) {
      const double *a = c->args + t->first + CHAIN_OPERAND * (o - t->operands);
      const ix step = a[5] < 0 ? 0 : i * (ix)a[1] + j * (ix)a[2] + r * (ix)a[3] + q * (ix)a[4];
      registers[4 * o] = (double)((uintptr_t)(t->start[o] + step * (ix)a[0]) - (uintptr_t)c->base);
      registers[4 * o + 1] = 0;
      registers[4 * o + 2] = -1;
      registers[4 * o + 3] = 1;
    }
    if (!run_block(t, registers, imin(rows, hi[2] - r), imin(cols, hi[3] - q))) return 0;
  }
  return 1;
}
static int call_chain(const Call *c, char *ws) {
  Then t;
  return read_chain(c, 0, ws, CHAIN_WS, &t) && run_box(&t, (ix[4]){0, 0, 0, 0}, t.n);
}
static void follow(Then *t, const ix *lo, const ix *hi) { t->failed |= !run_box(t, lo, hi); }
// The kernel with so many arguments of its own, followed by the chain in the others.
static int call_followed(const Call *c, ix argc, int (*run)(const Call *, void *), char *ws) {
  Then t;
  if (!read_chain(c, argc, ws, THEN_WS, &t)) return 0;
  const Call head = {c->base, 0, c->registers, c->seqs, c->args, argc, c->count, 0, &t};
  return run(&head, ws + THEN_WS) && !t.failed;
}
