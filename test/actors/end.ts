/** A program of its own: runs three steps, then closes its session, forgets it, or forgets a run half-way; it must end. */
import { startSession } from "../../src/actors/session.ts";
import { batches, tinyPlan } from "./fixture.ts";

const how = process.argv[2];
const session = await startSession(tinyPlan(2));
let share: number | undefined;
for await (const { outputs } of session.run(batches(2, 3))) share = Number(outputs.share!.data[0]);
if (how === "closed") await session.close();
if (how === "half-run") await session.run(batches(2, 3))[Symbol.asyncIterator]().next();
console.log(how, share);
