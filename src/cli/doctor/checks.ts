/** @file All that `sluice doctor` looks at, in its order. A new check is a row here. */
import { availableParallelism, cpus, totalmem } from "node:os";
import { findCompiler } from "../../kernels/native/compiler.ts";
import { bytes } from "../../view/format.ts";
import type { Check, Finding } from "./check.ts";
import { engine } from "./engines.ts";
import { onPath, typescript } from "./tools.ts";

export type Checked = Finding & { readonly name: string };

/** The first major version that all is tested on. */
const leastNode = 20;
/** A session's memory grows to this. */
const wholeArena = 2 ** 32;

const node: Check = {
  name: "node",
  run() {
    const { node: version } = process.versions;
    const detail = `${version} on ${process.platform} ${process.arch}`;
    if (Number.parseInt(version, 10) >= leastNode) return { status: "ok", detail };
    return { status: "wrong", detail, next: `install Node ${leastNode} or later` };
  },
};

const cores: Check = {
  name: "cores",
  run: () => ({ status: "ok", detail: `${availableParallelism()} of ${cpus()[0]?.model.trim() || "a CPU"}` }),
};

const memory: Check = {
  name: "memory",
  run() {
    const limit = process.constrainedMemory() || totalmem();
    const has = Math.min(limit, totalmem());
    const detail = `${bytes(has)}; a session takes ${bytes(wholeArena)} at most`;
    if (has >= wholeArena) return { status: "ok", detail };
    return {
      status: "absent",
      detail,
      next: "give compile the option memory where plans are larger than this machine",
    };
  },
};

const sharedMemory: Check = {
  name: "shared memory",
  run() {
    try {
      new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
    } catch (error) {
      const next = "allow the process 4 GiB of address space (ulimit -v)";
      return { status: "wrong", detail: `WebAssembly has none: ${String(error)}`, next };
    }
    if ("waitAsync" in Atomics) return { status: "ok", detail: "SharedArrayBuffer, Atomics.waitAsync" };
    return { status: "wrong", detail: "there is no Atomics.waitAsync", next: `install Node ${leastNode} or later` };
  },
};

const compiler: Check = {
  name: "C compiler",
  run({ env }) {
    const found = findCompiler(env);
    if (found) return { status: "ok", detail: [found.path, ...found.args].join(" ") };
    const detail = env.CC ? `CC names ${env.CC}, which is not there` : "no cc, clang or gcc on the path";
    return { status: "absent", detail, next: "install one: kernels built for this processor are faster" };
  },
};

export const checks: readonly Check[] = [
  node,
  cores,
  memory,
  sharedMemory,
  compiler,
  engine("native"),
  engine("wasm"),
  typescript,
  onPath("MPI", "mpirun", "not needed: sessions run on one machine"),
];
