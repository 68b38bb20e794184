/** @file `sluice plan`: what a program would need and take on a cluster, without a device. */
import { type Cluster, clusters } from "../../clusters.ts";
import { memoryOf } from "../../compiler/machine.ts";
import { LayoutError, OptionError } from "../../ir/errors.ts";
import type { PlacementData } from "../../ir/placement.ts";
import type { LinkModels } from "../../links.ts";
import type { Plan } from "../../plan.ts";
import { findCluster } from "../cluster.ts";
import { command, exits, programArgument, sized } from "../command.ts";
import { outputFile } from "../output.ts";
import { type Prepared, prepare } from "../prepare.ts";
import { reportOf } from "../report.ts";
import { reportText } from "../report-text.ts";

/** So many that the later half runs evenly. */
const steps = 4;
const unlimited = Number.MAX_SAFE_INTEGER;

export const plan = command({
  name: "plan",
  summary: "says what a program needs and takes on any mesh and cluster, without running it",
  about: [
    "Memory of each rank, bytes between ranks by mesh axis and link, the predicted time of a step and what the ranks do with it. Nothing runs but the compiler and a virtual clock. The exit code is 3 when the plan does not fit.",
    "A cluster is a preset or a JSON file with any of: ranks, perHost (ranks of a host), memory (bytes a rank), devices { flops, bandwidth } of a rank a second, precision (of these flops), links { local, remote, memory, axes } of { alpha: seconds, beta: seconds a byte }.",
  ],
  argument: programArgument,
  options: {
    ...sized,
    cluster: {
      value: "NAME|FILE",
      about: `what to plan for, ${Object.keys(clusters).join(", ")} or a .json file; default: this-machine`,
      names: Object.keys(clusters),
      path: true,
    },
    explain: { about: "then the whole plan as text: every layout, what it costs, and why" },
    output: { short: "o", value: "FILE", about: "writes the plan itself, JSON for Plan.fromJSON", path: true },
  },
  examples: [
    ["sluice plan train.ts", "what it takes here"],
    ["sluice plan train.ts --mesh data=128,model=8 --cluster 1024-gpus", "and on 1,024 GPUs"],
    ["sluice plan train.ts --cluster ours.json --json | jq .stepTime", "one figure of it"],
  ],
  async run({ argument, values }, { out, cwd }) {
    const file = values.output === undefined ? undefined : outputFile(values.output, cwd);
    const cluster = findCluster(values.cluster ?? "this-machine", cwd);
    const prepared = await prepare(argument, values, cwd);
    checkRanks(prepared, cluster);
    const { made, limit } = fitted(file ? prepared.compile : prepared.sketch, prepared, cluster);
    const own = prepared.program.compile;
    const { devices = own?.devices } = cluster;
    const links = Object.keys(cluster.links).length > 0 ? cluster.links : own?.links;
    const simulation = made.simulate({
      steps,
      ...(devices && { devices }),
      ...(links && { links: onAxes(links, made.data.placements) }),
    });
    const report = reportOf(made, simulation, prepared, { ...cluster, ...(devices && { devices }) }, limit);
    const explained = values.explain && made.explain();
    out.write(values.json ? `${JSON.stringify({ ...report, explained })}\n` : reportText(report));
    if (explained && !values.json) out.write(`\n${explained}\n`);
    file?.write(JSON.stringify(made));
    return report.fits ? exits.ok : exits.unfit;
  },
});

function checkRanks({ sizes }: Prepared, { ranks, about }: Cluster): void {
  const given = Object.values(sizes.mesh).reduce((a, b) => a * b, 1);
  if (ranks === undefined || given <= ranks) return;
  const text = Object.entries(sizes.mesh).map(([axis, size]) => `${axis}=${size}`);
  throw new OptionError("SL8021", `the mesh ${text.join(",")} has ${given} ranks, the cluster has ${ranks}`, {
    subject: about,
    hint: "give a smaller mesh, or a larger cluster",
  });
}

/** Without those of axes that only other programs have: a cluster is described once for all. */
function onAxes(links: LinkModels, placements: readonly PlacementData[]): LinkModels {
  const names = new Set(placements.flatMap(({ axes }) => axes.map(({ name }) => name)));
  const own = Object.entries(links.axes ?? {}).filter(([name]) => names.has(name));
  return { ...links, axes: Object.fromEntries(own) };
}

/** The plan, made to fit where that is possible; else as it would be without a limit, to say what is missing. */
function fitted(
  compile: Prepared["compile"],
  { program, placements }: Prepared,
  { memory, devices, links }: Cluster,
): { readonly made: Plan; readonly limit: number } {
  const over = {
    ...(memory !== undefined && { memory }),
    ...(devices && { devices }),
    ...(Object.keys(links).length > 0 && { links: onAxes(links, placements) }),
  };
  try {
    const made = compile(over);
    return { made, limit: made.data.limit.bytes };
  } catch (error) {
    if (!(error instanceof LayoutError && error.code === "SL3040")) throw error;
    const made = compile({ ...over, memory: unlimited });
    return { made, limit: memory ?? program.compile?.memory ?? memoryOf(made.data.placements) };
  }
}
