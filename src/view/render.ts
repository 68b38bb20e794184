/** @file Pictures of a plan, by format. */
import { userLine } from "../graph/source.ts";
import { checkOptions, SluiceError, showGiven } from "../ir/errors.ts";
import type { Flight } from "../ir/flight.ts";
import type { PlanData } from "../ir/plan.ts";
import { type SimulateOptions, simulateOptions } from "../simulate.ts";
import type { Expand } from "./expand.ts";
import { explorerData } from "./explorer/data.ts";
import type { Traced } from "./explorer/measured.ts";
import { explorerPage } from "./explorer/page.ts";
import { areEvents, expectGiven } from "./given.ts";
import { logicalPicture } from "./logical.ts";
import { physicalPicture } from "./physical.ts";
import { foldedPicture } from "./physical-folded.ts";
import type { Picture } from "./picture.ts";
import { pictureDot } from "./picture-dot.ts";
import { pictureJson } from "./picture-json.ts";
import { pictureMermaid } from "./picture-mermaid.ts";
import { type Observed, stateDot } from "./state-dot.ts";
import { dotToSvg } from "./svg.ts";

export interface RenderOptions {
  /** The graph with layouts on its edges, or the tasks on the ranks. Default: physical. */
  readonly graph?: "logical" | "physical";
  /**
   * Modules of the logical graph that are drawn op by op, by name, `*` for any part of it, or all of them. Without it a
   * graph of more than 150 ops shows one of equal blocks, and where these are still many nodes, modules. Of the physical
   * plan "all" draws every task on every rank, of the first eight; without it a plan of more than 150 such draws ranks
   * that run the same tasks once, and of equal blocks one.
   */
  readonly expand?: Expand;
  /**
   * Only of "html": shows when tasks ran in a session with `{ trace: true }`, from what `session.trace()` returned or what
   * `session.events$` has told, instead of a simulation. Of a long run the last steps.
   */
  readonly trace?: Traced;
  /** Only of "html": what `plan.simulate` takes. Default: 3 steps on the devices and links that the compiler assumes. */
  readonly simulate?: SimulateOptions;
  /** Draws the plan's actors as they stand: what `session.events$` has told since the launch, or `session.flight()`. */
  readonly state?: Observed;
}

/** `json` is a `Picture`, as `src/view/picture.ts` describes it, from which the others are written; `html` is the plan explorer, a page by itself. */
export type PictureFormat = "svg" | "dot" | "mermaid" | "json" | "html";

const graphs = ["logical", "physical"];
const writers = { mermaid: pictureMermaid, json: pictureJson };
const optionNames = ["graph", "expand", "state"] satisfies (keyof RenderOptions)[];
const explorerOptions = ["graph", "expand", "trace", "simulate"] satisfies (keyof RenderOptions)[];

/**
 * Throws SluiceError SL7000 for a format or a graph that there is not, SL7001 for a module that there is not, SessionError
 * SL4013 for the state or the events of a session that has not loaded the plan, OptionError SL1074 and SL1075 for other
 * options.
 */
export async function render(plan: PlanData, format: PictureFormat, options: RenderOptions = {}): Promise<string> {
  checkOptions("SL1074", "render", options, format === "html" ? explorerOptions : optionNames, userLine);
  const { graph = "physical", expand, state } = options;
  // A state is drawn by Graphviz alone.
  checkOneOf("format", format, ["svg", "dot", ...(state ? [] : [...Object.keys(writers), "html"])]);
  checkOneOf("graph", graph, graphs);
  expectGiven(isExpand(expand), expand, "render, option expand", ['"all"', '["block0", "block*.up"]']);
  expectGiven(isObserved(state), state, "render, option state", [
    "session.flight()",
    "error.flight",
    "an array of what session.events$ has told",
  ]);
  if (format === "html" && options.simulate !== undefined)
    checkOptions("SL1074", "render, option simulate", options.simulate, simulateOptions, userLine);
  if (format === "html") return explorerPage(await explorerData(plan, options));
  const picture = () => (graph === "logical" ? logicalPicture(plan, expand) : physical(plan, expand));
  if (format === "mermaid" || format === "json") return writers[format](picture());
  const dot = state ? stateDot(plan, state) : pictureDot(picture());
  return format === "svg" ? dotToSvg(dot) : dot;
}

const isExpand = (given: unknown): boolean =>
  given === undefined || given === "all" || (Array.isArray(given) && given.every((name) => typeof name === "string"));

function isObserved(given: unknown): boolean {
  const { actors, plans } = Object(given) as Partial<Flight>;
  return given === undefined || areEvents(given) || (Array.isArray(actors) && Array.isArray(plans));
}

/** With more tasks on ranks than these, those that are alike are drawn once. */
const manyTasks = 150;

function physical(plan: PlanData, expand: Expand | undefined): Picture {
  const onRanks = plan.tasks.reduce((sum, { placement }) => sum + plan.placements[placement]!.ranks.length, 0);
  return expand !== "all" && onRanks > manyTasks ? foldedPicture(plan, true) : physicalPicture(plan);
}

function checkOneOf(what: string, given: string, known: readonly string[]): void {
  if (!known.includes(given))
    throw new SluiceError("SL7000", `there is no ${what} ${showGiven(given)}`, {
      at: userLine(),
      subject: "render",
      choices: known,
    });
}
