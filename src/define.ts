/** @file `defineOp`: the typed door for ops of the user's own. What an op is stands in one value, kernel included. */
import { addOp } from "./graph/define.ts";
import type { Reduction } from "./graph/layout.ts";
import { userLine } from "./graph/source.ts";
import type { Tensor } from "./graph/tensor.ts";
import type { DType, Shape } from "./graph/types/shape.ts";
import { GraphError, nearest } from "./ir/errors.ts";
import type { TensorType } from "./ir/graph.ts";
import { type HostOperand, registerHost } from "./kernels/host.ts";
import type { LocalType } from "./sbp/rule.ts";

/** How an op looks to its callers: tensors, then attributes if it has any; a tensor, or several. */
export type OpFunction = (...args: never) => Tensor | readonly Tensor[];

/** The tensors among the parameters. */
type Tensors<A extends readonly unknown[]> = A extends readonly [infer H, ...infer R]
  ? H extends Tensor
    ? [H, ...Tensors<R>]
    : []
  : A extends readonly Tensor[]
    ? A
    : [];
type NoAttributes = Readonly<Record<string, never>>;
/** The parameter behind the tensors; one that may be left out may lack everything. */
type Attributes<A extends readonly unknown[]> = A extends readonly []
  ? NoAttributes
  : A extends readonly [infer H, ...infer R]
    ? H extends Tensor
      ? Attributes<R>
      : H
    : A extends readonly Tensor[]
      ? NoAttributes
      : A extends readonly [(infer O)?]
        ? Partial<NonNullable<O>>
        : NoAttributes;
type Ins<F extends OpFunction> = Tensors<Parameters<F>>;
type Outs<F extends OpFunction> = ReturnType<F> extends Tensor ? [ReturnType<F>] : ReturnType<F>;
type Each<T, X> = { readonly [I in keyof T]: X };

/** An operand as the kernel on one rank meets it; its data is a copy, and `data.buffer` holds the operand and nothing else. */
export type KernelOperand<D extends DType = DType> = HostOperand<D>;
type Operands<T> = { readonly [I in keyof T]: T[I] extends Tensor<Shape, infer D> ? KernelOperand<D> : KernelOperand };

/** How an operand lies on one mesh axis. */
export type RuleSbp = `S(${number})` | "B" | `P(${Reduction})`;

/** A way to run the op on one mesh axis with no communication: an SBP for each input and each output. */
export interface OpRule {
  readonly ins: readonly RuleSbp[];
  readonly outs: readonly RuleSbp[];
}

/** All about an op. `F` is the function that callers see. */
export interface OpDefinition<F extends OpFunction> {
  /** Its name in graphs and plans: an identifier that no other op has. */
  readonly kind: string;
  /**
   * `import.meta.url`: executor threads load this file to get the kernel, so nothing but definitions may stand in it, and
   * no `await` at its top, for under tsx threads may load it as CommonJS. Loading that takes more than 10 s fails.
   */
  readonly module: string;
  /** Types of the outputs. Dims may still be names. Throws `opError(…)` with what does not fit. */
  infer(ins: Each<Ins<F>, TensorType>, attrs: Attributes<Parameters<F>>): readonly TensorType[];
  /**
   * All legal signatures on one mesh axis of `parts` ranks, where the operands have these extents: run on the shards of
   * the inputs, the op must give the shards of the outputs. B for everything is always legal and need not be listed.
   * Absent: nothing else is legal. `checkOp` of `sluice/testing` proves them.
   */
  rules?(site: {
    readonly ins: Each<Ins<F>, LocalType>;
    readonly outs: Each<Outs<F>, LocalType>;
    readonly attrs: Attributes<Parameters<F>>;
    readonly parts: number;
  }): readonly OpRule[];
  /**
   * For each input a function that makes its gradient of other ops, or undefined. `grads` are those of the outputs; of
   * several, some may be undefined: the loss does not depend on these. Absent: not differentiable.
   */
  gradient?(site: {
    readonly ins: Ins<F>;
    readonly outs: Outs<F>;
    readonly grads: Outs<F> extends readonly [infer Only] ? readonly [Only] : Partial<Outs<F>>;
    readonly attrs: Attributes<Parameters<F>>;
  }): readonly ((() => Tensor) | undefined)[];
  /**
   * Computes one rank's part, in an executor thread. It must write every element of the outputs, leave the inputs alone,
   * work for any local extents (0 among them), and give the same for the same operands, attributes and seed. What is
   * random must depend on the seed and the global index alone. It is synchronous and returns nothing: the outputs are read
   * when it returns. Operands are copies, so that a mistake here reaches no other op's memory; it costs one copy each.
   */
  kernel(site: {
    readonly ins: Operands<Ins<F>>;
    readonly outs: Operands<Outs<F>>;
    readonly attrs: Attributes<Parameters<F>>;
    /** The plan's, or the session's. */
    readonly seed: number;
  }): void;
  /** Floating-point operations on these local extents, for the cost model; default: one an output element. */
  flops?(ins: Each<Ins<F>, LocalType>, outs: Each<Outs<F>, LocalType>, attrs: Attributes<Parameters<F>>): number;
}

/** What `defineOp` gives, besides the function: what `checkOp` takes. */
export interface DefinedOp {
  readonly kind: string;
}

/**
 * Adds an op: afterwards it is trained through, laid out, compiled and run like Sluice's own. Call it at the top of a
 * module of its own, which executor threads load too. The type argument says what the op takes and gives.
 *
 * Throws GraphError SL1131 when the definition lacks something, SL1132 when the kind is taken.
 *
 * @example
 * export const triple = defineOp<<S extends Shape>(x: Tensor<S, "float32">) => Tensor<S, "float32">>({
 *   kind: "triple",
 *   module: import.meta.url,
 *   infer: ([x]) => [x],
 *   rules: ({ ins: [x] }) => [...x.shape.map((_, d) => ({ ins: [S(d)], outs: [S(d)] })), { ins: [P()], outs: [P()] }],
 *   gradient: ({ grads: [g] }) => [() => triple(g)],
 *   kernel({ ins: [x], outs: [y] }) {
 *     for (let i = 0; i < y.data.length; i++) y.data[i] = 3 * x.data[i]!;
 *   },
 * });
 */
export function defineOp<F extends OpFunction>(definition: OpDefinition<F>): F & DefinedOp {
  const at = userLine();
  const module = checkDefinition(definition as unknown as Partial<OpDefinition<OpFunction>>, at);
  const { kind } = definition;
  const call = addOp(definition as never, { module, url: definition.module, at });
  registerHost({ kind, module, run: (site) => definition.kernel(site as never) });
  Object.defineProperty(call, "name", { value: kind });
  return Object.assign(call, { kind }) as unknown as F & DefinedOp;
}

const functions = ["infer", "kernel", "rules", "gradient", "flops"] as const;
const known: readonly string[] = ["kind", "module", ...functions];

/** The module's URL, without what a loader may have added. */
function checkDefinition(given: Partial<OpDefinition<OpFunction>> | undefined, at: string | undefined): string {
  const wrong = (what: string, hint: string) => new GraphError("SL1131", what, { subject: "defineOp", at, hint });
  const { kind, module } = given ?? {};
  if (typeof kind !== "string" || !/^[A-Za-z_]\w*$/.test(kind))
    throw wrong(`kind is ${JSON.stringify(kind)}`, 'give the op a name of letters and digits: kind: "hardSwish"');
  if (typeof module !== "string" || !URL.canParse(module) || new URL(module).protocol !== "file:")
    throw wrong(`module is ${JSON.stringify(module)}, the URL of a file is due`, "write module: import.meta.url");
  for (const [i, name] of functions.entries()) {
    const value: unknown = given?.[name];
    if (typeof value === "function" || (i > 1 && value === undefined)) continue;
    throw wrong(`${name} of op "${kind}" is ${String(value)}, a function is due`, `write ${name}(…) { … }`);
  }
  const stray = Object.keys(given ?? {}).find((key) => !known.includes(key));
  if (stray !== undefined) {
    const [meant] = nearest(stray, known);
    const hint = meant === undefined ? `a definition has ${known.join(", ")}` : `did you mean ${meant}?`;
    throw wrong(`op "${kind}" has ${stray}, which no definition has`, hint);
  }
  return Object.assign(new URL(module), { search: "", hash: "" }).href;
}
