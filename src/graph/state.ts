/** @file States of the user's own: counters, running statistics, whatever a step hands to the next. */
import type { DType } from "../ir/dtype.ts";
import { GraphError } from "../ir/errors.ts";
import type { PlacementData } from "../ir/placement.ts";
import type { Builder } from "./builder.ts";
import { userLine } from "./source.ts";
import { emit, type Tensor } from "./tensor.ts";

interface Declared {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly init: number;
}

/** The tensor that reads it. */
export function userState(builder: Builder, { name, shape, dtype, init }: Declared, placement: PlacementData): Tensor {
  const wrong = shape.find((dim) => !Number.isSafeInteger(dim) || dim < 0);
  if (wrong !== undefined)
    throw new GraphError("SL1094", `dim ${shape.indexOf(wrong)} is ${wrong}: what is kept has a fixed size`, {
      subject: `state "${name}"`,
      at: userLine(),
      hint: "give every dim as a whole number",
    });
  const start = { kind: "constant", value: init } as const;
  return builder.state({ name, kind: "stat", shape: [...shape], dtype, init: start, checkpoint: true }, placement);
}

/** Writes it when the step ends. */
export function assignState(state: Tensor, value: Tensor): void {
  const name = state.builder.stateOf(state);
  if (name === undefined)
    throw new GraphError("SL1095", `${state.name} is no state`, {
      subject: "assign",
      at: userLine(),
      hint: "assign to what g.state(…) returned",
    });
  // A value that is a state's own memory would change under the hands of who else reads it.
  const held = emit("stopGradient", [value]);
  state.builder.apply("assign", [state, held], {}, { name: `${name}.assign`, writes: [name] });
}
