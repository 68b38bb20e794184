/** @file A program of its own that is interrupted while it runs; it says "ready" when it may be. */
import { startSession } from "../../src/actors/session.ts";
import { batch, expected, tinyPlan } from "./fixture.ts";

const how = process.argv[2];
const session = await startSession(tinyPlan(2));
let fed = 0;
function* endless() {
  for (;;) yield batch(2, fed++);
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
process.on("exit", () => console.log("exit"));

let mine = false;
if (how === "own")
  process.on("SIGINT", () => {
    mine = true;
  });

let took = 0;
let draining = false;
for await (const { step } of session.run(endless())) {
  took++;
  if (step === 5) console.log("ready");
  if (session.status === "draining") {
    draining = true;
    if (how === "stubborn") {
      console.log("ready");
      await sleep(60_000);
    }
  }
  if (mine && step > 100) {
    process.removeAllListeners("exit");
    console.log("mine, and the run goes on");
    break;
  }
  await sleep(2);
}
if (how === "again") {
  console.log("once more");
  for await (const _ of session.run(endless())) console.log("ran");
  console.log("went on");
}
if (how === "save") {
  process.removeAllListeners("exit");
  console.log(`fed ${fed} took ${took} draining ${draining}`);
  const same = String([...session.read("w").data]) === String(expected(2, took).w);
  console.log(`left, parameters as after the last step: ${same}`);
}
await session.close();
