/** @file The page of all ops, from what the tests of their rules have run: `docs/ops.md`. */
import type { OpDef } from "../../src/graph/op.ts";
import { opDef, opKinds } from "../../src/graph/registry.ts";
import { type DType, dtypes, isFloat, shortName } from "../../src/ir/dtype.ts";
import { showSbp } from "../../src/ir/layout.ts";
import { divisions } from "../../src/sbp/division.ts";
import { cases, operation, typesOf } from "./cases.ts";
import { runsNothing } from "./searched.ts";

/** Counts of one run: cases and signatures by kind of op. */
export interface Tally {
  readonly cases: Map<string, number>;
  readonly signatures: Map<string, number>;
}
export const tally = (): Tally => ({ cases: new Map(), signatures: new Map() });
export function count({ cases, signatures }: Tally, kind: string, run: number): void {
  cases.set(kind, (cases.get(kind) ?? 0) + 1);
  signatures.set(kind, (signatures.get(kind) ?? 0) + run);
}
export const total = (by: ReadonlyMap<string, number>): number => [...by.values()].reduce((a, b) => a + b, 0);

const ofKind = (kind: string) => cases.filter((c) => c.kind === kind);

/** The rules that an op has for an axis of two ranks, over all its cases. */
function rulesOf(kind: string): Set<string> {
  const all = ofKind(kind).flatMap((c) =>
    divisions(operation(c))
      .rules(2)
      .map(({ text }) => text),
  );
  return new Set(all);
}

/** Ways to run it with boxing inside, over all its cases. */
function expansionsOf(kind: string): Set<string> {
  const { expansions } = opDef(kind);
  const all = ofKind(kind).flatMap((c) => {
    const found = expansions?.({ ...operation(c), parts: 2 }) ?? [];
    return found.map((e) => [...e.ins, ...e.outs].map(showSbp).join(","));
  });
  return new Set(all);
}

/** Dtypes that the operands of a case may have, all those of its numbers together. */
function dtypesOf(kind: string): string {
  const takes = (dtype: DType) =>
    ofKind(kind).some((c) => {
      const given = typesOf(c);
      const numbers = given.some(({ dtype }) => isFloat(dtype)) ? isFloat : () => true;
      const changed = given.map((t) => (numbers(t.dtype) ? { ...t, dtype } : t));
      try {
        opDef(kind).infer(changed, c.attrs);
        return changed.length > 0;
      } catch {
        return false;
      }
    });
  const found = dtypes.filter(takes);
  return found.length === dtypes.length ? "all" : found.map((dtype) => shortName[dtype]).join(" ") || "–";
}

function gradientOf({ gradient, stopsGradient }: OpDef): string {
  if (stopsGradient) return "stops";
  return gradient ? "yes" : "–";
}

const number = (n: number) => n.toLocaleString("en");

export function page(run: Tally, more: { readonly long: number; readonly time: string }): string {
  const kinds = opKinds()
    .filter((kind) => !runsNothing.includes(kind))
    .toSorted();
  const rules = new Map(kinds.map((kind) => [kind, rulesOf(kind).size]));
  const rows = kinds.map((kind) =>
    [
      `\`${kind}\``,
      rules.get(kind),
      expansionsOf(kind).size || "–",
      gradientOf(opDef(kind)),
      dtypesOf(kind),
      run.cases.get(kind),
      number(run.signatures.get(kind) ?? 0),
    ].join(" | "),
  );
  return `# Ops

Written by \`npm run docs:ops\`; \`npm test\` checks that the counts are still true.

An op's **rules** say which layouts go in and come out on one mesh axis with no communication. Each is proven: the
inputs are split, replicated or scattered as partial values (of mixed signs, with parts that hold nothing), every rank
computes alone, the outputs are put together by the rule and compared with the op on the whole tensors. Meshes of 2, 3,
4, 2 × 2 and 3 × 2 ranks, uneven and empty shards. And the reverse: every combination that is not a rule is tried and must
be false, but for the free conversions (\`test/graph/complete.test.ts\`; what holds and is left out on purpose is listed
there with the reason). **Boxing inside** counts the ways to run an op along a split that its rules cannot take, such as
a softmax over split classes. Gradients are compared with finite differences and, on the runtime, under every layout.

Linear rules of partial sums hold for finite numbers: ∞ · P(sum) may be ∞ − ∞.

- Ops: ${kinds.length}
- Rules: ${number(total(rules))}
- Cases: ${number(total(run.cases))}
- Signatures run by \`npm test\`: ${number(total(run.signatures))}
- Signatures run by \`npm run test:long\`, with larger shapes and a second seed, which it prints: ${number(more.long)}
- Time: ${more.time}

| Op | Rules | Boxing inside | Gradient | Dtypes | Cases | Signatures run |
| --- | ---: | ---: | --- | --- | ---: | ---: |
${rows.map((row) => `| ${row} |`).join("\n")}
`;
}

/** The page without what differs from run to run. */
export const lasting = (text: string): string => text.replace(/^- Time: .*$/m, "");
