/**
 * @file The last step of the build: what `tsc` leaves behind. The kernels' WebAssembly and C source and the
 * plan explorer's page lie beside the modules that load them, so they go to the same place under `dist`. Workers'
 * `boot.mjs` stay: only a run from source needs them.
 */
import { cpSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";

const asset = (path: string): boolean => [".wasm", ".c", ".h", ".js", ".css", ".html"].includes(extname(path));

const root = join(import.meta.dirname, "..");
for (const path of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }))
  if (asset(path)) cpSync(join(root, "src", path), join(root, "dist", path));
