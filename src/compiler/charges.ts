/**
 * @file What the whole graph is charged for its options, as tables for the solver: an op for its own work and the memory
 * of its results, a producer and a consumer for the boxing between them and the copy that it leaves, a state for lying
 * otherwise where it is written than where it is read. Equal charges are one array.
 */
import type { Op } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import { boxingCost } from "../sbp/boxing.ts";
import { Cache } from "../sbp/cache.ts";
import { type Model, sharedMemory } from "../sbp/link.ts";
import { outputSlots } from "./buffers.ts";
import { type Draft, placementOf, producers, shapeOf, writers } from "./draft.ts";
import { forbidden } from "./factors.ts";
import { forbidsBoxing } from "./implicit.ts";
import { type Column, heldBy, type Menu, typesOf } from "./menu.ts";
import type { Table } from "./solve.ts";
import { alone, elsewhere, placesOf, type Wishes, wishesOf } from "./wishes.ts";
import { picoseconds } from "./work.ts";

/** What it takes to bring a value from one layout to another. */
export interface Move {
  readonly time: number;
  /** Bytes on the rank that holds the most. */
  readonly memory: number;
}

/**
 * A copy serves all users who want it. Tables of two cannot say so. `own`: each user pays for a copy of its own. `shared`:
 * each pays its part of what all who could want the copy would pay together, which no plan undercuts. With options settled
 * (−1: not): its part among those who could want it then, with a whole pick those who do, so that the pick costs what it
 * really takes.
 */
export type Copies = "own" | "shared" | readonly number[];

export interface Charges {
  tables(copies: Copies): readonly Table[];
  /** What it takes to bring an op one of its inputs. */
  move(op: Op, input: number, pick: readonly number[]): Move;
  /** What a pick really takes, each copy counted once. */
  evaluate(pick: readonly number[]): Move;
}

interface Charge {
  readonly cost: Float64Array;
  readonly memory?: Float64Array;
}

export function chargesOf(draft: Draft, menus: readonly Menu[]): Charges {
  const { graph } = draft;
  const produced = producers(graph);
  const wrote = writers(graph);
  const copies = copiesOf(draft);
  const { slots = 2, model = sharedMemory } = draft.options;
  const moves = movesOf(model);
  const types = typesOf(graph);
  const wishes = wishesOf(draft, menus);
  const outOf = (id: number) => {
    const from = produced[id]!;
    const at = from.outputs.indexOf(id);
    return { from, at, before: menus[from.id]!.outs[at]! };
  };
  const move = (id: number, from: Column, a: number, { layout, key }: Wanted, op: Op): Move => {
    const there = elsewhere(graph, id, op) && `${showPlacement(placementOf(draft, op))} `;
    if (there === "" && from.keys[a] === key) return nothing;
    return moves.get(`${slots} ${types[id]} ${from.keys[a]}>${there}${key}`, () =>
      moveOf(draft, id, from.layouts[a]!, placementOf(draft, op), layout, slots),
    );
  };
  const moveTo = (op: Op, input: number, pick: readonly number[]): Move => {
    const id = op.inputs[input]!;
    const { from, before } = outOf(id);
    const after = menus[op.id]!.ins[input]!;
    const b = after.of[pick[op.id]!]!;
    return move(id, before, before.of[pick[from.id]!]!, { layout: after.layouts[b]!, key: after.keys[b]! }, op);
  };
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
    const kept = op.outputs.map((id) => copies[id]!);
    const charge = shared.get(`own ${menu.id} ${kept.join()}`, () => ({
      cost: menu.own,
      memory: menu.own.map((_, option) =>
        op.outputs.reduce((sum, id, j) => sum + kept[j]! * held(id, menu.outs[j]!, option), 0),
      ),
    }));
    return { variables: [op.id], ...charge };
  });
  // A state is written where it is read: the layout of the value it becomes is its own.
  const kept = (op: Op, writer: Op, at: number): Table => {
    const [read, written] = [menus[op.id]!.outs[0]!, menus[writer.id]!.outs[at]!];
    const { cost } = shared.get(`keep ${menus[op.id]!.id} ${menus[writer.id]!.id}.${at}`, () =>
      between(read, written, (a, b) => ({ time: read.keys[a] === written.keys[b] ? 0 : forbidden, memory: 0 })),
    );
    return { variables: [op.id, writer.id], cost };
  };
  const boxed = (op: Op, id: number, { id: wish, users }: Wishes): Table => {
    const { from, at, before } = outOf(id);
    const menu = menus[op.id]!;
    const places = placesOf(op, id);
    const strict = draft.strict.has(op.name) || forbidsBoxing(draft, op);
    const there = elsewhere(graph, id, op);
    const key = `box ${menus[from.id]!.id}.${at} ${menu.id}.${places.join()} ${strict} ${wish}`;
    const charge = shared.get(key, () => {
      const after = together(places.map((i) => menu.ins[i]!));
      return between(before, after, (a, b) => {
        const wanted = after.layouts[b]!.filter(({ key: want }) => there !== "" || want !== before.keys[a]);
        if (strict && wanted.length) return { time: forbidden * wanted.length, memory: 0 };
        let [time, memory] = [0, 0];
        for (const want of wanted) {
          const whole = move(id, before, a, want, op);
          const parts = users.get(there + want.key) ?? 1;
          time += Math.floor(whole.time / parts);
          memory += Math.floor(whole.memory / parts);
        }
        return { time, memory };
      });
    });
    return { variables: [from.id, op.id], ...charge };
  };
  const tables = (copies: Copies): readonly Table[] => {
    const users = copies === "own" ? undefined : wishes.could(copies === "shared" ? undefined : copies);
    const all: Table[] = [];
    for (const op of graph.ops) {
      all.push(selves[op.id]!);
      for (const id of new Set(op.inputs)) all.push(boxed(op, id, users?.[id] ?? alone));
      const writer = op.kind === "state" ? wrote.get(op.attrs.state as string) : undefined;
      if (writer) all.push(kept(op, writer.op, writer.op.outputs.indexOf(writer.value)));
    }
    return all;
  };
  const evaluate = (pick: readonly number[]): Move => {
    let [time, memory] = [0, 0];
    const copied = new Set<string>();
    for (const op of graph.ops) {
      const menu = menus[op.id]!;
      const option = pick[op.id]!;
      time += menu.own[option]!;
      memory += selves[op.id]!.memory![option]!;
      for (const [i, id] of op.inputs.entries()) {
        const made = moveTo(op, i, pick);
        if (made === nothing) continue;
        const { keys, of } = menu.ins[i]!;
        const copy = `${id} ${elsewhere(graph, id, op)}${keys[of[option]!]}`;
        if (copied.has(copy)) continue;
        copied.add(copy);
        time += made.time;
        memory += made.memory;
      }
    }
    return { time, memory };
  };
  return { tables, move: moveTo, evaluate };
}

const nothing: Move = { time: 0, memory: 0 };

/** What moves take by a model of links, known for all graphs. */
const movesBy = new WeakMap<Model, Cache<Move>>();

function movesOf(model: Model): Cache<Move> {
  const known = movesBy.get(model) ?? new Cache<Move>(1 << 17);
  movesBy.set(model, known);
  return known;
}

/** The copy counts where it ends up; layouts on the way there, if there are any, are left out. */
function moveOf(
  { graph, options }: Draft,
  id: number,
  from: Layout,
  there: PlacementData,
  to: Layout,
  slots: number,
): Move {
  const value = graph.values[id]!;
  const type = { shape: shapeOf(value), dtype: value.dtype };
  const [source, target] = [
    { placement: graph.placements[value.placement]!, layout: from },
    { placement: there, layout: to },
  ];
  const { time, bytes } = boxingCost({ ...type, from: source, to: target, transfers: false }, options.model);
  return { time: picoseconds(time), memory: heldBy(value, to, there) * (bytes > 0 ? slots : 1) };
}

/** Things of which each option has one. */
interface Spread {
  readonly layouts: readonly unknown[];
  readonly of: Int32Array;
}

interface Wanted {
  readonly layout: Layout;
  readonly key: string;
}

/** Several inputs that are one value: the layouts that it is wanted in, each once, for a copy serves all of them. */
function together(
  columns: readonly Column[],
): Pick<Column, "of"> & { readonly layouts: readonly (readonly Wanted[])[] } {
  const layouts: Wanted[][] = [];
  const known = new Map<string, number>();
  const of = columns[0]!.of.map((_, option) => {
    const all = new Map(columns.map((c) => [c.keys[c.of[option]!]!, c.layouts[c.of[option]!]!]));
    const text = [...all.keys()].join("|");
    const place = known.get(text) ?? layouts.push([...all].map(([key, layout]) => ({ key, layout }))) - 1;
    known.set(text, place);
    return place;
  });
  return { layouts, of };
}

/** A charge by the layouts of two columns, spread over the options that have them. */
function between(before: Spread, after: Spread, charge: (a: number, b: number) => Move): Charge {
  const moves = before.layouts.map((_, a) => after.layouts.map((_, b) => charge(a, b)));
  const [n, m] = [before.of.length, after.of.length];
  const [cost, memory] = [new Float64Array(n * m), new Float64Array(n * m)];
  for (let x = 0; x < n; x++)
    for (let y = 0; y < m; y++) {
      const { time, memory: bytes } = moves[before.of[x]!]![after.of[y]!]!;
      cost[x * m + y] = time;
      memory[x * m + y] = bytes;
    }
  return { cost, memory };
}

/**
 * By value how many copies the plan is expected to keep of it, as far as can be said before there are tasks: a value that
 * several ops use outlives its task, so its producer works ahead of its users.
 */
function copiesOf({ graph, options }: Draft): readonly number[] {
  const slots = options.slots ?? 2;
  const users = graph.values.map(() => 0);
  for (const op of graph.ops) for (const id of op.inputs) users[id]!++;
  const copies = users.map((n) => (n > 1 ? slots : 1));
  for (const op of graph.ops) {
    if (op.kind === "state") copies[op.outputs[0]!] = 1;
    if (op.kind === "input") copies[op.outputs[0]!] = slots;
    if (op.kind === "to") copies[op.outputs[0]!] = 0; // the copy is its boxing's
    op.writes?.forEach((state, j) => {
      if (state !== null) copies[op.outputs[j]!] = 0; // lies where the state does
    });
  }
  for (const id of Object.values(graph.outputs)) copies[id] = Math.max(slots, outputSlots);
  return copies;
}
