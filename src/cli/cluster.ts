/** @file The cluster that `--cluster` names: a preset, or a JSON file of the same figures. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import { type Cluster, clusters } from "../clusters.ts";
import { DataError, nearest, OptionError } from "../ir/errors.ts";

const positive = v.pipe(v.number(), v.minValue(1));
const whole = v.pipe(v.number(), v.integer(), v.minValue(1));
const link = v.strictObject({
  alpha: v.pipe(v.number(), v.minValue(0), v.maxValue(1e3)),
  beta: v.pipe(v.number(), v.minValue(0), v.maxValue(1e-3)),
});
/** As `Cluster`, with `perHost` for the function that says on which host a rank is. */
const schema = v.strictObject({
  about: v.optional(v.string()),
  ranks: v.optional(whole),
  perHost: v.optional(whole),
  memory: v.optional(whole),
  devices: v.optional(v.strictObject({ flops: positive, bandwidth: positive })),
  links: v.optional(
    v.strictObject({
      local: v.optional(link),
      remote: v.optional(link),
      memory: v.optional(link),
      axes: v.optional(v.record(v.string(), link)),
    }),
  ),
});

const example =
  '{ "ranks": 16, "perHost": 8, "memory": 8e10, "links": { "remote": { "alpha": 2e-5, "beta": 2e-11 } } }';

/** Throws OptionError SL8003 for a name that there is not, DataError SL8020 for a file that is no cluster. */
export function findCluster(name: string, cwd: string): Cluster {
  if (Object.hasOwn(clusters, name)) return clusters[name as keyof typeof clusters];
  if (!/\.json$|[/\\]/.test(name)) {
    const names = Object.keys(clusters);
    const [near] = nearest(name, names);
    throw new OptionError("SL8003", `there is no cluster "${name}"`, {
      subject: "--cluster",
      choices: [...names, "a .json file"],
      ...(near !== undefined && { hint: `did you mean ${near}?` }),
    });
  }
  return readCluster(name, resolve(cwd, name));
}

function readCluster(name: string, path: string): Cluster {
  const refuse = (what: string, hint: string, cause?: unknown) =>
    new DataError("SL8020", what, { subject: name, hint, cause });
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw refuse("the file cannot be read", `write ${example}`, cause);
    throw refuse(`it is no JSON: ${cause.message}`, `write ${example}`, cause);
  }
  const { issues, output } = v.safeParse(schema, given);
  if (issues) {
    const [{ path: at = [], message }] = issues;
    const where = at.map(({ key }) => String(key)).join(".");
    throw refuse(`${where === "" ? "" : `${where}: `}${message}`, `write ${example}`);
  }
  const { about = name, perHost, ...rest } = output;
  return {
    ...rest,
    about,
    links: { ...rest.links, ...(perHost !== undefined && { host: (rank) => Math.floor(rank / perHost) }) },
  } as Cluster;
}
