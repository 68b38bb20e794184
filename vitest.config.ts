import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^sluice$/, replacement: here("./src/index.ts") },
      { find: /^sluice\/data$/, replacement: here("./src/data/index.ts") },
      { find: /^sluice\/cli$/, replacement: here("./src/cli/index.ts") },
      { find: /^sluice\/testing$/, replacement: here("./src/testing/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts", "src/**/*.test.ts", "examples/**/*.test.ts"],
    globalSetup: "./test/build-engine.ts",
    testTimeout: process.env.LONG ? 1_800_000 : 60_000,
    pool: "forks",
  },
});
