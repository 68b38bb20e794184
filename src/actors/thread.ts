/** @file Entry point of an executor thread in the build; from source it is `boot.mjs`, which brings TypeScript along. */
import { start } from "./executor.ts";

await start((url) => import(url));
