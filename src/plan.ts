/** @file The compiled plan as users hold it: plain data, with ways to read it, look at it and keep it. */
import { loadPlan } from "./compiler/load.ts";
import type { Inputs, Outputs } from "./graph/graph.ts";
import { userLayout } from "./graph/layout.ts";
import { userLine } from "./graph/source.ts";
import { checkOptions } from "./ir/errors.ts";
import type { Collective, Pipeline, PlanData, RankMemory } from "./ir/plan.ts";
import { type SimulateOptions, type Simulation, simulate, simulateOptions } from "./simulate.ts";
import { explain } from "./view/explain/explain.ts";
import { type PictureFormat, type RenderOptions, render } from "./view/render.ts";
import { renderTimeline, type TimelineOptions } from "./view/timeline-svg.ts";

/** Layouts by parameter name, as `compile` takes them. */
// biome-ignore lint/suspicious/noExplicitAny: SBPs as text; any, so that it fits the sharding of every graph
export type ChosenSharding = Readonly<Record<string, Readonly<Record<string, any>>>>;

/**
 * What `compile` makes of a graph: every layout, collective, address and program. No functions, so it can be written to a
 * file and launched elsewhere.
 *
 * @example
 * const plan = compile(training, { dims: { batch: 128 } });
 * console.log(plan.explain());
 * const same = Plan.fromJSON(JSON.stringify(plan)) as typeof plan;
 */
export class Plan<I extends Inputs = Inputs, O extends Outputs = Outputs, Dims = unknown> {
  declare readonly "~types"?: { inputs: I; outputs: O; dims: Dims };
  readonly data: PlanData;

  /** Takes the data as valid; from outside use {@link Plan.fromJSON}. */
  constructor(data: PlanData) {
    this.data = data;
  }

  /** Throws PlanError SL3030–SL3033 for what is no plan, is of another version, malformed, changed, or unsafe to run. */
  static fromJSON(source: string | object): Plan {
    return new Plan(loadPlan(source));
  }

  toJSON(): PlanData {
    return this.data;
  }

  get name(): string {
    return this.data.name;
  }

  /** SHA-256 of everything in the plan, in hex. */
  get hash(): string {
    return this.data.hash;
  }

  /** Predicted bytes of each rank: all that its region of the arena holds, and how much of it is what. */
  get memory(): readonly RankMemory[] {
    return this.data.memory;
  }

  /** Every collective with the bytes that it moves between ranks in one step. */
  get communication(): readonly Collective[] {
    return this.data.collectives;
  }

  /**
   * How every parameter lies, and every running statistic, to be given to the `compile` of another graph of the same model: then the two share the
   * parameters without any boxing.
   *
   * @example
   * const evaluating = compile(evaluation, { dims: { batch: 1000 }, sharding: plan.sharding });
   */
  get sharding(): ChosenSharding {
    const parameters = this.data.states.filter(({ kind }) => kind === "param" || kind === "stat");
    return Object.fromEntries(
      parameters.map(({ name, layout, placement }) => [name, userLayout(layout, this.data.placements[placement]!)]),
    );
  }

  /** Where tensors go from one placement to the next in micro-batches: the stages, and the order in which they work. */
  get pipeline(): Pipeline | undefined {
    return this.data.pipeline;
  }

  /**
   * The plan as text: the layout of every tensor with what it costs, what came next and by what that lost; bytes that
   * move, the schedule, and memory against its limit, with what lies otherwise because of it. Repeated blocks are one row.
   */
  explain(): string {
    return explain(this.data);
  }

  /**
   * Runs the plan on a virtual clock: the same actors, slots and launch order as in a session, with devices and links
   * that take modelled time. The same plan and options give the same numbers. A collective takes as long on every rank as
   * on the busiest. Throws OptionError SL1074 and SL1075.
   *
   * @example
   * const { stepTime, ranks } = plan.simulate({
   *   devices: { flops: 1e14, bandwidth: 2e12 },
   *   links: { local: { alpha: 3e-6, beta: 1 / 3e11 }, remote: { alpha: 1e-5, beta: 1 / 5e10 }, host: (rank) => rank >> 3 },
   * });
   */
  simulate(options: SimulateOptions = {}): Simulation {
    return simulate(this.data, options);
  }

  /**
   * The last step of `simulate(options)` as SVG, 800 wide: rows are ranks, colours kinds of work, numbers micro-batches, gaps
   * the time in which a rank waits. `title` and `until`, the seconds at which the picture ends, make several comparable.
   * Throws OptionError SL1074 and SL1075 for options, such as an end before the step's.
   *
   * @example
   * await writeFile("timeline.svg", plan.renderTimeline({ until: 0.02 }));
   */
  renderTimeline(given: SimulateOptions & TimelineOptions = {}): string {
    checkOptions("SL1074", "renderTimeline", given, [...simulateOptions, "title", "until"], userLine);
    const { title, until, ...options } = given;
    const picture = { ...(title !== undefined && { title }), ...(until !== undefined && { until }) };
    return renderTimeline(this.data, simulate(this.data, options), picture);
  }

  /**
   * The logical graph with SBPs on its edges, or the physical plan with ranks as clusters (the default), as SVG, DOT,
   * Mermaid (pages that draw it, such as GitHub's, take up to 500 edges), or JSON: nodes, edges and clusters as
   * `src/view/picture.ts` describes them. Colours are layouts, the same in every picture, and a legend says which occur;
   * shapes say what a thing is. The same plan gives the same bytes.
   *
   * A logical graph of more than 150 ops is drawn so that it can be read: of blocks whose forward ops are equal one, with
   * what is not in all of them counted ("in 11 of 12", "×11"; "next" is an edge from one block to another), and when that
   * is still large, a module as one box and the updates of a frame as one. `expand` names what is to be drawn op by op. A
   * physical plan of more than 150 tasks on its ranks is drawn alike: tasks of equal blocks once, and ranks that run the
   * same tasks once; `expand: "all"` draws all.
   *
   * As "html" the plan explorer: one file that opens by double click and fetches nothing. Logical graph, physical plan, ranks
   * one by one, and a timeline with memory and with what each task waited for; search, click and keys lead to each op's
   * tensors, shards, costs, and why it lies so. The timeline is simulated (`simulate` takes what `plan.simulate` does) or,
   * with `trace`, that of a session launched with `{ trace: true }`.
   *
   * With `state`, the actors of a session of this plan as they stand: what each is at, how often it has fired, and how
   * many slots of each register are held.
   *
   * @example
   * await writeFile("gpt.svg", await plan.render("svg", { graph: "logical", expand: ["block0", "block*.up"] }));
   * const { nodes, edges, clusters } = JSON.parse(await plan.render("json"));
   * await writeFile("plan.html", await plan.render("html", { trace: session.trace() }));
   * await writeFile("stuck.svg", await plan.render("svg", { state: error.flight }));
   */
  render(format: PictureFormat, options: RenderOptions = {}): Promise<string> {
    return render(this.data, format, options);
  }
}
