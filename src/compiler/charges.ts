/**
 * @file What the whole graph is charged for its options, as tables for the solver: an op for its own work and the memory
 * of its results, a producer and a consumer for the boxing between them and the copy that it leaves, a state for lying
 * otherwise where it is written than where it is read. Equal charges are one array.
 */
import { itemSize } from "../ir/dtype.ts";
import type { Value } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import { boxingCost } from "../sbp/boxing.ts";
import { Cache } from "../sbp/cache.ts";
import { keyOf } from "../sbp/canonical.ts";
import { outputSlots, wholeLines } from "./buffers.ts";
import { type Draft, producers, shapeOf, writers } from "./draft.ts";
import { forbidden } from "./factors.ts";
import { type Column, largest, type Menu, picoseconds } from "./menu.ts";
import type { Table } from "./solve.ts";

/** What it takes to bring a value from one layout to another. */
export interface Move {
  readonly time: number;
  /** Bytes on the rank that holds the most. */
  readonly memory: number;
}

export interface Charges {
  readonly tables: readonly Table[];
  move(value: number, from: Layout, to: Layout): Move;
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
  const slots = draft.options.slots ?? 2;
  const types = graph.values.map((value) => typeKey(value, graph.placements[value.placement]!));
  const moves = new Cache<Move>();
  const shared = new Cache<Charge>();

  const move = (id: number, from: Layout, to: Layout, [a, b] = [keyOf(from), keyOf(to)]): Move =>
    a === b ? nothing : moves.get(`${types[id]} ${a}>${b}`, () => moveOf(draft, id, from, to, slots));
  const bytes = new Cache<number>();
  const held = (id: number, column: Column, option: number): number => {
    const value = graph.values[id]!;
    const at = column.of[option]!;
    const layout = column.layouts[at]!;
    const place = graph.placements[value.placement]!;
    return bytes.get(`${types[id]} ${column.keys[at]}`, () => bytesOf(value, layout, place));
  };

  const tables: Table[] = [];
  for (const op of graph.ops) {
    const menu = menus[op.id]!;
    const kept = op.outputs.map((id) => copies[id]!);
    const self = shared.get(`own ${menu.id} ${kept.join()}`, () => ({
      cost: menu.own,
      memory: menu.own.map((_, option) =>
        op.outputs.reduce((sum, id, j) => sum + kept[j]! * held(id, menu.outs[j]!, option), 0),
      ),
    }));
    tables.push({ variables: [op.id], ...self });
    op.inputs.forEach((id, i) => {
      const from = produced[id]!;
      const at = from.outputs.indexOf(id);
      const [before, after] = [menus[from.id]!.outs[at]!, menu.ins[i]!];
      const strict = draft.strict.has(op.name);
      const key = `box ${menus[from.id]!.id}.${at} ${menu.id}.${i} ${types[id]} ${strict}`;
      const charge = shared.get(key, () =>
        between(before, after, (a, b) => {
          const same = before.keys[a] === after.keys[b];
          if (strict && !same) return { time: forbidden, memory: 0 };
          return move(id, before.layouts[a]!, after.layouts[b]!, [before.keys[a]!, after.keys[b]!]);
        }),
      );
      tables.push({ variables: [from.id, op.id], ...charge });
    });
    const writer = op.kind === "state" ? wrote.get(op.attrs.state as string) : undefined;
    if (!writer) continue;
    // A state is written where it is read: the layout of the value it becomes is its own.
    const at = writer.op.outputs.indexOf(writer.value);
    const [read, written] = [menu.outs[0]!, menus[writer.op.id]!.outs[at]!];
    const { cost } = shared.get(`keep ${menu.id} ${menus[writer.op.id]!.id}.${at}`, () =>
      between(read, written, (a, b) => ({ time: read.keys[a] === written.keys[b] ? 0 : forbidden, memory: 0 })),
    );
    tables.push({ variables: [op.id, writer.op.id], cost });
  }
  return { tables, move };
}

const nothing: Move = { time: 0, memory: 0 };

const typeKey = ({ shape, dtype }: Value, place: PlacementData) => `${showPlacement(place)} ${dtype}[${shape.join()}]`;

function bytesOf(value: Value, layout: Layout, place: PlacementData): number {
  const extents = largest(layout, shapeOf(value), place);
  return wholeLines(extents.reduce((a, b) => a * b, 1) * itemSize[value.dtype]);
}

/** The copy counts where it ends up; layouts on the way there, if there are any, are left out. */
function moveOf({ graph }: Draft, id: number, from: Layout, to: Layout, slots: number): Move {
  const value = graph.values[id]!;
  const place = graph.placements[value.placement]!;
  const side = (layout: Layout) => ({ placement: place, layout });
  const type = { shape: shapeOf(value), dtype: value.dtype };
  const { time, bytes } = boxingCost({ ...type, from: side(from), to: side(to), transfers: false });
  return { time: picoseconds(time), memory: bytesOf(value, to, place) * (bytes > 0 ? slots : 1) };
}

/** A charge by the layouts of two columns, spread over the options that have them. */
function between(before: Column, after: Column, charge: (a: number, b: number) => Move): Charge {
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
