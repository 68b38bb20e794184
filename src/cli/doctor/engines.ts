/** @file Whether an engine computes: a small plan on two ranks, whose result is known to the bit. */
import { compile } from "../../compile.ts";
import { graph } from "../../graph/graph.ts";
import { S } from "../../graph/layout.ts";
import { placement } from "../../graph/placement.ts";
import { array } from "../../ir/array.ts";
import { type EngineName, engineNames, findEngines } from "../../kernels/engine.ts";
import { launch } from "../../launch.ts";
import type { Check } from "./check.ts";

const [rows, inner] = [6, 5];

/** The product of a matrix, by rows on two ranks, with itself transposed, summed: whole numbers, so every order gives the same. */
async function computes(name: EngineName): Promise<void> {
  const mesh = placement("cpu", { data: 2 });
  const inputs = { x: mesh.input([rows, inner], "float32", { data: S(0) }) };
  const built = graph(mesh, { name: "doctor", inputs }, ({ x }) => ({ sum: x.matmul(x.transpose()).sum() }));
  const x = Float32Array.from({ length: rows * inner }, (_, i) => (i % 7) - 3);
  const columns = Array.from({ length: inner }, (_, j) =>
    x.reduce((sum, v, i) => (i % inner === j ? sum + v : sum), 0),
  );
  const expected = columns.reduce((sum, v) => sum + v * v, 0);
  await using session = await launch(compile(built), { engine: name });
  for await (const { sum } of session.run([{ x: array([rows, inner], "float32", x) }]))
    if (sum !== expected) throw new Error(`a sum is ${sum}, not ${expected}`);
}

/** Found and tried. The last of the table is on every machine, so without it something is wrong. */
export const engine = (name: EngineName): Check => ({
  name: `${name} kernels`,
  async run({ env }) {
    const last = name === engineNames.at(-1);
    try {
      const all = findEngines();
      const { engine: found, missing } = all.find((each) => each.name === name)!;
      if (!found)
        return {
          status: last ? "wrong" : "absent",
          detail: missing!.what.split("\n")[0]!,
          ...(missing!.hint !== undefined && { next: missing!.hint }),
        };
      await computes(name);
      const used = (env.SLUICE_ENGINE || all.find((each) => each.engine)?.name) === name;
      return { status: "ok", detail: `${found.about}; computes right${used ? "; used unless told otherwise" : ""}` };
    } catch (error) {
      const detail = error instanceof Error ? error.message.split("\n")[0]! : String(error);
      return { status: "wrong", detail, next: "report it, with what sluice doctor --json prints" };
    }
  },
});
