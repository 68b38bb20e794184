/**
 * @file What a run on the virtual clock did to memory. Every firing reads the slots that its arrivals name and writes one
 * of its own; a slot is void from the start of a write to its end. The value written is a hash of who wrote it, its firing
 * number and what it read, so a slot overwritten too early, a version lost, or one taken for another shows in all that
 * follows.
 */
import { slotOfSeq } from "../../src/actors/logic.ts";
import { type ActorSpec, HOST, type Net, type NetEdge } from "../../src/actors/net.ts";
import { runVirtually, type VirtualRun, type VirtualWork } from "../../src/actors/virtual/clock.ts";

interface Firing {
  readonly spec: ActorSpec;
  readonly seq: number;
  readonly arrived: readonly number[];
  readonly start: number;
  readonly end: number;
}

const mix = (hash: number, n: number): number => {
  const mixed = Math.imul(hash ^ n, 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
};
const hashOf = (id: number, seq: number, read: readonly number[]): number => read.reduce(mix, mix(mix(7, id), seq));
const isVoid = -1;

export interface Replayed {
  readonly run: VirtualRun;
  readonly firings: number;
  /** What went wrong first, in words. */
  readonly fault: string | undefined;
}

export function replay(net: Net, work: Omit<VirtualWork, "launched">): Replayed {
  const log: Firing[] = [];
  const run = runVirtually(net, {
    ...work,
    launched: (spec, { seq, arrived }, start, end) => log.push({ spec, seq, arrived: [...arrived], start, end }),
  });
  return { run, firings: log.length, fault: faultOf(net, log, work.steps) };
}

function faultOf(net: Net, log: readonly Firing[], steps: number): string | undefined {
  const known = new Map<string, number>();
  /** What a firing gives, from the net alone. */
  const expected = (id: number, seq: number): number => {
    if (seq < 0 || net.actors[id]!.kind === "user") return hashOf(id, seq, []);
    const key = `${id} ${seq}`;
    const value =
      known.get(key) ??
      hashOf(
        id,
        seq,
        reads(net.actors[id]!).map((e) => expected(e.from, seq - e.delay)),
      );
    known.set(key, value);
    return value;
  };
  const memory = net.actors.map(({ outs }) => outs.map(({ slots }) => new Array<number>(slots).fill(isVoid)));
  /** By register and version, readers that are not done; and how many versions are kept. */
  const readers = new Map<string, number>();
  const kept = net.actors.map(({ outs }) => outs.map(() => 0));
  for (const { id, outs } of net.actors)
    for (const [i, { slots, edges }] of outs.entries())
      for (let seq = -Math.max(0, ...edges.map(({ delay }) => delay)); seq < 0; seq++) {
        memory[id]![i]![slotOfSeq(seq, slots)] = expected(id, seq);
        readers.set(`${id} ${i} ${seq}`, edges.filter(({ delay }) => seq + delay >= 0).length);
        kept[id]![i]!++;
      }

  const slotsRead = ({ spec, arrived }: Firing) =>
    reads(spec).map((e) => memory[e.from]![e.out]![slotOfSeq(arrived[e.in]!, e.slots)]!);
  const faults: string[] = [];
  const say = ({ spec, seq }: Firing, what: string) => faults.push(`${spec.name} ${seq}: ${what}`);
  const write = ({ spec, seq }: Firing, value: number) => {
    for (const [i, { slots }] of spec.outs.entries()) memory[spec.id]![i]![seq % slots] = value;
  };
  function start(firing: Firing): void {
    const { spec, seq, arrived } = firing;
    const wrong = reads(spec).find((e) => arrived[e.in] !== seq - e.delay);
    if (wrong) say(firing, `version ${arrived[wrong.in]} of ${wrong.from} arrived`);
    for (const [i, { slots, edges }] of spec.outs.entries()) {
      readers.set(`${spec.id} ${i} ${seq}`, edges.length);
      if (spec.kind === "sink") continue; // its results are the user's
      if (++kept[spec.id]![i]! > slots) say(firing, `${kept[spec.id]![i]} versions in ${slots} slots`);
    }
    write(firing, isVoid);
    begun.set(firing, slotsRead(firing));
  }
  function end(firing: Firing): void {
    const { spec, seq, arrived } = firing;
    const read = slotsRead(firing);
    if (read.join() !== begun.get(firing)!.join()) say(firing, "what it reads changed meanwhile");
    const value = hashOf(spec.id, seq, read);
    if (value !== expected(spec.id, seq)) say(firing, `wrote ${value}, not ${expected(spec.id, seq)}`);
    write(firing, value);
    for (const e of reads(spec)) {
      const key = `${e.from} ${e.out} ${arrived[e.in]}`;
      readers.set(key, readers.get(key)! - 1);
      if (readers.get(key) === 0) kept[e.from]![e.out]!--;
    }
  }
  const begun = new Map<Firing, readonly number[]>();
  // At one time, what ends comes first, then the host, then what starts.
  const phase = (spec: ActorSpec, ends: boolean) => (spec.rank === HOST ? 1 : ends ? 0 : 2);
  const moments = log.flatMap((firing) => [
    { at: firing.start, phase: phase(firing.spec, false), act: () => start(firing) },
    { at: firing.end, phase: phase(firing.spec, true), act: () => end(firing) },
  ]);
  for (const { act } of moments.sort((a, b) => a.at - b.at || a.phase - b.phase)) act();
  for (const spec of net.actors) {
    if (spec.kind === "user") continue;
    const fired = log.filter((firing) => firing.spec === spec).length;
    if (fired !== steps) faults.push(`${spec.name} fired ${fired} times`);
  }
  return faults[0];
}

/** In-edges that carry something: not reports, nor what the user feeds. */
const reads = (spec: ActorSpec): readonly NetEdge[] => (spec.kind === "source" ? [] : spec.ins);
