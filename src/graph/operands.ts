/** @file The operands of a call: shown for messages, and checked before they become an op of a graph. */
import { GraphError, PlacementError } from "../ir/errors.ts";
import { samePlacement, showPlacement } from "../ir/placement.ts";
import type { Builder } from "./builder.ts";
import { showCall } from "./infer.ts";
import { checkTensors } from "./operand.ts";
import type { Tensor } from "./tensor.ts";

/** `add(x: f32[8,6] {data: S(0)}, y: f32[8,6])`; the tensors may be of any graph; `beside` is a number that follows. */
export const showTensors = (kind: string, ins: readonly Tensor[], beside?: number): string =>
  showCall(
    kind,
    ins.map(({ builder, id }) => builder.shown(id)),
    beside,
  );

/**
 * Throws GraphError SL1037 for an operand that is no tensor, SL1031 for one of another graph than `home`, PlacementError
 * SL1030 for operands on different placements where they must be `together`.
 */
export function checkOperands(
  home: Builder,
  kind: string,
  ins: readonly Tensor[],
  together: boolean,
  at: string | undefined,
): void {
  checkTensors(kind, ins, false, at);
  const stranger = ins.find(({ builder }) => builder !== home);
  if (stranger)
    throw new GraphError("SL1031", `${stranger.name} belongs to another graph, "${stranger.builder.name}"`, {
      subject: showTensors(kind, ins),
      at,
      hint: "use only tensors made in the function given to this graph",
    });
  const [first] = ins;
  const away = together && ins.find(({ placement }) => !samePlacement(placement, first!.placement));
  if (away)
    throw new PlacementError(
      "SL1030",
      `${first!.name} lives on ${showPlacement(first!.placement)}, ${away.name} on ${showPlacement(away.placement)}`,
      { subject: showTensors(kind, ins), at, hint: "move one of them with .to(placement)" },
    );
}
