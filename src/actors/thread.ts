/**
 * @file Entry point of an executor thread in the build; from source it is `boot.mjs`, which brings TypeScript along.
 *
 * A program that runs under tsx may define ops in TypeScript. Threads inherit its flags, but under Node 20 tsx sets its
 * hooks in the main thread alone: so they are set here, by the same tsx.
 */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { start } from "./executor.ts";

let hooked = false;

async function load(url: string): Promise<unknown> {
  const api = hooked || !/\.[cm]?tsx?$/.test(url) ? undefined : tsxApi(url);
  if (api !== undefined) {
    hooked = true;
    const { register } = (await import(api)) as { register(): unknown };
    register();
  }
  return import(url);
}

/** The tsx that reads the program, or that it was started with; nothing where Node itself reads TypeScript. */
function tsxApi(module: string): string | undefined {
  if ((process.features as { readonly typescript?: unknown }).typescript) return undefined;
  if (process.env.SLUICE_TSX) return process.env.SLUICE_TSX; // set by the command line
  const flag = process.execArgv.find((arg) => /^(--(import|loader)=)?tsx(\/esm)?$|\/tsx\/dist\/loader\.mjs$/.test(arg));
  if (flag === undefined) return undefined;
  const named = flag.replace(/^--\w+=/, "");
  const loader = named.startsWith("file:") ? named : pathToFileURL(createRequire(module).resolve("tsx")).href;
  return new URL("./esm/api/index.mjs", loader).href;
}

await start(load);
