/**
 * @file Large pages for memory that will be used from end to end. With pages of 4 KiB a copy of 16 MiB meets a page that the
 * processor has no address for every 64 lines, on a virtual machine at twice the price; Linux gives 2 MiB at a time where it
 * is asked to.
 */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const page = 2n << 20n;
/** MADV_HUGEPAGE of Linux's madvise(2). */
const advice = 14;

/** Whole pages within the part alone, so nothing around it takes more memory. A hint: where the system declines, nothing changes. */
export function askForLargePages(start: bigint, bytes: number): void {
  if (process.platform !== "linux") return;
  const from = ((start + page - 1n) / page) * page;
  const length = ((start + BigInt(bytes)) / page) * page - from;
  if (length <= 0n) return;
  const koffi = require("koffi") as typeof import("koffi");
  koffi.load(null).func("madvise", "int", ["intptr_t", "size_t", "int"])(from, length, advice);
}
