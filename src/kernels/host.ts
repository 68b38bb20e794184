/**
 * @file Kernels that are functions of the host: those of the ops that users define. A program calls `host` with a text,
 * which names the kernel and says what it works on, and addresses; here the text becomes a call of the function. It works
 * on copies of its operands: the memory is shared by all ranks, and no mistake in a kernel may reach further than its own
 * outputs. Every thread has its own table, filled by the modules that define the ops.
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type AnyArray, arrayType, type DType, type TypedArrays } from "../ir/dtype.ts";
import { InternalError, SessionError } from "../ir/errors.ts";
import type { HostCall, HostType } from "../ir/program.ts";

/** An operand of a kernel: what lies on the rank that it runs for. */
export interface HostOperand<D extends DType = DType> extends HostType {
  readonly dtype: D;
  /** The rank's elements, row-major: a copy in a buffer of its own; of an output it is read back when the kernel returns. */
  readonly data: TypedArrays[D];
}

export interface HostSite extends Pick<HostCall, "attrs" | "seed"> {
  readonly ins: readonly HostOperand[];
  readonly outs: readonly HostOperand[];
}

/** An op that a user has defined, and the URL of the module that does so. */
export interface HostOp {
  readonly kind: string;
  readonly module: string;
}

interface HostKernel extends HostOp {
  run(site: HostSite): unknown;
}

const table = new Map<string, HostKernel>();

/** Gives an op its kernel, in this thread; an op defined again gets the new one. */
export function registerHost(kernel: HostKernel): void {
  table.set(kernel.kind, kernel);
}

/** All that this thread knows. */
export const hostOps = (): HostOp[] => [...table.values()].map(({ kind, module }) => ({ kind, module }));

/** Runs the call whose text lies at byte `text`; the operands lie `at` these bytes. */
export type Host = (text: number, at: Float64Array) => void;

/** `keepInputs`: what a kernel writes into its inputs is not lost, so that a check can see it. */
export function createHost(memory: WebAssembly.Memory, keepInputs = false): Host {
  /** By address: texts stay where they are for good. */
  const calls = new Map<number, HostCall>();
  const read = (text: number): HostCall => {
    const known = calls.get(text);
    if (known) return known;
    const [length] = new Int32Array(memory.buffer, text, 1);
    const made = JSON.parse(
      Buffer.from(new Uint8Array(memory.buffer, text + 4, length).slice()).toString(),
    ) as HostCall;
    calls.set(text, made);
    return made;
  };
  return (text, at) => {
    const call = read(text);
    const kernel = table.get(call.kind);
    if (!kernel) throw new InternalError(`no kernel for op "${call.kind}" in this thread`);
    const views = [...call.ins, ...call.outs].map((type, i) => view(memory, type, at[i]!));
    const copies = views.map((data) => data.slice()); // of shared memory: not shared any more
    const operand = (first: number) => (type: HostType, i: number) => ({ ...type, data: copies[first + i]! });
    const ins = call.ins.map(operand(0));
    const outs = call.outs.map(operand(ins.length));
    let result: unknown;
    try {
      result = kernel.run({ ins, outs, attrs: call.attrs, seed: call.seed });
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw failure(kernel, `threw: ${message}`, mend, cause);
    }
    checkResult(kernel, result);
    views.forEach((data, i) => {
      if (i < ins.length && !keepInputs) return;
      if (copies[i]!.length !== data.length) throw failure(kernel, "has given the memory of an operand away", mend);
      data.set(copies[i] as never);
    });
  };
}

/** A kernel is done when it returns, and returns nothing. */
function checkResult(kernel: HostOp, result: unknown): void {
  if (result === undefined) return;
  if (typeof (result as { readonly then?: unknown } | null)?.then !== "function")
    throw failure(kernel, `returned ${kindOf(result)}`, "write into the data of outs, and return nothing");
  // What becomes of it is nobody's any more: it must not end the process.
  Promise.resolve(result).catch(() => {});
  throw failure(
    kernel,
    "is asynchronous, and kernels are synchronous",
    "compute all of the outputs before it returns, with neither async nor await",
  );
}

const kindOf = (value: unknown): string =>
  typeof value === "object" && value !== null ? `an object, ${value.constructor?.name ?? "Object"}` : String(value);

const mend = 'mend the kernel; checkOp(…) of "sluice/testing" runs it in this process';

const failure = ({ kind, module }: HostOp, what: string, hint: string, cause?: unknown) =>
  new SessionError("SL4032", `the kernel of op "${kind}" ${what}`, {
    at: lineIn(cause, module),
    hint,
    cause,
  });

/** The line of the module where an error was thrown, or passed on; the module itself when its stack does not say. */
function lineIn(error: unknown, module: string): string {
  const file = fileURLToPath(module);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const frame = stack.split("\n").find((line) => line.includes(`${file}:`) || line.includes(`${file}?`));
  const line = frame && /:(\d+):\d+\)?$/.exec(frame)?.[1];
  const path = relative(process.cwd(), file);
  return `${path.startsWith("..") ? file : path}${line ? `:${line}` : ""}`;
}

const view = ({ buffer }: WebAssembly.Memory, { dtype, shape }: HostType, offset: number): AnyArray =>
  new (arrayType(dtype))(
    buffer,
    offset,
    shape.reduce((n, extent) => n * extent, 1),
  );

/** A text as it lies in memory. */
export function hostText(text: string): Uint8Array {
  const utf8 = Buffer.from(text);
  const bytes = new Uint8Array(4 + utf8.length);
  new Int32Array(bytes.buffer, 0, 1)[0] = utf8.length;
  bytes.set(utf8, 4);
  return bytes;
}
