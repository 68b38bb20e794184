/**
 * @file Builds the C kernels for processors that this machine is not: they must compile without a warning and need
 * nothing but `memcpy` and `memset` from whatever loads them.
 *
 *   npm run build:targets
 *
 * The compiler is Debian's clang-16 and lld-16, which need neither headers nor libraries of the target.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commonFlags, portableFlags } from "../src/kernels/native/compiler.ts";

const flags = [
  ...commonFlags,
  "-ffreestanding",
  "-nostdlib",
  "-fuse-ld=lld-16",
  "-Wl,--no-undefined,--defsym=memcpy=0,--defsym=memset=0",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wno-psabi", // vectors are passed between inlined functions only
];

const folder = mkdtempSync(join(tmpdir(), "sluice-targets-"));
try {
  for (const [target, march] of Object.entries(portableFlags)) {
    const out = join(folder, `${target}.so`);
    execFileSync("clang-16", [`--target=${target}`, ...march, ...flags, "kern.c", "-o", out], {
      cwd: fileURLToPath(new URL("../src/kernels/c", import.meta.url)),
      stdio: ["ignore", "inherit", "inherit"],
    });
    console.log(`${target} ${march.join(" ")}: ${statSync(out).size} bytes`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
