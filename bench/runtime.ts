/**
 * @file `npm run bench:runtime`: collectives, what actors cost, and what communication hides, a line each. Writes
 * bench/runtime.json with machine, versions, date and command; lines that were not measured stay there. Where bench/peers is
 * set up, PyTorch's gloo takes turns with the collectives. `--only TEXT` takes the lines that contain it.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { circumstances } from "./machine.ts";
import { type Kind, kinds, measure, type Peer, sizes, sizeText } from "./runtime/collectives.ts";
import { blockedLoop, dispatchOfGpt, dispatchOfSmall } from "./runtime/dispatch.ts";
import { endGloo, gloo } from "./runtime/gloo.ts";
import { overlap } from "./runtime/overlap.ts";

const { values: options } = parseArgs({ options: { only: { type: "string", default: "" } } });
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const file = path("./runtime.json");

type Line = Readonly<Record<string, unknown>>;
interface Made {
  readonly text: string;
  readonly line: Line;
}

const peers = new Map<number, Peer | undefined>();
async function collective(kind: Kind, ranks: number, bytes: number, steps: number): Promise<Made> {
  if (!peers.has(ranks)) peers.set(ranks, gloo(ranks));
  const line = await measure(kind, ranks, bytes, steps, peers.get(ranks));
  const { microseconds, gigabytesPerSecond, memcpy, gloo: other } = line;
  const small = bytes < 1 << 20;
  const speed = small ? `${microseconds.toFixed(1)} µs` : `${gigabytesPerSecond.toFixed(1)} GB/s`;
  const ratios = [`${(gigabytesPerSecond / memcpy).toFixed(small ? 3 : 1)}x memcpy`];
  if (other !== undefined) ratios.push(`${(other / microseconds).toFixed(1)}x gloo`);
  return { text: [speed, ...ratios].join(", "), line: { ...line } };
}

const tasks: readonly (readonly [name: string, make: () => Promise<Made>])[] = [
  ...[2, 4].flatMap((ranks) =>
    kinds.flatMap((kind) =>
      sizes.map(([bytes, steps]) => {
        const name = `${kind} ${sizeText(bytes)} ${ranks} ranks`;
        return [name, () => collective(kind, ranks, bytes, steps)] as const;
      }),
    ),
  ),
  [
    "a firing",
    async () => {
      const line = await dispatchOfSmall();
      const { actors, messages, actorMs, microsecondsAFiring } = line;
      const text = `${microsecondsAFiring.toFixed(1)} µs (${actors} actors and ${messages} messages a step, ${actorMs.toFixed(2)} ms of actors)`;
      return { text, line: { ...line } };
    },
  ],
  [
    "actors a GPT step",
    async () => {
      const line = await dispatchOfGpt();
      const { actors, firings, messages, actorMs } = line;
      const text = `${actorMs.toFixed(2)} ms (${actors} actors, ${firings} firings, ${messages} messages)`;
      return { text, line: { ...line } };
    },
  ],
  [
    "event loop blocked half of the time",
    async () => {
      const line = await blockedLoop();
      const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
      const text = `${percent(line.asleep)} of throughput lost where it sleeps, ${percent(line.computing)} where it computes (${percent(line.beside)} where another thread computes as much)`;
      return { text, line: { ...line } };
    },
  ],
  [
    "hidden communication",
    async () => {
      const line = await overlap();
      const { percentOfHideable, percentOfAll, computing, communication } = line;
      const text = `${percentOfHideable.toFixed(0)} % of what can be, ${percentOfAll.toFixed(0)} % of all (${computing.toFixed(1)} ms computing, ${communication.toFixed(1)} ms communication a step)`;
      return { text, line: { ...line } };
    },
  ],
];

const wanted = tasks.filter(([name]) => name.includes(options.only));
const before = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { lines?: Record<string, Line> }) : {};
const lines: Record<string, Line> = { ...before.lines };
const { load, ...rest } = circumstances();
for (const [name, make] of wanted) {
  const { text, line } = await make();
  lines[name] = line;
  console.log(`${name}: ${text}`);
}
const command = `npm run bench:runtime${options.only ? ` -- --only "${options.only}"` : ""}`;
writeFileSync(file, `${JSON.stringify({ command, load, ...rest, lines }, null, 2)}\n`);
endGloo();
