/**
 * @file Writes the pages of the error codes from their table, docs/errors/SLxxxx.md and an index. Examples are run, and
 * the messages on the pages are what they threw.
 *
 *   npm run docs:errors              writes docs/errors
 *   npm run docs:errors -- --check   compares it with what would be written
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Entry } from "../src/ir/codes/entry.ts";
import { sections } from "../src/ir/codes/index.ts";
import { outcome, programs } from "./error-examples.ts";

const folder = fileURLToPath(new URL("../docs/errors/", import.meta.url));
const fence = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\``;

/** Hashes of plans change with every change of the compiler. */
const hash = /\b[0-9a-f]{12}…/g;

/** Code and entry of everything in the table. */
export const table: readonly (readonly [code: string, entry: Entry])[] = Object.values(sections).flatMap((codes) =>
  Object.entries<Entry>(codes),
);

/** The page of one code; `message` is what its example threw. */
export function page(code: string, entry: Entry, message: string | undefined): string {
  const example = programs(entry);
  const shown = example
    ? `## Example

${fence("js", example[0])}

throws

${fence("text", (message ?? "").replace(hash, "…"))}

Mended:

${fence("js", example[1])}`
    : `## When it is met

${"unmet" in entry ? entry.unmet : ""}`;
  return `<!-- Written by npm run docs:errors from src/ir/codes. -->

# ${code}: ${entry.title}

\`${entry.error}\`

${entry.meaning}

## Why

${entry.causes.map((cause) => `- ${cause}`).join("\n")}

## What to do

${entry.remedy}

${shown}
`;
}

/** The list of all pages. */
export function index(): string {
  const parts = Object.entries(sections).map(
    ([title, codes]) => `## ${title}

| Code | Class | What is wrong |
| ---- | ----- | ------------- |
${Object.entries<Entry>(codes)
  .map(([code, { error, title }]) => `| [${code}](${code}.md) | \`${error}\` | ${title} |`)
  .join("\n")}
`,
  );
  return `<!-- Written by npm run docs:errors from src/ir/codes. -->

# Errors

Every error that Sluice throws on purpose has a class, a \`code\` that stays the same from version to version, and a message of a few lines: what is wrong and where, with the numbers; what would be accepted; what to do next; and the code with the place of its page. \`error.code\`, \`error.subject\`, \`error.choices\`, \`error.hint\` and \`error.at\` hold the same for programs.

${fence(
  "text",
  `matmul(x: f32[2048,256] {data: S(0), model: B}, w: f32[128,16]): inner dims differ: 256 vs 128 · at src/model.ts:42
  next: the last dim of x meets the last but one of w
  [SL1017: sluice/docs/errors/SL1017.md]`,
)}

A tensor is shown with its dtype, its shape and, where it is known by then, its layout.

${parts.join("\n")}`;
}

/** All files of the folder, by name. */
async function pages(): Promise<Map<string, string>> {
  const files = new Map([["README.md", index()]]);
  for (const [code, entry] of table) {
    const example = programs(entry);
    const thrown = example && (await outcome(example[0]));
    files.set(`${code}.md`, page(code, entry, thrown instanceof Error ? thrown.message : undefined));
  }
  return files;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = await pages();
  mkdirSync(folder, { recursive: true });
  const there = new Set(readdirSync(folder));
  const wrong = [...files].filter(
    ([name, text]) => !there.has(name) || readFileSync(`${folder}${name}`, "utf8") !== text,
  );
  const stale = [...there].filter((name) => !files.has(name));
  if (process.argv.includes("--check")) {
    for (const name of [...wrong.map(([name]) => name), ...stale]) console.error(`differs: docs/errors/${name}`);
    if (wrong.length + stale.length) {
      console.error("docs/errors is not what src/ir/codes gives: npm run docs:errors, commit it");
      process.exitCode = 1;
    }
  } else {
    for (const [name, text] of wrong) writeFileSync(`${folder}${name}`, text);
    for (const name of stale) rmSync(`${folder}${name}`);
  }
  console.log(`docs/errors: ${files.size} pages, ${wrong.length} differed, ${stale.length} without a code`);
}
