/** @file Leaving a process in which a thread hangs in native code: Node would wait for that thread for ever. */
import { createRequire } from "node:module";
import { InternalError } from "../../ir/errors.ts";

const require = createRequire(import.meta.url);

/** Ends the process at once with this code, as `_exit` of the C library does: no thread is waited for. */
export function leave(code: number): never {
  const koffi = require("koffi") as typeof import("koffi");
  koffi.load(null).func("_exit", "void", ["int"])(code);
  throw new InternalError("_exit came back");
}
