import { startSession } from "../src/actors/session.ts";
import { createBus } from "../src/actors/bus.ts";
import { tinyPlan, batch } from "../test/actors/fixture.ts";
const one = batch(2, 0);
function* many(n: number) { for (let i = 0; i < n; i++) yield one; }
const session = await startSession(tinyPlan(2), { threads: 2 });
const run = async (n: number) => { const b = session.stats; const t = performance.now(); for await (const _ of session.run(many(n))); const a = session.stats; return { us: (performance.now() - t) * 1000 / n, loop: (a.loopMs - b.loopMs) * 1000 / n, messages: (a.messages-b.messages)/n }; };
await run(3000);
const off: number[] = [], on: number[] = [], offL: number[] = [], onL: number[] = [];
let m = 0;
for (let i = 0; i < 9; i++) {
  const a = await run(1500); off.push(a.us); offL.push(a.loop); m = a.messages;
  let n = 0; const s = session.events$.subscribe(() => n++);
  const b = await run(1500); on.push(b.us); onL.push(b.loop); s.unsubscribe();
}
const med = (x: number[]) => x.sort((a, b) => a - b)[x.length >> 1]!.toFixed(1);
console.log("messages", m, "step us off", med(off), "on", med(on), "loop us off", med(offL), "on", med(onL));
await session.close();
