import { describe, expect, test } from "vitest";
import { onEngine } from "../../src/testing/engine.ts";
import { cases, sequence, shapesOf, values } from "./cases.ts";
import { onWhole } from "./oracle.ts";

describe("every op gives on the engine what the reference gives", () => {
  test.each(cases.map((c) => [shapesOf(c), c] as const))("%s", (_, c) => {
    const ins = values(c, sequence(23)).map((v) => ({ ...v, data: v.data.map(Math.fround) }));
    const expected = onWhole(c.kind, ins, c.attrs);
    onWhole(c.kind, ins, c.attrs, onEngine).forEach(({ data }, i) => {
      expect(data.length).toBe(expected[i]!.data.length);
      data.forEach((x, at) => {
        const y = expected[i]!.data[at]!;
        if (x === y) return; // infinities too
        expect(Math.abs(x - y), `output ${i}[${at}]: ${x} against ${y}`).toBeLessThanOrEqual(
          1e-5 * Math.max(1, Math.abs(y)),
        );
      });
    });
  });
});
