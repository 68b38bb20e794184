/** @file docs/cli.md says what the commands say, and its example is a program. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { findCluster } from "../../src/cli/cluster.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { page } from "./page.ts";
import { folder, sluice } from "./support.ts";

const file = "docs/cli.md";
const block = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page(commands))![1]!;

it("docs/cli.md is what the commands make of it", () => {
  if (process.env.CLI_DOCS === "write") writeFileSync(file, page(commands));
  expect(readFileSync(file, "utf8") === page(commands), "npm run docs:cli writes it").toBe(true);
});

it("its cluster is one", () => {
  const { ranks, links } = findCluster("cluster.json", folder({ "cluster.json": block("json") }));
  expect([ranks, links.host!(5)]).toEqual([8, 1]);
});

it("its program runs", async () => {
  const { code, out } = await sluice("run mnist.ts --steps 3 --json");
  expect(out.trim().split("\n")).toHaveLength(3);
  expect(code).toBe(0);
});
