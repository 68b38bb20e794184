/** @file Rules that many ops share. */
import type { DType } from "../../ir/dtype.ts";
import { P, S } from "../../ir/layout.ts";
import { monoid } from "../../sbp/monoid.ts";
import type { Rule, Site } from "../../sbp/rule.ts";
import { range } from "../dims.ts";

/** All operands of one shape: split alike along any dim. */
export const alike = ({ ins, outs }: Site): Rule[] =>
  range((outs[0] ?? ins[0])!.shape.length).map((dim) => ({ ins: ins.map(() => S(dim)), outs: outs.map(() => S(dim)) }));

/**
 * Whether a dtype has infinities. Then the identities of max and min stay what they are when something is added to them or
 * their sign changes; the least integer wraps.
 */
export const unbounded = (dtype: DType): boolean => !Number.isFinite(monoid("max").identity(dtype));

/** One input, one output. */
export const pass = (from: string, to = from): Rule => ({ ins: [P(from)], outs: [P(to)] });
