/**
 * @file Ops that users have defined, where threads meet them. A plan names them; their kernels are functions, which no
 * message carries: every executor thread loads the modules that define them.
 */
import { existsSync, realpathSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PlanError, SessionError } from "../ir/errors.ts";
import type { PlanData } from "../ir/plan.ts";
import type { Call, HostCall } from "../ir/program.ts";
import { type HostOp, hostOps } from "../kernels/host.ts";

/** Imports a module by its URL. */
export type Load = (url: string) => unknown;

/** The module that this thread is loading for the ops in it, or has loaded, if it is an executor. */
let loaded: string | undefined;

/** What a `host` call says of itself; undefined for another kernel's. */
export function hostCall({ kernel, args: [said] }: Call): HostCall | undefined {
  if (kernel !== "host" || typeof said !== "object" || said === null || !("text" in said)) return undefined;
  return JSON.parse(said.text) as HostCall;
}

/**
 * Throws SessionError SL4030 or SL4031 when the plan uses an op that no thread can load, PlanError SL4033 when the plan uses an op that nobody has defined, SL4034 when it is not among `ops`, those that
 * the session's threads have loaded.
 */
export function checkDefined(plan: PlanData, ops: readonly HostOp[]): void {
  const calls = plan.tasks.flatMap(({ classes }) => classes.flatMap(({ program }) => program));
  for (const kind of new Set(calls.flatMap((call) => hostCall(call)?.kind ?? []))) {
    if (ops.some((op) => op.kind === kind)) continue;
    const parts = { subject: `plan ${plan.name}` };
    const late = hostOps().find((op) => op.kind === kind);
    if (late) {
      const refused = refusal(late);
      if (refused) throw refused;
      throw new PlanError("SL4034", `op "${kind}" was defined after the session had begun`, {
        ...parts,
        hint: `import "${basename(fileURLToPath(late.module))}" before launch(…): threads load the ops when they start`,
      });
    }
    throw new PlanError("SL4033", `it uses op "${kind}", which is not defined in this program`, {
      ...parts,
      hint: `import the file that calls defineOp with kind "${kind}" before launch(…)`,
    });
  }
}

/** Throws SessionError SL4035 in a thread that only loads ops. */
export function checkThread(): void {
  if (loaded === undefined) return;
  throw new SessionError("SL4035", "a session is started in an executor thread", {
    subject: `module ${loaded}`,
    hint: "threads load the file that defines an op, so nothing else may run in it: move defineOp to a file of its own",
  });
}

/** The ops that threads are to load. What they cannot load is refused once a plan uses it. */
export const loadable = (): readonly HostOp[] => hostOps().filter((op) => refusal(op) === undefined);

/** Why no thread can load the op's module: SessionError SL4030 or SL4031. */
function refusal({ kind, module }: HostOp): SessionError | undefined {
  const file = fileURLToPath(module);
  const parts = { subject: `op "${kind}"`, at: file };
  if (!existsSync(file))
    return new SessionError("SL4031", "executor threads cannot load its module: there is no such file", {
      ...parts,
      hint: "call defineOp in a file, with module: import.meta.url",
    });
  if (isMain(file))
    return new SessionError("SL4030", "it is defined in the program's main file, which every thread would run again", {
      ...parts,
      hint: "move defineOp to a file of its own and import it",
    });
  return undefined;
}

/** Is it the file that Node was started with? Its name there may lack the extension. */
function isMain(file: string): boolean {
  const [, script] = process.argv;
  if (script === undefined) return false;
  const path = resolve(script);
  const main = existsSync(path) ? realpathSync(path) : path;
  const real = realpathSync(file);
  return [real, real.slice(0, -extname(real).length), resolve(real, "..")].includes(main);
}

const noAwait =
  "threads load this module as CommonJS, which cannot wait: define the op without await at the top of its module, or compile it to an ES module";

/**
 * Loads what defines the ops, in an executor thread; `loading` hears of each module before. Throws SessionError SL4031 when a module fails, or does not define
 * its op here.
 */
export async function loadOps(
  ops: readonly HostOp[],
  load: Load,
  loading: (module: string) => void = () => {},
): Promise<void> {
  for (const module of new Set(ops.map((op) => op.module))) {
    loaded = module;
    loading(module);
    const kinds = ops.filter((op) => op.module === module).map(({ kind }) => `"${kind}"`);
    const refuse = (why: string, hint: string, cause?: unknown) =>
      new SessionError("SL4031", `executor threads cannot load op ${kinds.join(", ")}: ${why}`, {
        at: fileURLToPath(module),
        hint,
        cause,
      });
    try {
      await load(module);
    } catch (cause) {
      if (cause instanceof SessionError) throw cause;
      const unknown = (cause as { code?: unknown } | null)?.code === "ERR_UNKNOWN_FILE_EXTENSION";
      const loader = "start the program with a loader that threads inherit, node --import tsx, or compile it first";
      const message = cause instanceof Error ? cause.message : String(cause);
      const alone = "its module must load by itself in a thread: mend it, or move defineOp out of it";
      const hint = unknown ? loader : /top-level await/i.test(message) ? noAwait : alone;
      throw refuse(message, hint, cause);
    }
    const here = hostOps().map(({ kind }) => kind);
    const missing = ops.find((op) => op.module === module && !here.includes(op.kind));
    if (missing)
      throw refuse(
        `its module does not define "${missing.kind}" there`,
        "call defineOp at the top of the module, and have one copy of sluice installed",
      );
  }
}

/** A module that a thread began to load and does not get done with: it `said` so, and ended or took too long. */
export const stuckError = (ops: readonly HostOp[], module: string, said: string): SessionError => {
  const kinds = ops.filter((op) => op.module === module).map(({ kind }) => `"${kind}"`);
  return new SessionError("SL4031", `executor threads cannot load op ${kinds.join(", ")}: its module ${said}`, {
    at: fileURLToPath(module),
    hint: "a module that defines ops may wait for nothing that threads lack, and must not end them: define the op in a file of its own",
  });
};
