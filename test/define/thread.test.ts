import { expect, test } from "vitest";
import { loadOps } from "../../src/actors/defined.ts";
import { startSession } from "../../src/actors/session.ts";
import { tinyPlan } from "../actors/fixture.ts";

const module = new URL("./ops.ts", import.meta.url).href;
const ops = [{ kind: "nowhere", module }];

test("a module that fails is named with its op, the reason and what to do", async () => {
  const fails = (error: unknown) => () => Promise.reject(error);
  const broken = new Error("no GPU here");
  await expect(loadOps(ops, fails(broken))).rejects.toMatchObject({ code: "SL4031", cause: broken });
  await expect(loadOps(ops, fails(broken))).rejects.toThrow(/cannot load op "nowhere": no GPU here · at .*ops\.ts/);
  const source = Object.assign(new TypeError("Unknown file extension"), { code: "ERR_UNKNOWN_FILE_EXTENSION" });
  await expect(loadOps(ops, fails(source))).rejects.toThrow(/node --import tsx, or compile it/);
});

test("a module that does not define its op is an error, not an op without a kernel", async () => {
  await expect(loadOps(ops, () => undefined)).rejects.toThrow(/does not define "nowhere" there.*one copy.*SL4031/s);
});

test("a thread that loads ops starts no session", async () => {
  await expect(startSession(tinyPlan(2))).rejects.toThrow(/module .*ops\.ts.*SL4035/s);
});
