/** @file Rules that many ops share. */
import { P, S } from "../../ir/layout.ts";
import type { Rule, Site } from "../../sbp/rule.ts";
import { range } from "../dims.ts";

/** All operands of one shape: split alike along any dim. */
export const alike = ({ ins, outs }: Site): Rule[] =>
  range((outs[0] ?? ins[0])!.shape.length).map((dim) => ({ ins: ins.map(() => S(dim)), outs: outs.map(() => S(dim)) }));

/** One input, one output. */
export const pass = (from: string, to = from): Rule => ({ ins: [P(from)], outs: [P(to)] });
