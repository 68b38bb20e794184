/** @file The cluster that `--cluster` names: a preset, or a JSON file of the same figures. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import { type Cluster, clusters } from "../clusters.ts";
import { DataError, nearest, OptionError, showGiven } from "../ir/errors.ts";
import { reasonOf } from "./reason.ts";

/** What is refused is told what would be legal. */
const number = (legal: string, least: number, most = Number.MAX_VALUE) =>
  v.pipe(v.number(legal), v.minValue(least, legal), v.maxValue(most, legal));
const whole = (of: string) => {
  const legal = `a whole number of ${of}, 1 or more`;
  return v.pipe(v.number(legal), v.safeInteger(legal), v.minValue(1, legal));
};
const text = v.string("a text");

/** A list is no object here, though JavaScript has it as one. */
const plain = (legal: string) =>
  v.custom<object>((it) => typeof it === "object" && it !== null && !Array.isArray(it), legal);
/** Of these keys and no others; one that there is not is told these. */
const object = <E extends v.ObjectEntries>(entries: E) => {
  const keys = Object.keys(entries).join(", ");
  return v.pipe(plain(`an object with any of ${keys}`), v.objectWithRest(entries, v.never(keys)));
};

const link = object({
  alpha: number("seconds, from 0 to 1000", 0, 1e3),
  beta: number("seconds a byte, from 0 to 0.001: 4e-11 for 25 GB/s", 0, 1e-3),
});
/** As `Cluster`, with `perHost` for the function that says on which host a rank is. */
const schema = object({
  about: v.optional(text),
  ranks: v.optional(whole("ranks")),
  perHost: v.optional(whole("ranks of a host")),
  memory: v.optional(whole("bytes a rank")),
  devices: v.optional(
    object({ flops: number("operations a second, 1 or more", 1), bandwidth: number("bytes a second, 1 or more", 1) }),
  ),
  precision: v.optional(v.picklist(["float32", "bfloat16", "float16"], '"float32", "bfloat16" or "float16"')),
  links: v.optional(
    object({
      local: v.optional(link),
      remote: v.optional(link),
      memory: v.optional(link),
      axes: v.optional(v.pipe(plain("an object with a link by name of an axis"), v.record(v.string(), link))),
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
  const refuse = (what: string, more: { readonly details?: readonly string[]; readonly cause?: unknown }) =>
    new DataError("SL8020", what, { subject: name, hint: `a cluster is such as ${example}`, ...more });
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const what =
      cause instanceof SyntaxError ? `it is no JSON: ${cause.message}` : `it cannot be read: ${reasonOf(cause)}`;
    throw refuse(what, { cause });
  }
  const { issues, output } = v.safeParse(schema, given, { abortPipeEarly: true });
  if (issues) {
    const wrong = issues.map(mistake);
    throw refuse(wrong.length === 1 ? wrong[0]! : `it has ${wrong.length} mistakes`, {
      details: wrong.length === 1 ? [] : wrong,
    });
  }
  const { about = name, perHost, ...rest } = output;
  return {
    ...rest,
    about,
    links: { ...rest.links, ...(perHost !== undefined && { host: (rank) => Math.floor(rank / perHost) }) },
  } as Cluster;
}

/** `links.local.beta is 300, where it should be seconds a byte, from 0 to 0.001` */
function mistake({ path, type, input, message }: v.BaseIssue<unknown>): string {
  const keys = path?.map(({ key }) => String(key)) ?? [];
  const where = keys.join(".") || "it";
  if (input === undefined) return `${where} is missing`;
  if (type !== "never") return `${where} is ${showGiven(input)}, where it should be ${message}`;
  const [near] = nearest(keys.at(-1)!, message.split(", "));
  return `there is no ${where}: ${near === undefined ? `the keys are ${message}` : `did you mean ${near}?`}`;
}
