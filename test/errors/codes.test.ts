/**
 * @file Every error code, met by the program on its page: it throws this code with a message that one can act on, the
 * mended program throws nothing, and the page says what was thrown.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SluiceError } from "sluice";
import { describe, expect, test } from "vitest";
import type { Entry } from "../../src/ir/codes/entry.ts";
import { outcome, programs } from "../../tools/error-examples.ts";
import { index, page, table } from "../../tools/error-pages.ts";

const docs = (name: string) => join("docs/errors", name);
const examples = table.flatMap(([code, entry]) => {
  const pair = programs(entry);
  return pair ? [{ code, entry, pair }] : [];
});

describe("the table", () => {
  const source = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.startsWith(join("ir", "codes")))
    .map((path) => readFileSync(join("src", path), "utf8"))
    .join("\n");

  test("holds each code once", () => {
    const codes = table.map(([code]) => code);
    expect(codes).toEqual([...new Set(codes)]);
  });
  test("holds the codes that are thrown, and no others", () => {
    const thrown = new Set(source.match(/(?<=")SL\d{4}(?=")/g));
    expect(table.map(([code]) => code).toSorted()).toEqual([...thrown].toSorted());
  });
  test("knows the classes that they are thrown with", () => {
    const classes = new Map(table.map(([code, { error }]) => [code, error as string]));
    const thrown = [...source.matchAll(/new (\w+Error)\(\s*"(SL\d{4})"/g)];
    expect(thrown.length).toBeGreaterThan(100);
    for (const [, error, code] of thrown) expect([code, error]).toEqual([code, classes.get(code!)]);
  });
});

describe("the example of", () => {
  /** Thrown by what is not a line of a program: batches, files, the choices of the compiler as a whole. */
  const lineless = /^SL(107[012]|303\d|3040|[467]\d{3})$/;

  /** Of mended programs, which several codes may share. */
  const seen = new Map<string, Promise<unknown>>();
  const mend = (program: string) => {
    const known = seen.get(program) ?? outcome(program);
    seen.set(program, known);
    return known;
  };

  test.each(examples)("$code", async ({ code, entry, pair: [wrong, mended] }) => {
    const error = await outcome(wrong);
    expect(error).toMatchObject({ code, name: entry.error });
    const { message, at } = error as SluiceError;
    expect(message).toMatch(new RegExp(`\\n {2}\\[${code}: sluice/docs/errors/${code}\\.md\\]$`));
    expect(message).toMatch(/\n {2}(next|choices): \S/);
    if (!lineless.test(code)) expect(at).toMatch(/^model\.js:\d+$/);
    expect(await mend(mended)).toBeUndefined();
    expect(page(code, entry, message)).toBe(readFileSync(docs(`${code}.md`), "utf8"));
  });
});

describe("the pages", () => {
  test("of codes that no program meets say why", () => {
    const unmet = table.filter((row): row is [string, Entry & { unmet: string }] => "unmet" in row[1]);
    expect(unmet.length + examples.length).toBe(table.length);
    for (const [code, entry] of unmet) {
      expect(readFileSync(docs(`${code}.md`), "utf8")).toBe(page(code, entry, undefined));
      for (const other of entry.unmet.match(/SL\d{4}/g) ?? []) expect(table.map(([c]) => c)).toContain(other);
    }
  });
  test("are those of the table, and their index", () => {
    expect(readdirSync("docs/errors").sort()).toEqual(["README.md", ...table.map(([code]) => `${code}.md`)].sort());
    expect(readFileSync(docs("README.md"), "utf8")).toBe(index());
  });
});
