/**
 * @file `checkOp`: all that an op's definition claims, held against its own kernel. One kernel on whole tensors says what
 * is right; every signature, and the gradient, must agree with it.
 */
import type { OpRule } from "../define.ts";
import { inferTypes } from "../graph/infer.ts";
import { placement } from "../graph/placement.ts";
import { hasOp, opDef, opKinds } from "../graph/registry.ts";
import { type DType, isDType, isFloat, isHalf, showType } from "../ir/dtype.ts";
import { fromElements, toElements } from "../ir/element.ts";
import { nearest, OptionError } from "../ir/errors.ts";
import type { Attrs } from "../ir/graph.ts";
import { type Sbp, showSbp } from "../ir/layout.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import { onWhole, type Run, ranWhole } from "./apply.ts";
import { findings, showRule } from "./complete.ts";
import { onEngine } from "./engine.ts";
import { CheckError } from "./error.ts";
import { checkGradients, gradientsOf, type Precision } from "./gradients.ts";
import type { CheckOptions, MissingRule, OpCase, OpReport } from "./report.ts";
import { showSignature, trials } from "./truth.ts";
import { draw, type Range, sequence, type Type, type Value } from "./value.ts";

/** How exact the engine is with floats: of values, relative to the largest one, and of gradients. */
interface Exactness extends Precision {
  readonly value: number;
}
const single: Exactness = { value: 1e-4, slope: 4e-3, step: 2 ** -7 };
const double: Exactness = { value: 1e-6, slope: 1e-5, step: 1e-5 };

const sizes: readonly Readonly<Record<string, number>>[] = [{ a: 2 }, { a: 3 }, { a: 4 }, { a: 2, b: 2 }];
/** Of the axis on which missing rules are searched. */
const searchedSizes = [2, 3];
/** More ranks than this are not tried for the sake of empty shards. */
const mostRanks = 17;

/**
 * Checks an op on some operands: its kernel writes all of its outputs and nothing else; every signature that its rules
 * give is true on meshes of 2, 3, 4 and 2 × 2 ranks, and of more ranks than the tensors have rows, with adversarial
 * parts of partial values; its gradient agrees with finite differences. Runs on the engine, in this thread, and in float64
 * in place of float32 where the op takes it.
 *
 * @param op what `defineOp` returned, or the kind of one of Sluice's own ops
 * @throws CheckError SL6030 a signature is false, SL6031 a gradient is wrong, SL6032 an element is not written or not
 *   the same each time, SL6033 the kernel writes into an input
 * @throws OptionError SL6034 no op, no cases, or operands that are none
 * @throws ShapeError what the op says of operands that do not fit
 *
 * @example
 * test("hardSwish", () => {
 *   const report = checkOp(hardSwish, [{ shapes: [[5, 4]] }], { missing: true });
 *   expect(report.missing).toEqual([]);
 * });
 */
export const checkOp = (
  op: { readonly kind: string } | string,
  cases: readonly OpCase[],
  options: CheckOptions = {},
): OpReport => checkWith(op, cases, options, onEngine);

/** The same with kernels of one's own. */
export function checkWith(
  op: { readonly kind: string } | string,
  cases: readonly OpCase[],
  { seed = 1, missing = false }: CheckOptions,
  run: Run,
): OpReport {
  const kind = kindOf(op);
  if (!Array.isArray(cases) || cases.length === 0)
    throw new OptionError("SL6034", "there are no cases", {
      subject: `checkOp(${kind})`,
      choices: ["[{ shapes: [[5, 4]] }]"],
    });
  const sites = (cases as readonly OpCase[]).map(
    (c) => inDouble(kind, c, seed, run) ?? siteOf(kind, c, seed, run, single),
  );
  for (const site of sites) checkKernel(site);
  const sum = (each: (site: Site) => number) => sites.reduce((n, site) => n + each(site), 0);
  return {
    op: kind,
    cases: sites.length,
    inDouble: sites.filter(({ exactness }) => exactness === double).length,
    signatures: sum(checkSignatures),
    gradients: sum(checkGradient),
    missing: missing ? missingRules(sites) : [],
  };
}

interface Site {
  readonly kind: string;
  /** The call, for messages. */
  readonly text: string;
  readonly ins: readonly Value[];
  readonly range: Range;
  readonly outs: readonly Type[];
  readonly attrs: Attrs;
  readonly random: () => number;
  readonly run: Run;
  readonly exactness: Exactness;
}

function kindOf(op: { readonly kind: string } | string): string {
  const kind: unknown = typeof op === "string" ? op : (op as { readonly kind?: unknown } | null)?.kind;
  if (typeof kind === "string" && hasOp(kind)) return kind;
  const [meant] = typeof kind === "string" ? nearest(kind, opKinds()) : [];
  throw new OptionError("SL6034", `there is no op ${JSON.stringify(kind)}`, {
    subject: "checkOp",
    hint: meant === undefined ? "give what defineOp(…) returned, or the kind of an op" : `did you mean "${meant}"?`,
  });
}

/** The case with float64 for float32; undefined where a shape rule or a kernel has none. */
function inDouble(kind: string, c: OpCase, seed: number, run: Run): Site | undefined {
  if (!Array.isArray(c.shapes)) return undefined;
  const dtypes = c.shapes.map((_, i) => c.dtypes?.[i] ?? "float32");
  const wide = dtypes.map((dtype): DType => (dtype === "float32" ? "float64" : dtype));
  if (!wide.includes("float64")) return undefined;
  try {
    const site = siteOf(kind, { ...c, dtypes: wide }, seed, run, double);
    onWhole(kind, site.ins, site.attrs, run);
    gradientsOf(kind, site.ins, site.attrs, draw(site.outs, { from: -1, to: 1 }, sequence(seed)), run);
    return site.outs.some(({ dtype }) => isFloat(dtype) && dtype !== "float64") ? undefined : site;
  } catch {
    return undefined; // what is wrong in float32 too is said there
  }
}

function siteOf(kind: string, given: OpCase, seed: number, run: Run, exactness: Exactness): Site {
  const { shapes, dtypes = [], from = -3, to = 3 } = given;
  const wrong = !Array.isArray(shapes) || shapes.flat().some((extent) => !Number.isSafeInteger(extent) || extent < 0);
  const dtype = dtypes.find((name) => !isDType(name));
  if (wrong || dtype !== undefined || !(from <= to))
    throw new OptionError("SL6034", `the case is ${JSON.stringify(given)}`, {
      subject: `checkOp(${kind})`,
      choices: ['{ shapes: [[5, 4]], dtypes: ["float32"], attrs: {}, from: -3, to: 3 }'],
    });
  const half = dtypes.find(isHalf);
  if (half !== undefined)
    throw new OptionError("SL6034", `a case has operands of ${half}, which no op computes in`, {
      subject: `checkOp(${kind})`,
      hint: "check it in float32: the compiler puts casts round it, or the op moves elements as they are",
    });
  const random = sequence(seed);
  const types = shapes.map((shape, i): Type => ({ shape, dtype: dtypes[i] ?? "float32" }));
  const range = { from, to };
  const ins = draw(types, range, random).map((value) => ({ ...value, data: rounded(value) }));
  const attrs = JSON.parse(JSON.stringify(given.attrs ?? {})) as Attrs;
  const more = Object.keys(attrs).length ? `, ${JSON.stringify(attrs)}` : "";
  const text = `${kind}(${types.map(showType).join(", ")}${more})`;
  const outs = inferTypes(kind, types, attrs, undefined, () => text) as readonly Type[];
  return { kind, text, ins, outs, attrs, range, random, run, exactness };
}

/** As the engine will hold it. */
const rounded = ({ dtype, data }: Value): Float64Array => fromElements(dtype, toElements(dtype, data));

/** Runs the op twice, with different numbers where its outputs will be. */
function checkKernel({ kind, text, ins, attrs, run }: Site): void {
  const [once, twice] = [57, 113].map((fill) => ranWhole(kind, ins, attrs, run, fill));
  once!.outs.forEach((value, i) => {
    const at = value.data.findIndex((x, k) => !Object.is(x, twice!.outs[i]!.data[k]));
    if (at < 0) return;
    throw new CheckError(
      "SL6032",
      `it leaves ${elementOf(i, value, at)} as it was, or gives another number each time`,
      {
        subject: text,
        hint: "the kernel must write every element of its outputs, from its operands and the seed alone",
      },
    );
  });
  const inPlace = new Set(opDef(kind).inPlace?.map(([, input]) => input));
  ins.forEach(({ data }, i) => {
    const at = inPlace.has(i) ? -1 : data.findIndex((x, k) => !Object.is(x, once!.ins[i]!.data[k]));
    if (at < 0) return;
    throw new CheckError("SL6033", `the kernel writes into its input ${i}`, {
      subject: text,
      hint: "write into the outputs alone",
    });
  });
}

/** `output 0 at [2, 3]` */
function elementOf(output: number, { shape }: Type, at: number): string {
  let rest = at;
  const index = shape.toReversed().map((extent) => {
    const i = rest % extent;
    rest = (rest - i) / extent;
    return i;
  });
  return `output ${output} at [${index.toReversed().join(", ")}]`;
}

/** The meshes to try, one of them with more ranks than the operands have rows. */
function meshesOf({ ins }: Site): PlacementData[] {
  const most = Math.max(1, ...ins.flatMap(({ shape }) => shape));
  const more = Math.min(mostRanks, most + 1);
  const extra = more > 4 ? [{ a: more }] : [];
  return [...sizes, ...extra].map((axes) => placement("cpu", axes).data);
}

function checkSignatures(site: Site): number {
  const { kind, text, outs, random, run, exactness } = site;
  let found = 0;
  for (const { mesh, signature, lie } of trials(site, opDef(kind).rules, meshesOf(site), random, run)) {
    const { error, output, at, got, wanted, torn } = lie();
    found++;
    if (error <= exactness.value) continue;
    const where = elementOf(output, outs[output]!, at);
    const other = torn ? `on one rank and ${wanted} on another` : `and ${wanted} on whole tensors`;
    throw new CheckError("SL6030", `${showSignature(signature)} is false: ${where} is ${got} ${other}`, {
      subject: `${text} on ${showPlacement(mesh)}`,
      hint,
    });
  }
  return found;
}
const hint = "take the rule out, or mend the kernel for local extents";

/** As authors write them in rules. */
const written = (sbps: readonly Sbp[]) => sbps.map(showSbp) as OpRule["ins"];

/** Searches all combinations, which finds what only other values show to be false, too. */
function missingRules(sites: readonly Site[]): MissingRule[] {
  const missing = new Map<string, MissingRule>();
  for (const site of sites) {
    const { kind, text: call } = site;
    const found = findings({ ...site, tolerance: site.exactness.value }, opDef(kind).rules, searchedSizes);
    const [wrong] = found.wrong;
    if (wrong) throw new CheckError("SL6030", `${showRule(wrong)} is false for other values`, { subject: call, hint });
    for (const rule of found.missing) {
      const text = showRule(rule);
      const [ins, outs] = [written(rule.ins), written(rule.outs)];
      missing.set(text, { ins, outs, text, calls: [...(missing.get(text)?.calls ?? []), call] });
    }
  }
  return [...missing.values()];
}

function checkGradient({ kind, text, ins, attrs, random, run, exactness }: Site): number {
  const { inputs, wrong } = checkGradients(kind, ins, attrs, random, run, exactness);
  if (!wrong) return inputs;
  const { input, at, got, wanted } = wrong;
  const where = elementOf(input, ins[input]!, at).replace("output", "input");
  throw new CheckError("SL6031", `the gradient of ${where} is ${got}, differences give ${wanted}`, {
    subject: text,
    hint: "mend the gradient, or the kernel of an op that it is made of",
  });
}
