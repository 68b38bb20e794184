/** @file `sluice doctor` says what is there, what takes the place of what is not, and what to do. */
import { describe, expect, it } from "vitest";
import { checks } from "../../src/cli/doctor/checks.ts";
import { folder, sluice } from "./support.ts";

interface Found {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
  readonly next?: string;
}

const examined = async (where: Parameters<typeof sluice>[1] = {}) => {
  const { code, out } = await sluice("doctor --json", where);
  const { ok, checks: found } = JSON.parse(out) as { ok: boolean; checks: readonly Found[] };
  return { code, ok, of: (name: string) => found.find((each) => each.name === name)!, names: found.map((f) => f.name) };
};

describe("doctor", () => {
  it("finds nothing wrong where the tests run", async () => {
    const { code, ok, of, names } = await examined();
    expect([code, ok]).toEqual([0, true]);
    expect(names).toEqual(checks.map(({ name }) => name));
    expect(of("node")).toMatchObject({ status: "ok", detail: expect.stringContaining(process.versions.node) });
    expect(of("wasm kernels").detail).toContain("computes right");
    expect(of("TypeScript").status).toBe("ok");
  });
  it("says what to do about what is absent", async () => {
    const at = folder();
    const { code, of } = await examined({ cwd: at, env: { PATH: at, CC: undefined } });
    expect(of("C compiler")).toMatchObject({ status: "absent", next: expect.stringContaining("install one") });
    expect(of("MPI")).toMatchObject({ status: "absent", detail: expect.stringContaining("not needed") });
    if (!("typescript" in process.features && process.features.typescript))
      expect(of("TypeScript")).toMatchObject({ status: "absent", next: "npm i -D tsx" });
    expect(code).toBe(0);
  });
  it("is a line a check for people", async () => {
    const { out } = await sluice("doctor");
    for (const { name } of checks) expect(out).toMatch(new RegExp(`^(ok|absent|wrong) +${name} `, "m"));
  });
});
