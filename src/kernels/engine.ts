/**
 * @file What runs programs. An engine is a build of the kernels: native code or WebAssembly; each has a folder here and a
 * row in the table below, best first. The main thread loads one, every executor thread makes an executor of it; all of
 * them work on one shared memory, which the caller lays out. A program's numbers are the same for every engine, and so is
 * what it computes, but for roundings: an engine gives the same bits on all ranks and threads.
 */
import { SessionError, SluiceError } from "../ir/errors.ts";
import { createHost } from "./host.ts";
import type { Build, EngineKind, Executor } from "./kind.ts";
import { native } from "./native/engine.ts";
import { wasm } from "./wasm/engine.ts";

/** Structured-clonable: it is sent to executor threads. */
export interface Engine extends Build {
  readonly name: EngineName;
}

const kinds = { native, wasm } satisfies Readonly<Record<string, EngineKind>>;

export type EngineName = keyof typeof kinds;
export const engineNames = Object.keys(kinds) as EngineName[];

const loaded = new Map<EngineName, Engine>();

function load(name: EngineName): Engine {
  const engine = loaded.get(name) ?? { name, ...kinds[name].load() };
  loaded.set(name, engine);
  return engine;
}

/**
 * The engine of that name; else the one that the environment variable SLUICE_ENGINE names; else the best that this machine
 * has, and where that is not the first of the table, a line on stderr says why.
 *
 * @throws SessionError SL4036 for an engine that was asked for and is not there
 */
export function loadEngine(name?: EngineName): Engine {
  const wanted = name ?? fromEnvironment();
  return wanted === undefined ? best() : load(wanted);
}

function fromEnvironment(): EngineName | undefined {
  const name = process.env.SLUICE_ENGINE;
  if (!name) return undefined;
  if ((engineNames as string[]).includes(name)) return name as EngineName;
  throw new SessionError("SL4036", `there is no engine "${name}"`, {
    subject: "environment variable SLUICE_ENGINE",
    choices: engineNames,
  });
}

/** What came of looking for an engine: it, or why it is not there. */
export interface Found {
  readonly name: EngineName;
  readonly engine?: Engine;
  readonly missing?: SluiceError;
}

function find(name: EngineName): Found {
  try {
    return { name, engine: load(name) };
  } catch (error) {
    if (error instanceof SluiceError) return { name, missing: error };
    throw error;
  }
}

/** Of every engine of the table; the first that is there is the one that is used unless told otherwise. */
export const findEngines = (): readonly Found[] => engineNames.map(find);

let chosen: Engine | undefined;

function best(): Engine {
  if (chosen) return chosen;
  const missing: SluiceError[] = [];
  for (const name of engineNames) {
    const found = find(name);
    if (found.missing) missing.push(found.missing);
    chosen = found.engine;
    if (chosen) break;
  }
  if (!chosen) throw missing[0];
  for (const { what } of missing) console.warn(`sluice: kernels run on ${chosen.name}: ${what.split("\n")[0]}`);
  return chosen;
}

/** In an executor thread. `stackTop`: the end of the thread's own stack, on a multiple of 16. `host` runs users' kernels. */
export const createExecutor = (
  { name, image }: Engine,
  memory: WebAssembly.Memory,
  stackTop: number,
  host = createHost(memory),
): Executor => kinds[name].executor(image, memory, stackTop, host);
