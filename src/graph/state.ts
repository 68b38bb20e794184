/** @file States of the user's own: counters, running statistics, whatever a step hands to the next. */
import { boundsOf, type DType, isFloat } from "../ir/dtype.ts";
import { GraphError, nearest, ShapeError, showGiven } from "../ir/errors.ts";
import type { PlacementData } from "../ir/placement.ts";
import { byName } from "../ir/program.ts";
import type { Builder } from "./builder.ts";
import { checkTensors } from "./operand.ts";
import { userLine } from "./source.ts";
import { emit, type Tensor } from "./tensor.ts";

interface Declared {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly init: number;
}

const stateTypes: readonly DType[] = ["float32", "float64", "int32", "int64"];

/** The tensor that reads it. */
export function userState(builder: Builder, declared: Declared, placement: PlacementData): Tensor {
  check(declared);
  const { name, shape, dtype, init } = declared;
  const start = { kind: "constant", value: byName(init) } as const;
  return builder.state({ name, kind: "stat", shape: [...shape], dtype, init: start, checkpoint: true }, placement);
}

function check({ name, shape, dtype, init }: Declared): void {
  const at = userLine();
  if (typeof name !== "string" || name === "")
    throw new GraphError("SL1140", `the name is ${showGiven(name)}`, {
      subject: "state",
      at,
      hint: "give a name that no other state has: sharding and session.states know it by that",
    });
  const subject = `state "${name}"`;
  if (!Array.isArray(shape))
    throw new GraphError("SL1094", `the shape is ${showGiven(shape)}`, {
      subject,
      at,
      hint: "give a list of whole numbers, [] for one number",
    });
  const wrong = shape.find((dim) => !Number.isSafeInteger(dim) || dim < 0);
  if (wrong !== undefined)
    throw new GraphError("SL1094", `dim ${shape.indexOf(wrong)} is ${wrong}: what is kept has a fixed size`, {
      subject,
      at,
      hint: "give every dim as a whole number",
    });
  if (!stateTypes.includes(dtype)) {
    const [meant] = nearest(String(dtype), stateTypes);
    const hint = meant === undefined ? "take a dtype of these" : `did you mean "${meant}"?`;
    throw new ShapeError("SL1000", `no state has the dtype ${showGiven(dtype)}`, {
      subject,
      at,
      choices: stateTypes,
      hint,
    });
  }
  const [least, most] = boundsOf(dtype);
  const held = typeof init === "number" && init >= least && init <= most;
  if (!held || !(isFloat(dtype) || Number.isSafeInteger(init)))
    throw new ShapeError("SL1091", `init is ${showGiven(init)}, which is no ${dtype}`, {
      subject,
      at,
      hint: isFloat(dtype)
        ? "give a number or an infinity"
        : `give a whole number from ${Math.max(least, Number.MIN_SAFE_INTEGER)} to ${Math.min(most, Number.MAX_SAFE_INTEGER)}`,
    });
}

/** Writes it when the step ends. */
export function assignState(state: Tensor, value: Tensor): void {
  checkTensors("assign", [state, value]);
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
