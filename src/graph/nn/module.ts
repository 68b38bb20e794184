/**
 * @file What a module is: a function on tensors that carries its parameters. It maps the trailing dims `In` to `Out` and
 * leaves the leading ones alone, so composition is arithmetic on tuples.
 */
import { checkTensors } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import type { Agree, AtLeast, Dim, Drop, DType, Join, Shape, ShapeError, Show } from "../types/shape.ts";
import { type Entries, type HasParameters, isRelative, type Param } from "./parameter.ts";

type InputFits<S extends Shape, In extends Shape> =
  AtLeast<S, In> extends true
    ? Agree<S, In> extends true
      ? unknown
      : ShapeError<`expected [..., ${Join<In>}], got ${Show<S>}`>
    : ShapeError<`expected [..., ${Join<In>}], got ${Show<S>}`>;

/** `nn.linear(784, 512)` is a `Module<[784], [512]>`: it takes `["batch", 784]` or `["batch", "seq", 784]`. */
export interface Module<
  in out In extends Shape,
  out Out extends Shape,
  out Params extends Param = never,
  in out From extends DType = "float32",
  out To extends DType = "float32",
> extends HasParameters<Params> {
  <L extends Shape>(x: Tensor<[...L, ...In], From>): Tensor<[...L, ...Out], To>;
  <S extends Shape>(x: Tensor<S, From> & InputFits<S, In>): Tensor<[...Drop<S, In>, ...Out], To>;
  readonly in: In;
  readonly out: Out;
  readonly from: From;
  readonly to: To;
}

// biome-ignore lint/suspicious/noExplicitAny: "some module", in constraints only
export type AnyModule = Module<any, any, any, any, any>;

/** What a module is at run time, whatever its types. */
export interface Shell {
  readonly in: Dim[];
  readonly out: Dim[];
  readonly parameters: Entries;
  readonly from: DType;
  readonly to: DType;
}

/** A module from its parts; the caller gives it its type. */
export const makeModule = (shell: Partial<Shell>, forward: (x: Tensor) => Tensor): AnyModule =>
  Object.assign(
    (x: Tensor) => {
      checkTensors("module", [x]);
      return forward(x);
    },
    { in: [], out: [], parameters: [], from: "float32", to: "float32", ...shell },
  ) as unknown as AnyModule;

/** Runs a child with its ops named under `key`, unless it has a name of its own or nothing to name. */
export function callChild(key: string, child: AnyModule, x: Tensor): Tensor {
  const forward = child as unknown as (x: Tensor) => Tensor;
  const unnamed = (child.parameters as Entries).some(isRelative);
  return unnamed ? x.builder.within(key, () => forward(x)) : forward(x);
}
