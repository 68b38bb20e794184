/**
 * @file The kernels as data, generated from the C source by tools/build-wasm.ts: do not edit. In a signature `i` is an
 * integer, `f` a scalar, `p` an address, and a final `*` any number of further addresses; workspace is in bytes, the
 * most that a call needs on any target.
 */
export interface KernelInfo {
  readonly opcode: number;
  readonly signature: string;
  readonly workspace: number;
}

export const kernels = {
  gemm: { opcode: 0, signature: "iiiiipipipipip", workspace: 753664 },
  gemm_batched: { opcode: 1, signature: "iiiiiipiipiipii", workspace: 753664 },
  binary: { opcode: 2, signature: "iiiiiiiiiiiiippp", workspace: 0 },
  affine: { opcode: 3, signature: "iffpp", workspace: 0 },
  unary: { opcode: 4, signature: "iipp", workspace: 0 },
  relu_grad: { opcode: 5, signature: "ippp", workspace: 0 },
  reduce: { opcode: 6, signature: "iiiifpp", workspace: 0 },
  cross_entropy: { opcode: 7, signature: "iippp", workspace: 0 },
  cross_entropy_grad: { opcode: 8, signature: "iipppp", workspace: 0 },
  argmax: { opcode: 9, signature: "iiipp", workspace: 0 },
  equal_i32: { opcode: 10, signature: "ippp", workspace: 0 },
  cast: { opcode: 11, signature: "iiipp", workspace: 0 },
  fill: { opcode: 12, signature: "ifp", workspace: 0 },
  fill_i32: { opcode: 13, signature: "iip", workspace: 0 },
  increment: { opcode: 14, signature: "iipp", workspace: 0 },
  adamw: { opcode: 15, signature: "ippppppffff", workspace: 0 },
  sgd: { opcode: 16, signature: "ippppfffi", workspace: 0 },
  lamb: { opcode: 17, signature: "ipppppffffp", workspace: 0 },
  trusted_rate: { opcode: 18, signature: "pppp", workspace: 0 },
  philox: { opcode: 19, signature: "iffiiiiiiiiiiiip", workspace: 0 },
  softmax: { opcode: 20, signature: "iiiipp", workspace: 0 },
  softmax_grad: { opcode: 21, signature: "iiiippp", workspace: 0 },
  layer_norm: { opcode: 22, signature: "iiifpppp", workspace: 0 },
  layer_norm_grad: { opcode: 23, signature: "iiifpppp", workspace: 0 },
  layer_norm_grad_gain: { opcode: 24, signature: "iiifppp", workspace: 0 },
  blend: { opcode: 25, signature: "ifpp", workspace: 0 },
  random: { opcode: 26, signature: "iffiiiiiiiiiiiiiiiippp", workspace: 0 },
  copy_box: { opcode: 27, signature: "iiiiiiiiiiiiipipip", workspace: 0 },
  reduce_box: { opcode: 28, signature: "iiiiiiiiiiiiiiiipp*", workspace: 0 },
  all_reduce: { opcode: 29, signature: "iiiipi*", workspace: 0 },
} as const satisfies Readonly<Record<string, KernelInfo>>;
