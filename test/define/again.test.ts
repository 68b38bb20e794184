/** @file One kind, one op; a module that is evaluated again may define its ops again. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { defineOp } from "sluice";
import { afterAll, describe, expect, test } from "vitest";
import { thrown } from "../graph/support.ts";
import { make } from "./again.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-again-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The modules that are written here are plain CommonJS and get `defineOp` this way. */
Object.assign(globalThis, { defineOp });
const mk = `const mk = (kind, k) => defineOp({
  kind,
  module: url,
  infer: ([x]) => [x],
  kernel({ ins: [x], outs: [y] }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = x.data[i] * k;
  },
});
`;
const require = createRequire(import.meta.url);
function written(name: string, body: string) {
  const file = join(folder, `${name}.cjs`);
  writeFileSync(file, `const url = ${JSON.stringify(pathToFileURL(file).href)};\n${mk}${body}`);
  return () => {
    delete require.cache[require.resolve(file)];
    return require(file) as unknown;
  };
}
const nextTurn = () => new Promise((resolve) => setTimeout(resolve));

describe("the same kind twice in one evaluation of a module", () => {
  test.each([
    ["on two lines", 'mk("dup0", 2);\nmk("dup0", 3);'],
    ["on one line, by a factory", 'mk("dup1", 2), mk("dup1", 3);'],
    ["in a loop", 'for (const k of [2, 3]) mk("dup2", k);'],
    ["behind another op", 'mk("other", 1);\nfor (const k of [2, 3]) mk("dup3", k);'],
  ])("%s is refused", (name, body) => {
    const error = thrown(written(name.replaceAll(/\W/g, "-"), body));
    expect(error.message).toMatch(/there is an op "dup\d" already, defined at .*each op needs a kind.*SL1132/s);
  });

  test("is refused when a function of the module is called later, however often", async () => {
    make("later", 2);
    for (let i = 0; i < 2; i++) {
      await nextTurn();
      expect(thrown(() => make("later", 3)).code).toBe("SL1132");
    }
  });

  test("is refused also for the module's first op", async () => {
    const load = written("exports", "exports.mk = mk;");
    const { mk } = load() as { mk(kind: string, k: number): unknown };
    mk("exported", 2);
    await nextTurn();
    expect(thrown(() => mk("exported", 2)).code).toBe("SL1132");
  });
});

describe("a module that is evaluated again", () => {
  test("under another query defines its ops again", async () => {
    const query = "./again.ts?again";
    const again = (await import(/* @vite-ignore */ query)) as typeof import("./again.ts");
    expect(again.second.kind).toBe("again2");
    expect(again.make).not.toBe(make);
  });

  test("under the same URL too", async () => {
    const load = written("reloaded", 'mk("re1", 2);\nmk("re2", 3);');
    load();
    await nextTurn();
    load();
    await nextTurn();
    expect(load).not.toThrow();
  });

  test("may not define one of them twice", async () => {
    const load = written("worse", 'mk("worse1", 2);\nmk("worse2", 3);\nif (globalThis.worse) mk("worse2", 4);');
    load();
    await nextTurn();
    Object.assign(globalThis, { worse: true });
    expect(thrown(load).message).toMatch(/"worse2" already.*SL1132/s);
  });
});
