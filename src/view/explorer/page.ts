/**
 * @file The plan explorer's page: one file that a browser opens by itself. It holds its style, its script and the document
 * that it shows; a content security policy lets nothing else run and nothing be fetched. The scripts lie beside this file
 * as modules in plain JavaScript and are linked here, each a function of its own, so that there is no bundler.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { themeSheet } from "./theme.ts";
import type { Explorer } from "./types.ts";

/** In the order in which they need each other. */
const scripts = [
  "format",
  "dom",
  "model",
  "camera",
  "paint",
  "nodes",
  "graph",
  "ranks",
  "spans",
  "lanes",
  "timeline",
  "shards",
  "cards",
  "overview",
  "details",
  "search",
  "legend",
  "stage",
  "turn",
  "keys",
  "pointers",
  "main",
];

/** What a page that is served has beside: it shows what runs. */
const liveScripts = ["frames", "activity", "live"];

export interface PageOptions {
  /** The page is served, and gets frames from `events` beside it. */
  readonly live?: boolean;
}

const read = (name: string): Promise<string> => readFile(new URL(`./page/${name}`, import.meta.url), "utf8");

/** HTML of a document. The same document gives the same bytes. */
export async function explorerPage(data: Explorer, { live = false }: PageOptions = {}): Promise<string> {
  const names = live ? [...scripts, ...liveScripts] : scripts;
  const [template, sheets, modules] = await Promise.all([
    read("index.html"),
    Promise.all(["style.css", ...(live ? ["live.css"] : [])].map(read)),
    Promise.all(names.map((name) => read(`${name}.js`))),
  ]);
  const style = ["", themeSheet, ...sheets].join("\n");
  const script = ["", "const modules = {};", ...modules.map((text, i) => linked(names[i]!, text)), ""].join("\n");
  const parts: Readonly<Record<string, string>> = {
    policy: `default-src 'none'; img-src data:; style-src ${hashOf(style)}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'${live ? "; connect-src 'self'" : ""}`,
    title: escapeText(`${data.name} · plan explorer`),
    style,
    data: embeddable(data),
    script,
  };
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name]!);
}

/** A module as a function of its own scope: imports become constants, exports what it returns. */
function linked(name: string, text: string): string {
  const exported = [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, each]) => each);
  const body = text
    .replace(/^import "\.\/\w+\.js";$/gm, "")
    .replace(/^import (\{[^}]*\}) from "\.\/(\w+)\.js";$/gm, "const $1 = modules.$2;")
    .replace(/^export (?=const|function)/gm, "");
  return `modules.${name} = (() => {\n${body}return { ${exported.join(", ")} };\n})();`;
}

/** As the policy names what may be there. */
const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** JSON in which nothing ends or begins an element. */
const embeddable = (data: Explorer): string =>
  JSON.stringify(data).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

const escapeText = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
