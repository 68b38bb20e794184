import { describe, expect, test } from "vitest";
import { opDef, opKinds } from "../../src/graph/registry.ts";
import type { Rule } from "../../src/sbp/rule.ts";
import { findings, showRule } from "../../src/testing/complete.ts";
import { shapesOf } from "./cases.ts";
import { searchOf } from "./reference.ts";
import { excuse, leftOut, long, onlyLong, runsNothing, searched } from "./searched.ts";

const seen = new Set<string>();

describe("no rule is missing, and none is false", () => {
  test.each(searched.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    const { wrong, missing } = findings(searchOf(c), opDef(c.kind).rules, [2]);
    const unexcused = missing.filter((rule: Rule) => {
      const because = excuse(c.kind, rule);
      if (because) seen.add(because);
      return !because;
    });
    expect({ wrong: wrong.map(showRule), missing: unexcused.map(showRule) }).toEqual({ wrong: [], missing: [] });
  });

  test("of any op", () => {
    const left = [...runsNothing, ...(long ? [] : onlyLong)];
    expect(new Set([...searched.map(({ kind }) => kind), ...left])).toEqual(new Set(opKinds()));
  });

  test("and what is left out on purpose is true", () => {
    expect([...seen].sort()).toEqual(leftOut.map(({ because }) => because).sort());
  });
});
