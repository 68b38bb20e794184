/**
 * @file Parameters of modules and their names. A path that starts with "." still takes the name of what holds it; the
 * names come from the structure of the model, so every graph of one model calls its parameters the same, and they are
 * the same state.
 */
import { GraphError } from "../../ir/errors.ts";
import type { Init } from "../../ir/graph.ts";
import type { Builder } from "../builder.ts";
import { userLine } from "../source.ts";
import type { Tensor } from "../tensor.ts";
import type { Shape } from "../types/shape.ts";

/** A parameter's path and shape, in the types. */
export interface Param<Path extends string = string, S extends Shape = Shape> {
  readonly path: Path;
  readonly shape: S;
}

/** A parameter itself: two entries with the same one share it. */
export interface Parameter {
  readonly shape: readonly number[];
  /** What it holds before the first step, given its name. */
  readonly init: (name: string) => Init;
}

export interface Entry<out Params> {
  readonly path: string;
  readonly parameter: Parameter;
  readonly "~param"?: Params;
}

export interface HasParameters<out Params extends Param = Param> {
  readonly parameters: readonly Entry<Params>[];
}

export type Entries = readonly Entry<never>[];

export type ParamsOf<M> = M extends HasParameters<infer P> ? P : never;
export type Mount<Name extends string, P> =
  P extends Param<infer K, infer S> ? Param<K extends `.${string}` ? `${Name}${K}` : K, S> : never;
export type Relative<P> = P extends Param<infer K, infer S> ? Param<`.${K}`, S> : never;
export type Children<C> = Relative<{ [K in keyof C & string]: Mount<K, ParamsOf<C[K]>> }[keyof C & string]>;
export type Named<Name extends string, P> = [Name] extends [never] ? P : Mount<Name, P>;
/** Under a name, whether it has one of its own or not. */
export type Scoped<Name extends string, P> =
  P extends Param<infer K, infer S> ? Param<K extends `.${string}` ? `${Name}${K}` : `${Name}.${K}`, S> : never;

export const isRelative = ({ path }: Entry<unknown>): boolean => path.startsWith(".");
const absolute = (path: string) => path.replace(/^\./, "");

/** A module's own parameters. */
export const own = (name: string | undefined, parameters: Readonly<Record<string, Parameter>>): Entries =>
  Object.entries(parameters).map(([key, parameter]) => ({ path: `${name ?? ""}.${key}`, parameter }));

/** Under `name`, as far as they have no name of their own. */
const mount = (name: string, entries: Entries): Entries =>
  entries.map((entry) => (isRelative(entry) ? { ...entry, path: `${name}${entry.path}` } : entry));

/** Under `name` in any case. */
export const rescope = (name: string, entries: Entries): Entries =>
  entries.map((entry) => ({ ...entry, path: `${name}.${absolute(entry.path)}` }));

/** The parameters of children by key, to be mounted again by what holds these. */
export const collect = (children: readonly (readonly [key: string, module: HasParameters])[]): Entries =>
  children.flatMap(([key, module]) =>
    mount(key, module.parameters as Entries).map((entry) => ({ ...entry, path: `.${entry.path}` })),
  );

/** Names in one graph, both ways. */
interface Names {
  readonly of: Map<Parameter, string>;
  readonly taken: Map<string, Parameter>;
}
const namesIn = new WeakMap<Builder, Names>();

function names(builder: Builder): Names {
  const known = namesIn.get(builder) ?? { of: new Map(), taken: new Map() };
  namesIn.set(builder, known);
  return known;
}

/** Throws GraphError SL1061 when another parameter has the name. */
function claim(builder: Builder, parameter: Parameter, name: string): void {
  const { of, taken } = names(builder);
  const other = taken.get(name);
  if (other && other !== parameter)
    throw new GraphError(
      "SL1061",
      `two parameters have this name, of shapes [${other.shape.join(",")}] and [${parameter.shape.join(",")}]`,
      {
        subject: `parameter "${name}"`,
        at: userLine(),
        hint: 'name the modules apart with { name: "…" } or nn.scope("…", module)',
      },
    );
  of.set(parameter, name);
  taken.set(name, parameter);
}

/** Fixes the names of a model's parameters before any of them is met. A shared one takes the first of its paths. */
export function nameParameters(builder: Builder, model: HasParameters): void {
  for (const { path, parameter } of model.parameters)
    if (!names(builder).of.has(parameter)) claim(builder, parameter, absolute(path));
}

/** The parameter in the graph of `x`. It lives where the first tensor that meets it lives. */
export function useParameter({ path, parameter }: Entry<unknown>, { builder, placement }: Tensor): Tensor {
  let name = names(builder).of.get(parameter);
  if (name === undefined) {
    name = [builder.scope, absolute(path)].filter((part) => part !== "").join(".");
    claim(builder, parameter, name);
  }
  return builder.parameter(name, parameter.shape, parameter.init(name), placement);
}

/** The path that a parameter's module has: ops are named like the parameters that they use. */
export const scopeOf = (used: Tensor): string => used.builder.nameOf(used).split(".").slice(0, -1).join(".");
