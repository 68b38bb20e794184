/** @file Modules that threads cannot get done with: told, in time, with the module and its ops. */
import { defineOp, type OpDefinition, type Shape, type Tensor } from "sluice";
import { expect, test } from "vitest";
import { startSession } from "../../src/actors/session.ts";
import { registerHost } from "../../src/kernels/host.ts";
import { tinyPlan } from "../actors/fixture.ts";

type Unary = (x: Tensor<Shape, "float32">) => Tensor<Shape, "float32">;
const copied: OpDefinition<Unary> = {
  kind: "copied",
  module: import.meta.url,
  infer: ([x]) => [x],
  kernel: ({ ins: [x], outs: [y] }) => y.data.set(x.data),
};
const url = (name: string) => new URL(name, import.meta.url).href;

/** The session's error with an op of this module; later ones get it from a module that is fine. */
async function failure(kind: string, module: string): Promise<Error & { code: string }> {
  defineOp<Unary>({ ...copied, kind, module });
  const error = await startSession(tinyPlan(2), { threads: 2 }, { loadLimit: 1500 }).then(
    () => expect.unreachable("it started"),
    (e: unknown) => e as Error & { code: string },
  );
  registerHost({ kind, module: url("./gone.ts"), run: () => {} }); // no thread loads what is not there
  return error;
}

test.each([
  ["never ends", "./stuck.ts", /cannot load op "(\w+)": its module was not loaded after [\d.]+ s .*stuck\.ts.*next:/s],
  ["ends the thread", "./ends.ts", /cannot load op "(\w+)": its module ended the thread .*code 3.*ends\.ts.*next:/s],
  ["waits at its top, as CommonJS", "./awaits.ts", /cannot load op .*op-level await.*next: threads load .* CommonJS/s],
])(
  "a module that %s",
  async (_, file, message) => {
    const error = await failure(`op_${file.replaceAll(/\W/g, "")}`, url(file));
    expect(error.message).toMatch(message);
    expect(error.code).toBe("SL4031");
  },
  30_000,
);
