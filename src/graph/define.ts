/**
 * @file An op that a user has defined becomes one like any other. What the user's functions give is checked here, so that
 * a mistake in a definition is told as the user's, with the line of the definition. In a plan the op is a call of the
 * kernel `host`, which says in a text what is meant.
 */
import { isDType, showType } from "../ir/dtype.ts";
import { GraphError, LayoutError, ShapeError, showGiven } from "../ir/errors.ts";
import type { Attr, Attrs, TensorType } from "../ir/graph.ts";
import { parseSbp, type Sbp } from "../ir/layout.ts";
import type { HostCall, HostType } from "../ir/program.ts";
import { misfit } from "../sbp/fits.ts";
import type { LocalType, Rule, Site } from "../sbp/rule.ts";
import { count } from "./dims.ts";
import type { GradientSite, LocalTensor, OpDef } from "./op.ts";
import { isTensor } from "./operand.ts";
import { type Origin, registerOp } from "./registry.ts";
import { userLine } from "./source.ts";
import type { Tensor } from "./tensor.ts";

/** A rule with its SBPs as users write them. */
export interface WrittenRule {
  readonly ins: readonly string[];
  readonly outs: readonly string[];
}

/** What a user says of an op, but for its kernel. */
export interface UserOp {
  readonly kind: string;
  infer(ins: readonly TensorType[], attrs: Attrs): readonly TensorType[];
  rules?(site: Site): readonly WrittenRule[];
  gradient?(site: GradientSite): readonly ((() => Tensor) | undefined)[];
  flops?(ins: readonly LocalType[], outs: readonly LocalType[], attrs: Attrs): number;
}

/** Operands that one call of `host` takes. */
const mostOperands = 64;

/** Registers the op; gives the function that adds it to a graph. */
export function addOp(op: UserOp, origin: Origin): (...args: readonly unknown[]) => Tensor | readonly Tensor[] {
  registerOp(opOf(op, origin), origin);
  return (...args) => {
    const { ins, attrs } = read(op.kind, args);
    const outs = ins[0]!.builder.apply(op.kind, ins, attrs);
    return outs.length === 1 ? outs[0]! : outs;
  };
}

function opOf(op: UserOp, origin: Origin): OpDef {
  const { kind } = op;
  const parts = { subject: `op "${kind}"`, at: origin.at };
  return {
    kind,
    infer(ins, attrs) {
      const types: unknown = op.infer(ins, attrs);
      const wrong = badTypes(types);
      if (wrong) throw new GraphError("SL1133", `infer gives ${wrong}`, { ...parts, choices: [typeExample] });
      const outs = types as readonly TensorType[];
      if (ins.length + outs.length > mostOperands)
        throw new GraphError("SL1137", `it has ${ins.length} inputs and ${outs.length} outputs`, {
          ...parts,
          hint: `an op takes ${mostOperands} tensors at most, together`,
        });
      return outs.map(({ shape, dtype }) => ({ shape: [...shape], dtype }));
    },
    rules: (site) => readRules(op.rules?.(site), site, parts),
    ...(op.gradient && { gradient: (site) => gradients(op, site, parts) }),
    lower({ ins, outs, attrs, seed }) {
      if (outs.every(({ shape }) => count(shape) === 0)) return [];
      const call: HostCall = { kind, attrs, seed, ins: ins.map(hostType), outs: outs.map(hostType) };
      return [{ kernel: "host", args: [{ text: JSON.stringify(call) }, ...[...ins, ...outs].map(({ arg }) => arg)] }];
    },
    ...(op.flops && { flops: op.flops }),
  };
}

const hostType = ({ shape, dtype, global, region }: LocalTensor): HostType => ({ shape, dtype, global, region });

/** The tensors and the attributes of a call. Throws GraphError SL1135 for anything else, SL1136 for no JSON. */
function read(kind: string, args: readonly unknown[]): { readonly ins: readonly Tensor[]; readonly attrs: Attrs } {
  const end = args.findIndex((arg) => !isTensor(arg));
  const ins = (end < 0 ? args : args.slice(0, end)) as readonly Tensor[];
  const rest = end < 0 ? [] : args.slice(end);
  const wrong = (what: string) =>
    new GraphError("SL1135", what, {
      subject: `op "${kind}"`,
      at: userLine(),
      choices: [`${kind}(x)`, `${kind}(x, { … })`],
    });
  if (ins.length === 0) throw wrong(`it takes a tensor first, got ${showGiven(args[0])}`);
  const [attrs] = rest;
  if (rest.length > 1 || (attrs !== undefined && !isPlain(attrs)))
    throw wrong(`behind its tensors it takes one object of attributes, got ${rest.map(showGiven).join(", ")}`);
  return { ins, attrs: checkAttrs(kind, attrs ?? {}) };
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" &&
  value !== null &&
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as typeof Object.prototype | null);

/** A tensor by its type. */
const describe = (value: unknown): string => (isTensor(value) ? `the tensor ${showType(value)}` : showGiven(value));

/** Attributes as they will be in the plan: what is undefined is left out. */
function checkAttrs(kind: string, attrs: Readonly<Record<string, unknown>>): Attrs {
  const wrong = (what: string) =>
    new GraphError("SL1136", what, {
      subject: `op "${kind}"`,
      at: userLine(),
      choices: ["finite numbers", "strings", "booleans", "null", "arrays and plain objects of these"],
    });
  /** What the value lies in. */
  const around: object[] = [];
  const copy = (value: unknown, path: string): Attr => {
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (!Array.isArray(value) && !isPlain(value))
      throw wrong(`attribute ${path} is ${showGiven(value)}, which JSON cannot hold`);
    if (around.includes(value)) throw wrong(`attribute ${path} contains itself, which JSON cannot hold`);
    around.push(value);
    const copied = Array.isArray(value)
      ? value.map((item, i) => copy(item, `${path}[${i}]`))
      : copyAll(value, `${path}.`);
    around.pop();
    return copied;
  };
  const copyAll = (all: Readonly<Record<string, unknown>>, path: string): Attrs =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, copy(value, `${path}${name}`)] as const],
      ),
    );
  around.push(attrs);
  return copyAll(attrs, "");
}

const typeExample = '[{ shape: [2, 3], dtype: "float32" }]';

/** What is wrong with what `infer` gave. */
function badTypes(types: unknown): string | undefined {
  if (!Array.isArray(types) || types.length === 0) return `${showGiven(types)}, not a list of types`;
  for (const [i, type] of (types as readonly (Partial<TensorType> | null)[]).entries()) {
    if (!Array.isArray(type?.shape)) return `no shape for output ${i}`;
    if (!isDType(type.dtype)) return `dtype ${showGiven(type.dtype)} for output ${i}`;
    const dim = type.shape.find((d) => typeof d !== "string" && !(Number.isSafeInteger(d) && d >= 0));
    if (dim !== undefined) return `a dim ${showGiven(dim)} for output ${i}`;
  }
  return undefined;
}

interface Parts {
  readonly subject: string;
  readonly at: string | undefined;
}

const ruleHint = "rules(…) gives for one mesh axis an SBP for each input and each output";
const ruleExample = '{ ins: ["S(0)"], outs: ["S(0)"] }';

/** Throws LayoutError SL1134 for what are no rules of this op. Absent: there are none. */
function readRules(rules: unknown, site: Site, parts: Parts): Rule[] {
  if (rules === undefined) return [];
  const wrong = (what: string) =>
    new LayoutError("SL1134", what, { ...parts, choices: [`[${ruleExample}]`], hint: ruleHint });
  if (!Array.isArray(rules)) throw wrong(`rules gives ${showGiven(rules)}, not a list of rules`);
  return (rules as readonly (Partial<WrittenRule> | null | undefined)[]).map((rule, i) => {
    const { ins, outs } = rule ?? {};
    if (Array.isArray(ins) && Array.isArray(outs)) return readRule({ ins, outs }, site, parts);
    const keys = isPlain(rule) ? `has the keys ${Object.keys(rule).join(", ") || "(none)"}` : `is ${showGiven(rule)}`;
    throw wrong(`rule ${i} ${keys}; a rule has two lists, ins and outs`);
  });
}

function readRule({ ins, outs }: WrittenRule, site: Site, parts: Parts): Rule {
  const text = `${ins.map(String).join(",")} -> ${outs.map(String).join(",")}`;
  const wrong = (why: string) =>
    new LayoutError("SL1134", `rule ${text} does not fit: ${why}`, {
      ...parts,
      choices: ["S(dim)", "B", "P(reduction)"],
      hint: ruleHint,
    });
  const sbp = (written: string): Sbp => {
    const parsed = typeof written === "string" ? parseSbp(written) : undefined;
    if (parsed) return parsed;
    throw wrong(`${showGiven(written)} is no SBP`);
  };
  const rule = { ins: ins.map(sbp), outs: outs.map(sbp) };
  const why = misfit(rule, site);
  if (why !== undefined) throw wrong(why);
  return rule;
}

/** The user's gradients, each held against the type of its input. */
function gradients(op: UserOp, site: GradientSite, parts: Parts): readonly ((() => Tensor) | undefined)[] {
  const makers = op.gradient!(site);
  if (!Array.isArray(makers) || makers.length > site.ins.length)
    throw new GraphError("SL1138", `gradient gives ${showGiven(makers)}, it has ${site.ins.length} inputs`, {
      ...parts,
      hint: "give a list with a function, or undefined, for each input",
    });
  return (makers as readonly ((() => Tensor) | undefined)[]).map((make, i) => {
    if (make === undefined) return undefined;
    if (typeof make !== "function")
      throw new GraphError("SL1138", `the gradient of input ${i} is ${describe(make)}, a function is due`, {
        ...parts,
        hint: "wrap it, so that it is made only where it is needed: () => …",
      });
    return () => {
      const made: unknown = make();
      const input = site.ins[i]!;
      if (isTensor(made) && showType(made) === showType(input)) return made;
      throw new GraphError(
        "SL1138",
        `the gradient of input ${i} is ${isTensor(made) ? showType(made) : showGiven(made)}`,
        {
          ...parts,
          hint: `it must be like the input, ${showType(input)}`,
        },
      );
    };
  });
}

/**
 * An error for a shape rule to throw: what does not fit, in a few words. The message gets the op's operands and the
 * user's line.
 *
 * @example
 * if (x.dtype !== "float32") throw opError(`takes float32, got ${x.dtype}`);
 */
export const opError = (what: string, hint?: string): ShapeError =>
  new ShapeError("SL1130", what, hint === undefined ? {} : { hint });
