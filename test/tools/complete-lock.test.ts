import { expect, it } from "vitest";
import { missingPlatforms } from "../../tools/complete-lock.ts";

it("adds the packages of other platforms that the lock file lacks, and nothing else", () => {
  const packages = {
    "node_modules/tool": {
      version: "2.0.0",
      dev: true as const,
      optionalDependencies: {
        "@tool/cli-darwin-arm64": "2.0.0",
        "@tool/cli-linux-x64": "2.0.0",
        "@tool/cli-linux-x64-musl": "2.0.0",
        fsevents: "2.3.3",
      },
    },
    "node_modules/@tool/cli-linux-x64": { version: "2.0.0" },
  };
  const shared = { version: "2.0.0", dev: true, optional: true };
  expect(missingPlatforms(packages)).toEqual({
    "node_modules/@tool/cli-darwin-arm64": { ...shared, os: ["darwin"], cpu: ["arm64"] },
    "node_modules/@tool/cli-linux-x64-musl": { ...shared, os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  });
});
