/**
 * @file The last step of the build: what `tsc` leaves behind. The kernels' WebAssembly and C source and the workers'
 * `boot.mjs` lie beside the modules that load them, so they go to the same place under `dist`.
 */
import { cpSync, readdirSync } from "node:fs";
import { basename, extname, join } from "node:path";

const asset = (path: string): boolean => [".wasm", ".c", ".h"].includes(extname(path)) || basename(path) === "boot.mjs";

const root = join(import.meta.dirname, "..");
for (const path of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }))
  if (asset(path)) cpSync(join(root, "src", path), join(root, "dist", path));
