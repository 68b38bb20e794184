/**
 * @file Threads that hang in native code, where nothing interrupts them. Such a thread may still write to its session's
 * memory, so both are kept: not used again and not freed, until it comes back, if ever. The process can end without it.
 */
import { leave } from "../kernels/native/leave.ts";

interface Kept {
  readonly thread: string;
  readonly memory: WebAssembly.Memory;
}

const kept = new Set<Kept>();
let armed = false;

/** Keeps a thread and its memory until `gone`. */
export function quarantine(thread: string, memory: WebAssembly.Memory, gone: Promise<void>): void {
  const entry = { thread, memory };
  kept.add(entry);
  void gone.then(() => kept.delete(entry));
  if (armed) return;
  armed = true;
  process.on("exit", last);
}

/** The last that is done at the end of the process: whoever wants to hear of the end too does so before. */
function last(code: number): void {
  if (kept.size === 0) return;
  const all = process.listeners("exit");
  try {
    for (const call of all.slice(all.indexOf(last) + 1)) call(code);
  } finally {
    leave(Number(process.exitCode ?? code));
  }
}

/** Names of the threads that are kept, and bytes of the memories with them. */
export const quarantined = (): { readonly threads: readonly string[]; readonly bytes: number } => ({
  threads: [...kept].map(({ thread }) => thread),
  bytes: [...new Set([...kept].map(({ memory }) => memory))].reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
});

/** Whether it resolves within so many ms. */
export async function within(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    if (Number.isFinite(ms)) timer = setTimeout(() => resolve(false), ms);
  });
  const done = work.then(() => true);
  const ended = await Promise.race([done, late]);
  clearTimeout(timer);
  return ended;
}
