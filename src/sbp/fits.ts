/** @file Whether a rule is one for an op at all: an SBP an operand, of dims and partitions that the operand has. */
import { showSbp } from "../ir/layout.ts";
import { partSizes } from "./boxes.ts";
import { monoidNames } from "./monoid.ts";
import type { Rule, Site } from "./rule.ts";

/** Why the rule does not fit the op; undefined when it does. */
export function misfit({ ins, outs }: Rule, site: Site): string | undefined {
  if (ins.length !== site.ins.length || outs.length !== site.outs.length)
    return `the op has ${site.ins.length} inputs and ${site.outs.length} outputs`;
  const types = [...site.ins, ...site.outs];
  for (const [i, sbp] of [...ins, ...outs].entries()) {
    if (sbp.kind === "P" && !monoidNames.includes(sbp.monoid)) return `there is no reduction "${sbp.monoid}"`;
    if (sbp.kind !== "S") continue;
    const { shape } = types[i]!;
    const extent = shape[sbp.dim];
    if (extent === undefined) return `${showSbp(sbp)} on an operand of shape [${shape.join(",")}]`;
    if (sbp.part && !partSizes(extent, site.parts, sbp.part))
      return `${showSbp(sbp)} cannot cut ${extent} into ${site.parts}`;
  }
  return undefined;
}

/** `S(0),B -> S(0)` */
export const showRule = ({ ins, outs }: Rule): string =>
  `${ins.map(showSbp).join(",")} -> ${outs.map(showSbp).join(",")}`;
