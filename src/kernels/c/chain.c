// Element-wise ops that follow one another, block by block: a block of every operand stays in the cache while all ops of
// the chain are done with it, so what they give each other never goes to memory. The ops are the kernels themselves, each
// called on a block, so a chain has the bits of its ops one by one.
//
// Arguments: four extents, elements of a block, how many operands and steps; then these.
//   operand   bytes of an element, four strides in elements, address; scratch: bytes of an element, where in the
//             workspace, 0, 0, 0, no address
//   step      opcode, how many arguments, which of them is the first extent, how many extents (4, or 1: their product), the
//             arguments, where a pointer is the number of an operand
// A block is some whole rows of the two inner extents, or a piece of one.

enum { CHAIN_WS = 1 << 16, CHAIN_OPERANDS = 32, CHAIN_STEP = 24, CHAIN_HEAD = 7, CHAIN_OPERAND = 6, CHAIN_STEP_HEAD = 4 };

// Whether the kernel may be a step with these arguments: it needs no workspace, has no host, and leaves nothing out.
static int may_step(ix opcode, const Call *c);
static int run_step(ix opcode, const Call *c);

static int call_chain(const Call *c, char *ws) {
  const ix n[4] = {integer(c, 0), integer(c, 1), integer(c, 2), integer(c, 3)};
  const ix block = integer(c, 4), operands = integer(c, 5), steps = integer(c, 6), first = CHAIN_HEAD + CHAIN_OPERAND * operands;
  double registers[4 * CHAIN_OPERANDS], args[CHAIN_STEP];
  char *start[CHAIN_OPERANDS];
  if (n[0] <= 0 || n[1] <= 0 || n[2] <= 0 || n[3] <= 0) return 1;
  if (block <= 0 || operands < 1 || operands > CHAIN_OPERANDS || steps < 0 || first > c->argc) return 0;
  for (ix o = 0; o < operands; o++) {
    const ix at = CHAIN_HEAD + CHAIN_OPERAND * o, place = integer(c, at + 1);
    if (c->args[at + 5] >= (double)c->count) return 0;
    start[o] = address(c, at + 5);
    if (start[o]) continue;
    if (place < 0 || place + block * integer(c, at) > CHAIN_WS) return 0;
    start[o] = ws + place;
  }
  int checked = 0;
  const ix cols = imin(n[3], block), rows = cols < n[3] ? 1 : imin(n[2], block / cols);
  for (ix i = 0; i < n[0]; i++) for (ix j = 0; j < n[1]; j++) for (ix r = 0; r < n[2]; r += rows) for (ix q = 0; q < n[3]; q += cols) {
    const ix height = imin(rows, n[2] - r), width = imin(cols, n[3] - q);
    for (ix o = 0; o < operands; o++) {
      const double *a = c->args + CHAIN_HEAD + CHAIN_OPERAND * o;
      const ix step = a[5] < 0 ? 0 : i * (ix)a[1] + j * (ix)a[2] + r * (ix)a[3] + q * (ix)a[4];
      registers[4 * o] = (double)((uintptr_t)(start[o] + step * (ix)a[0]) - (uintptr_t)c->base);
      registers[4 * o + 1] = 0;
      registers[4 * o + 2] = -1;
      registers[4 * o + 3] = 1;
    }
    ix at = first;
    for (ix s = 0; s < steps; s++) {
      if (at + CHAIN_STEP_HEAD > c->argc) return 0;
      const ix opcode = integer(c, at), argc = integer(c, at + 1), extent = integer(c, at + 2), extents = integer(c, at + 3);
      at += CHAIN_STEP_HEAD;
      if (argc < 0 || argc > CHAIN_STEP || at + argc > c->argc || extent < 0 || extents < 1 || extents > 4 || extent + extents > argc) return 0;
      for (ix k = 0; k < argc; k++) args[k] = c->args[at + k];
      for (ix k = 0; k < extents; k++) args[extent + k] = 1;
      if (extents == 1) args[extent] = (double)(height * width);
      else { args[extent + extents - 2] = (double)height; args[extent + extents - 1] = (double)width; }
      const Call one = {c->base, 0, registers, 0, args, argc, operands, 0};
      if ((!checked && !may_step(opcode, &one)) || !run_step(opcode, &one)) return 0;
      at += argc;
    }
    if (at != c->argc) return 0;
    checked = 1;
  }
  return 1;
}
