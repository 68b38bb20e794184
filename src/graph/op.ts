/** @file What an op is: everything about it in one value, in one file under `ops/`. */
import type { DType } from "../ir/dtype.ts";
import type { Attrs, TensorType } from "../ir/graph.ts";
import type { Call, Operand } from "../ir/program.ts";
import type { LocalType, Rule, Rules, Site } from "../sbp/rule.ts";
import type { Tensor } from "./tensor.ts";

/** One operand as a kernel on one rank meets it. */
export interface LocalTensor extends LocalType {
  /** Where it is; passed on to kernels as it is. */
  readonly arg: Operand;
  /** The shape of the whole tensor. */
  readonly global: readonly number[];
  /** Per dim the global intervals [lo, hi) that this rank holds, in local order: one interval unless the split is by hand. */
  readonly region: readonly (readonly (readonly [lo: number, hi: number])[])[];
}

export interface LowerSite {
  readonly ins: readonly LocalTensor[];
  readonly outs: readonly LocalTensor[];
  readonly attrs: Attrs;
  /** Of the plan: seeds everything random. */
  readonly seed: number;
}

/** What the kernel of an op hangs on that works element by element. */
export interface ElementSite {
  readonly ins: readonly { readonly dtype: DType }[];
  readonly outs: readonly { readonly dtype: DType }[];
  readonly attrs: Attrs;
}

/** How such an op calls its kernel: numbers, the extents of the output, more numbers, the addresses of inputs and output. */
export interface ElementKernel {
  readonly kernel: string;
  readonly before: readonly Operand[];
  /** `"count"`: one extent, all operands being alike. `"walk"`: four, then four strides of each input, in elements. */
  readonly extents: "count" | "walk";
  readonly after: readonly Operand[];
}

/** How an op calls its kernel that makes one number of each line: numbers, lines, their length, more numbers, two addresses. */
export interface LineKernel {
  readonly kernel: string;
  readonly before: readonly Operand[];
  readonly after: readonly Operand[];
}

export interface GradientSite {
  readonly ins: readonly Tensor[];
  readonly outs: readonly Tensor[];
  /** Gradient of each output; undefined where the loss does not depend on it. */
  readonly grads: readonly (Tensor | undefined)[];
  readonly attrs: Attrs;
}

/**
 * A way to run an op along one mesh axis that needs boxing inside: with the rule's SBPs at its ends, the op becomes the
 * ops that `build` makes. Nothing is boxed in between but where `along` says so.
 */
export interface Expansion extends Rule {
  /** Boxings that follow one another inside, for the cost model. */
  readonly rounds: number;
  build(site: ExpansionSite): readonly Tensor[];
}

export interface ExpansionSite {
  readonly ins: readonly Tensor[];
  readonly attrs: Attrs;
  /** The tensor with this SBP on the axis, as it is on the others. */
  along(tensor: Tensor, sbp: string): Tensor;
}

/** Makes the gradient of one input; called only when a parameter hangs on it. */
export type Gradient = () => Tensor;

export interface OpDef {
  readonly kind: string;
  /** Types of the outputs; throws a ShapeError that says what does not fit. Dims may still be names. */
  infer(ins: readonly TensorType[], attrs: Attrs): readonly TensorType[];
  /** All legal signatures on one mesh axis; B for everything is always legal and need not be listed. */
  readonly rules: Rules;
  /** Signatures on one mesh axis that hold only with boxing inside. */
  expansions?(site: Site): readonly Expansion[];
  /** Gradients of the inputs in terms of ops; undefined where there is none. Absent: not differentiable. */
  gradient?(site: GradientSite): readonly (Gradient | undefined)[];
  /** Nothing is learnt through it: its inputs get no gradient, and that is no mistake. */
  readonly stopsGradient?: boolean;
  /** Of attributes that hang on how many rows a batch has: those for a share of them. */
  onRows?(attrs: Attrs, share: number): Attrs;
  /** Kernel calls on one rank. Local extents may be 0: then usually none. */
  lower(site: LowerSite): readonly Call[];
  /** Of an op whose output element i comes of the inputs' elements at i, or of what is repeated there: its kernel. */
  elementwise?(site: ElementSite): ElementKernel;
  /** Of an op that reduces its input's last dims, `attrs.dims`, to one number: its kernel. */
  lines?(site: Pick<LowerSite, "ins" | "attrs">): LineKernel;
  /**
   * Of an op whose float32 kernel has a variant that a chain of element-wise ops can follow (`…_then`): how many dims of the
   * output, which has so many in all, each of the kernel's extents spans.
   */
  followed?(rank: number, attrs: Attrs): readonly number[];
  /** It only moves elements, so takes 16-bit floats as they are; other ops meet them as float32. */
  readonly moves?: true;
  /** Floating-point operations on these (local) extents, for the cost model; default: one an output element. */
  flops?(ins: readonly LocalType[], outs: readonly LocalType[], attrs: Attrs): number;
  /** Outputs that lie where an input lies: [output, input]. The kernel works in place. */
  readonly inPlace?: readonly (readonly [output: number, input: number])[];
}
