/** @file A program of its own whose session hangs in native code; it must end all the same. */
import { startSession } from "../../src/actors/session.ts";
import type { Hang } from "../../src/actors/session-types.ts";
import type { SessionError } from "../../src/ir/errors.ts";
import { faults, faultyPlan } from "./faults.ts";
import { batch } from "./fixture.ts";

const session = await startSession(faultyPlan(1), { timeout: 500, onHang: process.argv[2] as Hang });
const { x } = batch(1, 0);
x.data[0] = faults.stuck;
try {
  for await (const _ of session.run([{ x }]));
} catch (error) {
  console.log((error as SessionError).code);
}
await session.close();
process.exitCode = 5;
process.on("exit", () => console.log("left"));
