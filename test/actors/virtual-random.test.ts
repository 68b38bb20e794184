/**
 * @file Random circuits under random delays. None that `verify` lets pass stands still, keeps more versions than it has
 * slots, or computes anything else than what the circuit says; all that it refuses do stand still, and the slots that it
 * names free them. `LONG=1` runs 100,000.
 */
import { expect, test } from "vitest";
import type { Circuit } from "../../src/actors/control.ts";
import { expand } from "../../src/actors/expand.ts";
import { runVirtually } from "../../src/actors/virtual/clock.ts";
import { stuck } from "../../src/actors/virtual/stuck.ts";
import { verify } from "../../src/compiler/verify.ts";
import { PlanError } from "../../src/ir/errors.ts";
import { createRandom, type Random, randomCircuit } from "./random-circuit.ts";
import { replay } from "./replay.ts";

const runs = process.env.LONG ? 100_000 : 2_500;
const first = 20_240;
const base = { actor: 0, edge: 0, register: 0 };

const refusal = (circuit: Circuit): PlanError | undefined => {
  try {
    verify({ ...circuit, buffers: [], memory: [], collectives: [] });
    return undefined;
  } catch (error) {
    if (error instanceof PlanError && error.code === "SL3020") return error;
    throw error;
  }
};

/** The circuit with as many slots as the error names; undefined when it names none. */
function freed(circuit: Circuit, { hint }: PlanError): Circuit | undefined {
  const [, id, slots] = /give register (\d+) .*?(\d+) slots/.exec(hint ?? "") ?? [];
  if (id === undefined) return undefined;
  const registers = circuit.registers.map((r) => (r.id === Number(id) ? { ...r, slots: Number(slots) } : r));
  return { ...circuit, registers };
}

/** Adds the slots that `ask` names until it has nothing more to say. */
function mended(circuit: Circuit, ask: (circuit: Circuit) => PlanError | undefined): Circuit {
  let now = circuit;
  for (let error = ask(now); error; error = ask(now)) {
    const next = freed(now, error);
    if (!next) throw error;
    expect(next).not.toEqual(now);
    now = next;
  }
  return now;
}

/** Delays from none to many times the work. */
function work(random: Random) {
  const [most, far] = [1 + random(30), random(4) === 0 ? 0 : 1 + random(60)];
  return {
    steps: 3 + random(4),
    duration: () => 1 + random(most),
    ...(far > 0 && { delay: () => random(far) }),
  };
}

const standsStill = (circuit: Circuit): PlanError | undefined => {
  const net = expand(circuit, base);
  const run = runVirtually(net, { steps: 4, duration: () => 1 });
  return run.ended ? undefined : stuck(net, run);
};

test(`${runs} random circuits under random delays`, { timeout: 3_600_000 }, () => {
  const begin = performance.now();
  const counts = { ran: 0, refused: 0, contradictory: 0, firings: 0 };
  for (let seed = first; seed < first + runs; seed++) {
    const random = createRandom(seed);
    const circuit = randomCircuit(random);
    const error = refusal(circuit);
    const slots = { feeds: 1 + random(3), results: 1 + random(4) };
    const check = (of: Circuit) => {
      const timing = work(random);
      const net = expand(of, base, slots);
      const { run, fault, firings } = replay(net, timing);
      expect({ seed, fault, ended: run.ended, taken: run.taken.length }).toEqual({
        seed,
        fault: undefined,
        ended: true,
        taken: timing.steps,
      });
      counts.firings += firings;
    };
    if (!error) {
      counts.ran++;
      check(circuit);
    } else if (freed(circuit, error)) {
      counts.refused++;
      expect({ seed, stuck: standsStill(circuit)?.code }).toEqual({ seed, stuck: "SL4025" });
      check(mended(circuit, refusal));
      check(mended(circuit, standsStill));
    } else {
      // The lanes contradict the data: there is no order to launch in, so nothing to run.
      counts.contradictory++;
      expect(() => expand(circuit, base)).toThrow(/SL3020/);
    }
  }
  const seconds = ((performance.now() - begin) / 1e3).toFixed(1);
  console.log(
    `seeds ${first}–${first + runs - 1}: ${counts.ran} ran, ${counts.refused} were refused, stood still, and ran with the slots named, ` +
      `${counts.contradictory} had no order; ${counts.firings} firings, ${seconds} s`,
  );
  expect(counts.ran).toBeGreaterThan(runs / 3);
  expect(counts.refused).toBeGreaterThan(runs / 50);
  expect(counts.contradictory).toBeGreaterThan(runs / 200);
});
