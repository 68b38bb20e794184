/** @file What `graph(mesh, …)` is given and what its function returns, checked before anything is built from it. */
import { checkOptions, GraphError, OptionError, PlacementError, showGiven } from "../ir/errors.ts";
import { checkPlacement, isTensor } from "./operand.ts";
import { userLine } from "./source.ts";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const example = "graph(mesh, { name, inputs: { x: mesh.input([8, 4], …) } }, ({ x }) => ({ y: x.exp() }))";

/**
 * Throws PlacementError SL1141 for a mesh that is none, OptionError SL1074 and SL1075 for options, GraphError SL1142 for
 * a name, inputs, a model or a function that are missing or none.
 */
export function checkSpec(meshes: readonly unknown[], spec: unknown, build: unknown): void {
  if (meshes.length === 0)
    throw new PlacementError("SL1141", "the list of placements is empty", {
      subject: "graph",
      at: userLine(),
      hint: "give a placement, or a list with one at least: graph([front, back], …)",
    });
  for (const mesh of meshes) checkPlacement("graph", mesh);
  checkOptions("SL1074", "graph", spec, ["name", "inputs", "model", "mode"], userLine);
  const { name, inputs, model, mode } = spec as Readonly<Record<string, unknown>>;
  const refuse = (what: string) => new GraphError("SL1142", what, { subject: "graph", at: userLine(), hint: example });
  if (typeof name !== "string") throw refuse(`the name is ${showGiven(name)}`);
  if (!isObject(inputs)) throw refuse(`inputs is ${showGiven(inputs)}, not an object of inputs`);
  const wrong = Object.entries(inputs).find(([, input]) => !isObject(input) || !isObject(input.placement));
  if (wrong) throw refuse(`input "${wrong[0]}" is ${showGiven(wrong[1])}, not what mesh.input(…) returns`);
  if (model !== undefined && !Array.isArray((model as { parameters?: unknown } | null)?.parameters))
    throw refuse(`model is ${showGiven(model)}, not a module`);
  if (typeof build !== "function") throw refuse(`the function that builds it is ${showGiven(build)}`);
  if (mode !== undefined && mode !== "train" && mode !== "eval")
    throw new OptionError("SL1075", `it is ${showGiven(mode)}`, {
      subject: "graph, option mode",
      at: userLine(),
      choices: ["train", "eval"],
    });
}

/** Throws GraphError SL1034 for what is no object of outputs. */
export function checkOutputs(name: string, outputs: unknown): void {
  if (isObject(outputs) && !isTensor(outputs) && !(outputs instanceof Promise)) return;
  throw new GraphError("SL1034", `its function returned ${isTensor(outputs) ? "a tensor" : showGiven(outputs)}`, {
    subject: `graph "${name}"`,
    at: userLine(),
    hint: "return an object of tensors made in this function, such as { loss }, at once",
  });
}
