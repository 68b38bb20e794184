/**
 * @file Programs as numbers: `[registers, calls, (offset, stride, index, copies) · registers, (opcode, argc, arguments …) ·
 * calls]`, all float64, as `c/program.c` reads them.
 */
import { InternalError } from "../ir/errors.ts";
import { type KernelInfo, kernels } from "../ir/kernel-table.ts";
import type { Address, Call, Operand } from "../ir/program.ts";

/** An address at run time: `offset + stride · (seqs[index] mod copies)` bytes; a fixed one when `index` is −1. */
export interface Location {
  readonly offset: number;
  readonly stride: number;
  readonly index: number;
  readonly copies: number;
}

/** Where a byte offset is, whatever is fired. */
export const fixed = (offset: number): Location => ({ offset, stride: 0, index: -1, copies: 1 });

export interface Resolver {
  address(address: Address): Location;
  /** Byte offset of the counters of a collective. */
  traffic(collective: number): number;
  /** Byte offset of a text: its length in bytes as an int32, then its UTF-8. Only programs that call `host` ask for it. */
  text?(text: string): number;
}

/** Throws InternalError when a call does not fit its kernel's signature, or counts by what is no whole number. */
export function encode(program: readonly Call[], resolve: Resolver): Float64Array<ArrayBuffer> {
  const registers = new Map<string, number>();
  const table: number[] = [];
  const register = ({ offset, stride, index, copies }: Location): number => {
    const row = [offset, stride, index, copies];
    const key = row.join(" ");
    const known = registers.get(key);
    if (known !== undefined) return known;
    table.push(...row);
    registers.set(key, registers.size);
    return registers.size - 1;
  };
  const pointer = (operand: Operand, call: Call): number => {
    if (operand === null) return -1;
    if (typeof operand !== "object" || "kernel" in operand)
      throw misfit(call, `${JSON.stringify(operand)} stands where an address is due`);
    if ("traffic" in operand) return register(fixed(resolve.traffic(operand.traffic)));
    if ("text" in operand) {
      if (!resolve.text) throw misfit(call, "nobody keeps texts here");
      return register(fixed(resolve.text(operand.text)));
    }
    const at = resolve.address(operand);
    return register({ ...at, offset: at.offset + (operand.offset ?? 0) });
  };
  const scalar = (operand: Operand, call: Call): number => {
    if (operand === null || typeof operand === "object") throw misfit(call, "an address stands where a number is due");
    return Number(operand);
  };
  const integer = (operand: Operand, call: Call): number => {
    const value = scalar(operand, call);
    if (!Number.isSafeInteger(value)) throw misfit(call, `${value} stands where a whole number is due`);
    return value;
  };
  const any = (operand: Operand, call: Call): number => {
    if (operand !== null && typeof operand === "object" && "kernel" in operand) return opcodeOf(operand.kernel, call);
    return operand === null || typeof operand === "object" ? pointer(operand, call) : scalar(operand, call);
  };
  const as: Readonly<Record<string, typeof scalar>> = { p: pointer, f: scalar, i: integer, x: any };
  const calls = program.flatMap((call) => {
    const { opcode, letters } = signatureOf(call);
    return [opcode, call.args.length, ...call.args.map((arg, i) => as[letters[i]!]!(arg, call))];
  });
  return Float64Array.from([registers.size, program.length, ...table, ...calls]);
}

function infoOf(kernel: string, call: Call): KernelInfo {
  const info: KernelInfo | undefined = kernels[kernel as keyof typeof kernels];
  if (!info) throw misfit(call, `there is no kernel ${kernel}`);
  return info;
}
const opcodeOf = (kernel: string, call: Call): number => infoOf(kernel, call).opcode;

function signatureOf(call: Call): { readonly opcode: number; readonly letters: string } {
  const { opcode, signature } = infoOf(call.kernel, call);
  const open = signature.endsWith("*");
  const fixed = open ? signature.slice(0, -1) : signature;
  const count = call.args.length;
  if (open ? count < fixed.length : count !== fixed.length)
    throw misfit(call, `it takes ${open ? "at least " : ""}${fixed.length} arguments, got ${count}`);
  return { opcode, letters: fixed.padEnd(count, fixed.endsWith("x") ? "x" : "p") };
}

const misfit = (call: Call, why: string) => new InternalError(why, { subject: `kernel ${call.kernel}` });
