import { tsImport } from "tsx/esm/api";

await tsImport("./executor.ts", import.meta.url);
