/** @file Pictures of a plan, by format. */
import { SluiceError } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";
import { logicalDot } from "./logical-dot.ts";
import { physicalDot } from "./physical-dot.ts";
import { type Observed, stateDot } from "./state-dot.ts";
import { dotToSvg } from "./svg.ts";

export interface RenderOptions {
  /** The graph with layouts on its edges, or the tasks on the ranks. Default: physical. */
  readonly graph?: "logical" | "physical";
  /** Draws the plan's actors as they stand: what `session.events$` has told since the launch, or `session.flight()`. */
  readonly state?: Observed;
}

const graphs = { logical: logicalDot, physical: physicalDot };

/**
 * Throws SluiceError SL7000 for a format or a graph that there is not, SessionError SL4013 for the state of a session that
 * has not loaded the plan.
 */
export async function render(plan: PlanData, format: "svg" | "dot", options: RenderOptions = {}): Promise<string> {
  const { graph = "physical", state } = options;
  checkOneOf("format", format, ["svg", "dot"]);
  checkOneOf("graph", graph, Object.keys(graphs));
  const dot = state ? stateDot(plan, state) : graphs[graph](plan);
  return format === "svg" ? dotToSvg(dot) : dot;
}

function checkOneOf(what: string, given: string, known: readonly string[]): void {
  if (!known.includes(given))
    throw new SluiceError("SL7000", `there is no ${what} "${given}"`, { subject: "render", choices: known });
}
