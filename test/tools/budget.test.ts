import { join } from "node:path";
import { expect, it } from "vitest";
import { measure } from "../../tools/budget.ts";

const root = join(import.meta.dirname, "..", "..");
const [cheap, dear, wrong] = ["cheap", "dear", "wrong"].map((name) => join(root, "test", `${name}.ts`)) as [
  string,
  string,
  string,
];

it("counts the instantiations of each file and its type errors", () => {
  const virtual = new Map([
    [cheap, "export const one: number = 1;"],
    [
      dear,
      "type Count<N, T extends 0[] = []> = T['length'] extends N ? T : Count<N, [...T, 0]>;\nexport const n: Count<500>['length'] = 500;",
    ],
    [wrong, "export const one: string = 1;"],
  ]);
  const costs = measure(root, [cheap, dear, wrong], virtual);
  expect(costs.get(cheap)).toMatchObject({ instantiations: 0, errors: [] });
  expect(costs.get(dear)?.errors).toEqual([]);
  expect(costs.get(dear)?.instantiations).toBeGreaterThan(500);
  expect(costs.get(wrong)?.errors).toEqual(["Type 'number' is not assignable to type 'string'."]);
});
