/** @file Debian's Chromium, without a window, for tests that look at pages. Where there is none they are left out. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";

const path = "/usr/bin/chromium";
export const hasChromium = existsSync(path);
if (!hasChromium) console.warn(`${path} is not there: pages are not opened; Debian's package is called chromium`);

const quiet = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Opened extends AsyncDisposable {
  readonly page: Page;
  /** What went wrong in the page, and what it asked of a network. */
  readonly problems: string[];
}

interface Look {
  readonly colorScheme?: "light" | "dark";
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** Opens HTML from a file, as a double click does, in a browser with a profile of its own. */
export async function open(
  html: string,
  colorScheme: "light" | "dark" = "light",
  viewport?: Look["viewport"],
): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-page-"));
  const file = join(folder, "plan.html");
  await writeFile(file, html);
  return browse(folder, pathToFileURL(file).href, /^(file|data):/, { colorScheme, ...(viewport && { viewport }) });
}

/** Opens an address; what the page asks for elsewhere is a problem. */
export async function visit(url: string, look: Look = {}): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-page-"));
  return browse(folder, url, { test: (asked) => asked.startsWith(url) || asked.startsWith("data:") }, look);
}

async function browse(
  folder: string,
  url: string,
  allowed: { test(url: string): boolean },
  { colorScheme = "light", viewport = { width: 1280, height: 800 } }: Look,
): Promise<Opened> {
  const context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath: path,
    args: quiet,
    viewport,
    colorScheme,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const problems: string[] = [];
  page.on("console", (message) => problems.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!allowed.test(request.url())) problems.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  return {
    page,
    problems,
    async [Symbol.asyncDispose]() {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
