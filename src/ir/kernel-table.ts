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
  cast: { opcode: 10, signature: "iiipp", workspace: 0 },
  fill: { opcode: 11, signature: "ifp", workspace: 0 },
  fill_i32: { opcode: 12, signature: "iip", workspace: 0 },
  increment: { opcode: 13, signature: "iipp", workspace: 0 },
  adamw: { opcode: 14, signature: "ippppppffff", workspace: 0 },
  sgd: { opcode: 15, signature: "ippppfffi", workspace: 0 },
  lamb: { opcode: 16, signature: "ipppppffffp", workspace: 0 },
  trusted_rate: { opcode: 17, signature: "pppp", workspace: 0 },
  philox: { opcode: 18, signature: "iffiiiiiiiiiiiip", workspace: 0 },
  softmax: { opcode: 19, signature: "iiiipp", workspace: 0 },
  softmax_grad: { opcode: 20, signature: "iiiippp", workspace: 0 },
  layer_norm: { opcode: 21, signature: "iiifpppp", workspace: 0 },
  layer_norm_grad: { opcode: 22, signature: "iiifpppp", workspace: 0 },
  layer_norm_grad_gain: { opcode: 23, signature: "iiifppp", workspace: 0 },
  blend: { opcode: 24, signature: "ifpp", workspace: 0 },
  random: { opcode: 25, signature: "iffiiiiiiiiiiiiiiiippp", workspace: 0 },
  conv2d: { opcode: 26, signature: "iiiiiiiiiiiiippp", workspace: 0 },
  conv2d_grad_x: { opcode: 27, signature: "iiiiiiiiiiiiippp", workspace: 0 },
  conv2d_grad_w: { opcode: 28, signature: "iiiiiiiiiiiiippp", workspace: 0 },
  pool2d: { opcode: 29, signature: "iiiiiiiiiiiipp", workspace: 0 },
  pool2d_grad: { opcode: 30, signature: "iiiiiiiiiiiippp", workspace: 0 },
  attention: { opcode: 31, signature: "iiiiiiifpppp", workspace: 0 },
  attention_grad: { opcode: 32, signature: "iiiiiiifppppppp", workspace: 0 },
  copy_box: { opcode: 33, signature: "iiiiiiiiiiiiipipip", workspace: 0 },
  reduce_box: { opcode: 34, signature: "iiiiiiiiiiiiiiiipp*", workspace: 0 },
  all_reduce: { opcode: 35, signature: "iiiipi*", workspace: 0 },
  gelu_grad: { opcode: 36, signature: "ippp", workspace: 0 },
  power: { opcode: 37, signature: "ifpp", workspace: 0 },
  clamp: { opcode: 38, signature: "iffpp", workspace: 0 },
  clamp_grad: { opcode: 39, signature: "iffppp", workspace: 0 },
  compare: { opcode: 40, signature: "iiiiiiiiiiiiiippp", workspace: 0 },
  logical_not: { opcode: 41, signature: "ipp", workspace: 0 },
  select: { opcode: 42, signature: "iiiiiiiiiiiiiiiiipppp", workspace: 0 },
  gather: { opcode: 43, signature: "iiiiippp", workspace: 0 },
  scatter_add: { opcode: 44, signature: "iiiiippp", workspace: 0 },
  take_along: { opcode: 45, signature: "iiiiippp", workspace: 0 },
  add_along: { opcode: 46, signature: "iiiiippp", workspace: 0 },
  one_hot: { opcode: 47, signature: "iiipp", workspace: 0 },
  top_k: { opcode: 48, signature: "iiiippp", workspace: 0 },
  cumsum: { opcode: 49, signature: "iiiipp", workspace: 0 },
  host: { opcode: 50, signature: "p*", workspace: 0 },
} as const satisfies Readonly<Record<string, KernelInfo>>;
