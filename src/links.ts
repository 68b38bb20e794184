/** @file Links between ranks as users describe them: for planning, choosing and simulating. */
import { userLine } from "./graph/source.ts";
import { checkOptions, OptionError, showGiven } from "./ir/errors.ts";
import type { PlacementData } from "./ir/placement.ts";
import { Cache } from "./sbp/cache.ts";
import { hierarchical, type Link, type Model, sharedMemory } from "./sbp/link.ts";

/** One end to the other: `alpha` seconds of latency, at most 1000, and `beta` seconds a byte, at most 0.001 (Hockney, 1994). */
export interface LinkModel {
  readonly alpha: number;
  readonly beta: number;
}

/** Links between ranks. What is left out is as the compiler assumes it: ranks that share one host's memory. */
export interface LinkModels {
  /** Between ranks of one host. */
  readonly local?: LinkModel;
  /** Between hosts. Default: as `local`. A mesh axis is remote where one of its groups spans two hosts. */
  readonly remote?: LinkModel;
  /** The host of a rank. Default: all are on one. */
  readonly host?: (rank: number) => number;
  /** By mesh axis, in place of the two. */
  readonly axes?: Readonly<Record<string, LinkModel>>;
  /** A rank and its own memory: what starting a boxing step costs, and a byte that it writes. */
  readonly memory?: LinkModel;
}

/** Links that know their names. */
export type Named = Link & { readonly name: string };
export type NamedModel = Omit<Model, "axis" | "between"> & {
  axis(...of: Parameters<Model["axis"]>): Named;
  between(a: number, b: number): Named;
};

const linkNames = ["local", "remote", "host", "axes", "memory"] satisfies (keyof LinkModels)[];

/** Slower links than a modem's are taken for a mistake, and times over them for more than can be counted. */
const slowest: LinkModel = { alpha: 1e3, beta: 1e-3 };

const oneHost = () => 0;

/** Plans are remembered by model, so links that say the same of these ranks give the same one. */
const known = new Cache<NamedModel>(64);

/**
 * The model behind what a user says of links, for what goes on between these placements. Throws OptionError SL1074 and
 * SL1075.
 */
export function modelOf(links: LinkModels, call: string, placements: readonly PlacementData[]): NamedModel {
  checkOptions("SL1074", `${call}, option links`, links, linkNames, userLine);
  const { host = oneHost, axes = {}, memory = sharedMemory.memory, local = sharedMemory.between(0, 0) } = links;
  const { remote = local } = links;
  if (typeof host !== "function")
    throw new OptionError("SL1075", `it is ${showGiven(host)}`, {
      subject: `${call}, option links, host`,
      at: userLine(),
      choices: ["(rank) => Math.floor(rank / 8)"],
    });
  const names = [...new Set(placements.flatMap((placement) => placement.axes.map(({ name }) => name)))];
  checkOptions("SL1074", `${call}, option links, axes`, axes, names, userLine);
  const numbers = [...Object.entries({ memory, local, remote }), ...Object.entries(axes)].map(([name, link]) => {
    checkOptions("SL1074", `${call}, option links, ${name}`, link, ["alpha", "beta"], userLine);
    checkNumber(call, `links, ${name}.alpha`, link.alpha, 0, slowest.alpha);
    checkNumber(call, `links, ${name}.beta`, link.beta, 0, slowest.beta);
    return [name, link.alpha, link.beta];
  });
  const hosts = new Map<number, number>();
  for (const rank of new Set(placements.flatMap(({ ranks }) => ranks))) {
    const at = host(rank);
    if (typeof at !== "number" || Number.isNaN(at))
      throw new OptionError("SL1075", `host(${rank}) is ${showGiven(at)}`, {
        subject: `${call}, option links, host`,
        at: userLine(),
        choices: ["a number for every rank"],
      });
    hosts.set(rank, at);
  }
  const key = JSON.stringify([numbers, host === oneHost ? [] : [...hosts]]);
  const hostOf = host === oneHost ? oneHost : (rank: number) => hosts.get(rank) ?? host(rank);
  return known.get(key, () => made(hostOf, axes, { memory, local, remote }));
}

type Kinds = Required<Pick<LinkModels, "memory" | "local" | "remote">>;

function made(host: (rank: number) => number, axes: Required<LinkModels>["axes"], kinds: Kinds): NamedModel {
  const named = (name: string, { alpha, beta }: LinkModel): Named => ({ alpha, beta, name });
  const own = new Map(Object.entries(axes).map(([name, link]) => [name, named(name, link)]));
  const model = hierarchical({
    host,
    memory: named("memory", kinds.memory),
    local: named("local", kinds.local),
    remote: named("remote", kinds.remote),
  });
  const all = [model.least, ...own.values()];
  return {
    ...model,
    axis: (placement, axis) => own.get(axis) ?? (model.axis(placement, axis) as Named),
    between: (a, b) => model.between(a, b) as Named,
    least: { alpha: Math.min(...all.map(({ alpha }) => alpha)), beta: Math.min(...all.map(({ beta }) => beta)) },
  };
}

/** Throws OptionError SL1075 unless it is a finite number, as large as this or larger, and no larger than `most`. */
export function checkNumber(call: string, what: string, value: unknown, least: number, most = Number.MAX_VALUE): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  const range = most < Number.MAX_VALUE ? `a number from ${least} to ${most}` : `a number ≥ ${least}`;
  throw new OptionError("SL1075", `it is ${showGiven(value)}`, {
    subject: `${call}, option ${what}`,
    at: userLine(),
    choices: [range],
  });
}
