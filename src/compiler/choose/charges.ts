/**
 * @file What the whole graph is charged for its options, as tables for the solver: an op for its own work and the memory
 * of its results, a producer and a consumer for the boxing between them and the copy that it leaves, a state for lying
 * otherwise where it is written than where it is read. Equal charges are one array.
 */
import type { Op } from "../../ir/graph.ts";
import { Cache } from "../../sbp/cache.ts";
import { type Draft, writers } from "../draft.ts";
import { forbidden } from "../solve/factors.ts";
import type { Table } from "../solve/solve.ts";
import { keptOf } from "./kept.ts";
import { type Column, heldBy, type Menu, typesOf } from "./menu.ts";
import { type Move, nothing, type Price } from "./moves.ts";
import { type Taken, type Taking, takingsOf } from "./takings.ts";
import { alone, type Wishes, wishesOf } from "./wishes.ts";

/**
 * A copy serves all users who want it. Tables of two cannot say so. `own`: each user pays for a copy of its own. `shared`:
 * each pays its part of what all who could want the copy would pay together, which no plan undercuts. With options settled
 * (−1: not): its part among those who could want it then, with a whole pick those who do, so that the pick costs what it
 * really takes.
 */
export type Copies = "own" | "shared" | readonly number[];

export interface Charges {
  tables(copies: Copies): readonly Table[];
  /** Picoseconds that bringing an op its inputs takes. */
  boxing(op: Op, pick: readonly number[]): number;
  /** Bytes of each output on the rank that holds the most. */
  held(op: Op, pick: readonly number[]): readonly number[];
  /** Bytes that no pick undercuts: each state, input and output as it takes least. */
  floor(): number;
  /** What a pick really takes, each copy counted once. */
  evaluate(pick: readonly number[]): Price;
}

interface Charge {
  readonly cost: Float64Array;
  readonly memory: Float64Array;
}

export function chargesOf(draft: Draft, menus: readonly Menu[]): Charges {
  const { graph } = draft;
  const wrote = writers(graph);
  const copies = keptOf(draft);
  const types = typesOf(graph);
  const taken = takingsOf(draft, menus, copies);
  const wishes = wishesOf(graph.values.length, taken);
  const bytes = new Cache<number>();
  const held = (id: number, column: Column, option: number): number => {
    const value = graph.values[id]!;
    const at = column.of[option]!;
    const place = graph.placements[value.placement]!;
    return bytes.get(`${types[id]} ${column.keys[at]}`, () => heldBy(value, column.layouts[at]!, place));
  };

  const shared = new Cache<Charge>();
  const selves = graph.ops.map((op): Table => {
    const menu = menus[op.id]!;
    const kept = op.outputs.map((id) => copies[id]!.own);
    const charge = shared.get(`own ${menu.id} ${kept.join()}`, () => ({
      cost: menu.own,
      memory: menu.own.map((_, option) =>
        op.outputs.reduce((sum, id, j) => sum + Math.ceil(kept[j]! * held(id, menu.outs[j]!, option)), 0),
      ),
    }));
    return { variables: [op.id], ...charge };
  });
  // A state is written where it is read: the layout of the value it becomes is its own.
  const kept = graph.ops.map((op): Table | undefined => {
    const writer = op.kind === "state" ? wrote.get(op.attrs.state as string) : undefined;
    if (!writer) return undefined;
    const at = writer.op.outputs.indexOf(writer.value);
    const [read, written] = [menus[op.id]!.outs[0]!, menus[writer.op.id]!.outs[at]!];
    const { cost } = shared.get(`keep ${menus[op.id]!.id} ${menus[writer.op.id]!.id}.${at}`, () =>
      between(read, written, (a, b) => ({ time: read.keys[a] === written.keys[b] ? 0 : forbidden, memory: 0 })),
    );
    return { variables: [op.id, writer.op.id], cost };
  });
  const boxed = new Cache<Charge, number>();
  const charge = (taking: Taking, wish: Wishes): Charge =>
    boxed.get(taking.id * manyWishes + wish.id, () => {
      const { before, after, moves, strict } = taking;
      const parts = after.keys.map((set) => set.map((key) => wish.users.get(key) ?? 1));
      if (wish !== alone && parts.every((each) => each.every((n) => n === 1))) return charge(taking, alone);
      return between(before, after, (a, b) => {
        const made = moves[a]![b]!;
        let [time, memory] = [0, 0];
        for (let i = 0; i < made.length; i++) {
          const move = made[i]!;
          if (move === nothing) continue;
          time += strict ? forbidden : Math.floor(move.time / parts[b]![i]!);
          memory += Math.floor(move.memory / parts[b]![i]!);
        }
        return { time, memory };
      });
    });
  const pairs = taken.map((all) => all.map(({ from, by }) => [from, by] as const));
  const tables = (copies: Copies): readonly Table[] => {
    const users = copies === "own" ? undefined : wishes.could(copies === "shared" ? undefined : copies);
    const all: Table[] = [];
    for (const op of graph.ops) {
      all.push(selves[op.id]!);
      for (const [i, { value, taking }] of taken[op.id]!.entries()) {
        const { cost, memory } = charge(taking, users?.[value] ?? alone);
        all.push({ variables: pairs[op.id]![i]!, cost, memory });
      }
      const keeps = kept[op.id];
      if (keeps) all.push(keeps);
    }
    return all;
  };
  /** Calls with each copy that a pick makes for a taker. */
  const made = ({ from, by, taking }: Taken, pick: readonly number[], call: (move: Move, key: string) => void) => {
    const set = taking.after.of[pick[by]!]!;
    const moves = taking.moves[taking.before.of[pick[from]!]!]![set]!;
    for (const [i, move] of moves.entries()) if (move !== nothing) call(move, taking.after.keys[set]![i]!);
  };
  const evaluate = (pick: readonly number[]): Price => {
    let [time, memory] = [0, 0];
    const copied = new Set<string>();
    for (const op of graph.ops) {
      const option = pick[op.id]!;
      time += menus[op.id]!.own[option]!;
      memory += selves[op.id]!.memory![option]!;
      for (const one of taken[op.id]!)
        made(one, pick, (move, key) => {
          const copy = `${one.value} ${key}`;
          if (copied.has(copy)) return;
          copied.add(copy);
          time += move.time;
          memory += move.memory;
        });
    }
    return { time, memory };
  };
  return {
    tables,
    evaluate,
    floor: () => {
      const results = new Set(Object.values(graph.outputs));
      const stays = ({ kind, outputs }: Op) =>
        kind === "state" || kind === "input" || outputs.some((id) => results.has(id));
      return graph.ops.reduce((sum, op) => (stays(op) ? sum + smallest(selves[op.id]!.memory!) : sum), 0);
    },
    held: (op, pick) => op.outputs.map((id, j) => held(id, menus[op.id]!.outs[j]!, pick[op.id]!)),
    boxing: (op, pick) => {
      let time = 0;
      for (const one of taken[op.id]!)
        made(one, pick, (move) => {
          time += move.time;
        });
      return time;
    },
  };
}

const smallest = (all: Float64Array) => all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

/** More than there are different wishes. */
const manyWishes = 2 ** 24;

/** Things of which each option has one. */
interface Spread {
  readonly of: Int32Array;
}

/** A charge by what two options have, spread over the options that have it. */
function between(before: Spread, after: Spread, charge: (a: number, b: number) => Price): Charge {
  const [n, m] = [before.of.length, after.of.length];
  const moves: Price[][] = [];
  const [cost, memory] = [new Float64Array(n * m), new Float64Array(n * m)];
  for (let x = 0; x < n; x++) {
    const a = before.of[x]!;
    const row = moves[a] ?? [];
    moves[a] = row;
    for (let y = 0; y < m; y++) {
      const b = after.of[y]!;
      row[b] ??= charge(a, b);
      const { time, memory: bytes } = row[b];
      cost[x * m + y] = time;
      memory[x * m + y] = bytes;
    }
  }
  return { cost, memory };
}
