/**
 * @file Builds the C kernels as WebAssembly SIMD and writes the table of kernels that the compiler reads.
 *
 *   npm run build:wasm              writes src/kernels/wasm/kern.wasm and src/ir/kernel-table.ts
 *   npm run build:wasm -- --check   compares both with a new build
 *
 * The compiler is Debian 12's clang-16 and lld-16 (16.0.6); another version may give other bytes.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const version = "16.0.6";
const install = "apt-get install clang-16 lld-16";
const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const committed = { wasm: path("src/kernels/wasm/kern.wasm"), table: path("src/ir/kernel-table.ts") };

const flags = [
  "--target=wasm32",
  "-O3",
  "-msimd128",
  "-mbulk-memory",
  "-matomics",
  "-mmutable-globals",
  "-ffp-contract=off", // wasm has no fused multiply-add: say so, rather than leave it to the compiler
  "-fno-math-errno",
  "-fno-strict-aliasing", // one memory holds all dtypes
  "-ffreestanding",
  "-nostdlib",
  "-fvisibility=hidden",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wno-unknown-pragmas",
  "-Wl,--no-entry,--export-dynamic,--strip-all",
  "-Wl,--import-memory,--shared-memory,--max-memory=4294967296",
  "-Wl,--export=__stack_pointer,--export=__heap_base,-z,stack-size=65536",
];

function build(folder: string): { readonly wasm: Buffer; readonly table: string } {
  const out = join(folder, "kern.wasm");
  execFileSync("clang-16", [...flags, "kern.c", "-o", out], {
    cwd: path("src/kernels/c"),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const wasm = readFileSync(out);
  return { wasm, table: tableOf(wasm) };
}

/** Name, opcode, signature and workspace of every kernel, as the module itself tells them. */
function tableOf(wasm: Uint8Array): string {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory, sluice_host: () => 0 } });
  const bytes = new Uint8Array(memory.buffer);
  const start = (exports.sluice_ops as () => number)();
  const text = Buffer.from(bytes.slice(start, bytes.indexOf(0, start))).toString();
  const workspace = exports.sluice_kernel_workspace as (opcode: number) => number;
  const rows = text
    .trim()
    .split("\n")
    .map((line, opcode) => {
      const [name, signature] = line.split(":");
      return `  ${name}: { opcode: ${opcode}, signature: "${signature}", workspace: ${workspace(opcode)} },`;
    });
  return `/**
 * @file The kernels as data, generated from the C source by tools/build-wasm.ts: do not edit. In a signature \`i\` is an
 * integer, \`f\` a scalar, \`p\` an address, \`x\` any of these, and a final \`*\` any number of further addresses, behind an
 * \`x\` of anything; workspace is in bytes, the most that a call needs on any target.
 */
export interface KernelInfo {
  readonly opcode: number;
  readonly signature: string;
  readonly workspace: number;
}

export const kernels = {
${rows.join("\n")}
} as const satisfies Readonly<Record<string, KernelInfo>>;
`;
}

const compiler = spawnSync("clang-16", ["--version"], { encoding: "utf8" });
if (compiler.error) {
  console.error(`clang-16 is not installed: ${install}`);
  process.exit(process.env.CI || !process.argv.includes("--check") ? 1 : 0);
}
const found = /version ([\d.]+)/.exec(compiler.stdout)?.[1];
console.log(`clang ${found}${found === version ? "" : `; the committed build is made with ${version}`}`);
const folder = mkdtempSync(join(tmpdir(), "sluice-wasm-"));
try {
  const { wasm, table } = build(folder);
  if (!process.argv.includes("--check")) {
    writeFileSync(committed.wasm, wasm);
    writeFileSync(committed.table, table);
    console.log(`kern.wasm: ${wasm.length} bytes`);
  } else if (!wasm.equals(readFileSync(committed.wasm)) || table !== readFileSync(committed.table, "utf8")) {
    console.error(
      "the committed kern.wasm or kernel-table.ts is not what the C source gives: npm run build:wasm, commit both",
    );
    process.exitCode = 1;
  } else console.log("kern.wasm and kernel-table.ts are what the C source gives");
} finally {
  rmSync(folder, { recursive: true });
}
