/**
 * @file Memory put to the test. A plan is spread so that every slot of every buffer has a guard line behind it, and given
 * calls that poison what a task is about to make, and the workspace before each call: what is read before it was written,
 * or written past its end, shows. The arena itself is poisoned before the first step and scanned after the last.
 */
import type { PlanMemory } from "../../src/actors/install.ts";
import { startSession } from "../../src/actors/session.ts";
import type { Feeds, SessionOptions } from "../../src/actors/session-types.ts";
import type { Buffer as Place, PlanData, TaskTemplate } from "../../src/ir/plan.ts";
import type { Address, Call, Operand } from "../../src/ir/program.ts";

const line = 64;
const wordsOfLine = line / 4;

const isAddress = (arg: Operand): arg is Address => typeof arg === "object" && arg !== null && "buffer" in arg;

/** No two buffers share memory, and behind each slot is a line that nobody may touch. */
export function spread(plan: PlanData): PlanData {
  let offset = line;
  const buffers = plan.buffers.map((buffer): Place => {
    const bytes = buffer.bytes + line;
    const at = offset;
    offset += bytes * buffer.slots;
    return { ...buffer, bytes, offset: at };
  });
  return { ...plan, buffers, hash: `${plan.hash} spread` };
}

/** Buffers that a task alone makes anew in each firing; none that a peer writes to. */
function madeBy(plan: PlanData, task: TaskTemplate): Set<number> {
  const near = (t: TaskTemplate, far: boolean) =>
    new Set(
      t.classes.flatMap(({ program }) =>
        program.flatMap(({ args }) =>
          args.filter(isAddress).flatMap(({ buffer, peer }) => ((peer !== undefined) === far ? [buffer] : [])),
        ),
      ),
    );
  const pushed = near(task, true);
  const others = new Set(plan.tasks.filter((t) => t !== task).flatMap((t) => [...near(t, false), ...near(t, true)]));
  return new Set(
    [...near(task, false)].filter((id) => {
      const { role, placement } = plan.buffers[id]!;
      if ((role !== "activation" && role !== "output") || pushed.has(id) || placement !== task.placement) return false;
      const owners = plan.registers.filter((r) => r.buffers.includes(id)).map((r) => r.owner);
      return owners.length === 0 ? !others.has(id) : Math.min(...owners) === task.id; // later ones change it in place
    }),
  );
}

/** The same plan, with poison in all that a task is about to make and in the workspace of each call. */
export function poisoned(plan: PlanData, value: number): PlanData {
  const fill = (id: number): Call => ({
    kernel: "fill",
    args: [plan.buffers[id]!.bytes / 4 - wordsOfLine, value, { buffer: id }],
  });
  const tasks = plan.tasks.map((task): TaskTemplate => {
    const made = [...madeBy(plan, task)].map(fill);
    const space = plan.buffers.find(
      ({ role, placement, name }) =>
        role === "workspace" && placement === task.placement && name === `workspace.${task.stream}`,
    );
    const clean = space ? [fill(space.id)] : [];
    const classes = task.classes.map(({ ranks, program }) => ({
      ranks,
      program: [...made, ...program.flatMap((call) => [...clean, call])],
    }));
    return { ...task, classes };
  });
  return { ...plan, tasks, hash: `${plan.hash} ${value}` };
}

/** What the arena is filled with: another word everywhere, so that hardly any is met by chance. */
const pattern = (seed: number, word: number): number => (Math.imul(word ^ seed, 0x9e3779b1) ^ 0x5bd1e995) | 0;

interface Scan {
  /** By rank: bytes of its region, and of the lines in it that changed. */
  readonly regions: readonly { readonly rank: number; readonly bytes: number; readonly touched: number }[];
  /** Buffers whose guard line, or the lines before the first one, changed. */
  readonly broken: readonly string[];
  /** Buffers with a line that nobody wrote to, and how many bytes they have of these. */
  readonly untouched: ReadonlyMap<string, number>;
  /** Bits of all outputs of all steps and of all states after the last. */
  readonly bits: Uint8Array;
}

/** Runs a plan on memory full of a pattern, and looks at the memory afterwards. */
export async function runPoisoned(
  plan: PlanData,
  feeds: readonly Feeds[],
  seed: number,
  guarded: boolean,
  options: SessionOptions = {},
): Promise<Scan> {
  let words = new Int32Array(0) as Int32Array<ArrayBufferLike>;
  let placed: PlanMemory | undefined;
  const session = await startSession(plan, options, {
    installed(memory, where) {
      words = new Int32Array(memory.buffer);
      placed = where;
      for (const { start, bytes } of where.regions)
        for (let i = start / 4; i < (start + bytes) / 4; i++) words[i] = pattern(seed, i);
    },
  });
  const parts: Uint8Array[] = [];
  const keep = ({ data }: { readonly data: ArrayBufferView }) =>
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice());
  for await (const { outputs } of session.run(feeds))
    for (const name of Object.keys(outputs).sort()) keep(outputs[name]!);
  for (const name of session.states) keep(session.read(name));

  const changed = (at: number) => {
    for (let i = at / 4; i < at / 4 + wordsOfLine; i++) if (words[i] !== pattern(seed, i)) return true;
    return false;
  };
  const broken: string[] = [];
  const untouched = new Map<string, number>();
  const regions = placed!.regions.map(({ rank, start, bytes }) => {
    let touched = 0;
    for (let at = start; at < start + bytes; at += line) if (changed(at)) touched += line;
    if (guarded && changed(start)) broken.push(`rank ${rank}: start`);
    for (const buffer of plan.buffers) {
      if (!plan.placements[buffer.placement]!.ranks.includes(rank)) continue;
      const own = buffer.bytes - (guarded ? line : 0);
      for (let slot = 0; slot < buffer.slots; slot++) {
        const first = start + buffer.offset + slot * buffer.bytes;
        for (let at = first; at < first + own; at += line)
          if (!changed(at)) untouched.set(buffer.name, (untouched.get(buffer.name) ?? 0) + line);
        if (guarded && changed(first + own)) broken.push(`rank ${rank}: ${buffer.name}, slot ${slot}`);
      }
    }
    return { rank, bytes, touched };
  });
  await session.close();
  return { regions, broken, untouched, bits: Buffer.concat(parts) };
}
