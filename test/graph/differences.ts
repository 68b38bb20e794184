/** @file Gradients against finite differences: a graph that minimises a loss, run as it stands in double precision. */
import { expect } from "vitest";
import type { LogicalGraph } from "../../src/ir/graph.ts";
import { evaluate } from "../../src/testing/gradients.ts";
import { count, sequence, type Value } from "../../src/testing/value.ts";
import { execute } from "./kernels.ts";

type Arrays = ReadonlyMap<string, Float64Array>;

/** Every value of the graph; `given` are its inputs and states by name, other states begin as zeros. */
function evaluated(graph: LogicalGraph, given: Arrays): Value[] {
  const sources = graph.ops.filter(({ kind }) => kind === "input" || kind === "state");
  const values = sources.map(({ kind, attrs, outputs: [id] }) => {
    const { shape, dtype } = graph.values[id!]! as unknown as Value;
    const name = (kind === "input" ? attrs.name : attrs.state) as string;
    return [id!, { shape, dtype, data: given.get(name) ?? new Float64Array(count(shape as number[])) }] as const;
  });
  return evaluate(graph, new Map(values), execute);
}

/**
 * Compares the gradient of every parameter, as its `sgd` update gets it, with differences of the output `loss`. Inputs
 * that are not given, and parameters, are random.
 */
export function checkGradients(graph: LogicalGraph, inputs: Arrays = new Map(), seed = 5): void {
  const random = sequence(seed);
  const draw = (shape: readonly unknown[]) =>
    Float64Array.from({ length: count(shape as number[]) }, () => random() - 0.5);
  const parameters = graph.states.filter(({ kind }) => kind === "param");
  expect(parameters.length).toBeGreaterThan(0);
  const fed = Object.entries(graph.inputs).map(
    ([name, id]) => [name, inputs.get(name) ?? draw(graph.values[id]!.shape)] as const,
  );
  const given: Arrays = new Map([...fed, ...parameters.map(({ name, shape }) => [name, draw(shape)] as const)]);
  const loss = (at: Arrays) => evaluated(graph, at)[graph.outputs.loss!]!.data[0]!;
  const all = evaluated(graph, given);
  for (const { name } of parameters) {
    const update = graph.ops.find((o) => o.name === `${name}.update`)!;
    const gradient = all[update.inputs[1]!]!.data;
    const step = 1e-5;
    gradient.forEach((value, i) => {
      const moved = (by: number) => loss(new Map(given).set(name, given.get(name)!.with(i, given.get(name)![i]! + by)));
      const slope = (moved(step) - moved(-step)) / (2 * step);
      expect(Math.abs(value - slope), `${name}[${i}]: ${value} against ${slope}`).toBeLessThan(
        1e-6 * Math.max(1, Math.abs(slope)),
      );
    });
  }
}
