/**
 * @file What the whole graph is charged for its options, as tables for the solver: an op for its own work and the memory
 * of its results, a producer and a consumer for the boxing between them and the copy that it leaves, a state for lying
 * otherwise where it is written than where it is read. Equal charges are one array.
 */
import type { LogicalGraph, Op, Value } from "../ir/graph.ts";
import type { Layout } from "../ir/layout.ts";
import { type PlacementData, showPlacement } from "../ir/placement.ts";
import { boxingCost } from "../sbp/boxing.ts";
import { Cache } from "../sbp/cache.ts";
import { keyOf } from "../sbp/canonical.ts";
import { outputSlots } from "./buffers.ts";
import { type Draft, placementOf, producers, shapeOf, writers } from "./draft.ts";
import { forbidden } from "./factors.ts";
import { forbidsBoxing } from "./implicit.ts";
import { type Column, heldBy, type Menu, picoseconds } from "./menu.ts";
import type { Table } from "./solve.ts";

/** What it takes to bring a value from one layout to another. */
export interface Move {
  readonly time: number;
  /** Bytes on the rank that holds the most. */
  readonly memory: number;
}

export interface Charges {
  readonly tables: readonly Table[];
  /** To where the op is that takes it. */
  move(value: number, from: Layout, op: Op, to: Layout): Move;
  /** What a pick really takes, each copy counted once. */
  evaluate(pick: readonly number[]): Move;
}

interface Charge {
  readonly cost: Float64Array;
  readonly memory?: Float64Array;
}

/**
 * A copy serves all users who want it. Tables of two cannot say so: with `share` each user pays its part of what all who
 * could want the copy would pay together, which no plan undercuts; without, each pays for a copy of its own.
 */
export function chargesOf(draft: Draft, menus: readonly Menu[], share: boolean): Charges {
  const { graph } = draft;
  const produced = producers(graph);
  const wrote = writers(graph);
  const copies = copiesOf(draft);
  const slots = draft.options.slots ?? 2;
  const types = graph.values.map((value) => typeKey(value, graph.placements[value.placement]!));
  const moves = new Cache<Move>();
  const shared = new Cache<Charge>();

  const move = (id: number, from: Layout, op: Op, to: Layout, [a, b] = [keyOf(from), keyOf(to)]): Move => {
    const there = elsewhere(graph, id, op);
    if (a === b && there === "") return nothing;
    return moves.get(`${types[id]} ${a}>${there}${b}`, () =>
      moveOf(draft, id, from, placementOf(draft, op), to, slots),
    );
  };
  const bytes = new Cache<number>();
  const held = (id: number, column: Column, option: number): number => {
    const value = graph.values[id]!;
    const at = column.of[option]!;
    const layout = column.layouts[at]!;
    const place = graph.placements[value.placement]!;
    return bytes.get(`${types[id]} ${column.keys[at]}`, () => heldBy(value, layout, place));
  };

  const wishes = wishesOf(draft, menus);
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
    for (const id of new Set(op.inputs)) {
      const from = produced[id]!;
      const at = from.outputs.indexOf(id);
      const before = menus[from.id]!.outs[at]!;
      const inputs = op.inputs.flatMap((input, i) => (input === id ? [i] : []));
      const strict = draft.strict.has(op.name) || forbidsBoxing(draft, op);
      const { users, text } = share ? wishes[id]! : alone;
      const there = elsewhere(graph, id, op);
      const key = `box ${menus[from.id]!.id}.${at} ${there}${menu.id}.${inputs.join()} ${types[id]} ${strict} ${text}`;
      const charge = shared.get(key, () => {
        const after = together(inputs.map((i) => menu.ins[i]!));
        return between(before, after, (a, b) => {
          const wanted = after.layouts[b]!.filter(({ key: want }) => there !== "" || want !== before.keys[a]);
          if (strict && wanted.length) return { time: forbidden * wanted.length, memory: 0 };
          let [time, memory] = [0, 0];
          for (const { layout, key: want } of wanted) {
            const whole = move(id, before.layouts[a]!, op, layout, [before.keys[a]!, want]);
            const parts = users.get(there + want) ?? 1;
            time += Math.floor(whole.time / parts);
            memory += Math.floor(whole.memory / parts);
          }
          return { time, memory };
        });
      });
      tables.push({ variables: [from.id, op.id], ...charge });
    }
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
  const evaluate = (pick: readonly number[]): Move => {
    let [time, memory] = [0, 0];
    const copied = new Set<string>();
    for (const op of graph.ops) {
      const menu = menus[op.id]!;
      const option = pick[op.id]!;
      time += menu.own[option]!;
      op.outputs.forEach((id, j) => {
        memory += copies[id]! * held(id, menu.outs[j]!, option);
      });
      op.inputs.forEach((id, i) => {
        const from = produced[id]!;
        const [before, after] = [menus[from.id]!.outs[from.outputs.indexOf(id)]!, menu.ins[i]!];
        const [a, b] = [before.of[pick[from.id]!]!, after.of[option]!];
        const copy = `${id} ${elsewhere(graph, id, op)}${after.keys[b]}`;
        if (copied.has(copy)) return;
        copied.add(copy);
        const made = move(id, before.layouts[a]!, op, after.layouts[b]!, [before.keys[a]!, after.keys[b]!]);
        time += made.time;
        memory += made.memory;
      });
    }
    return { time, memory };
  };
  return { tables, move, evaluate };
}

const nothing: Move = { time: 0, memory: 0 };

const typeKey = ({ shape, dtype }: Value, place: PlacementData) => `${showPlacement(place)} ${dtype}[${shape.join()}]`;

/** The copy counts where it ends up; layouts on the way there, if there are any, are left out. */
function moveOf({ graph }: Draft, id: number, from: Layout, there: PlacementData, to: Layout, slots: number): Move {
  const value = graph.values[id]!;
  const type = { shape: shapeOf(value), dtype: value.dtype };
  const [source, target] = [
    { placement: graph.placements[value.placement]!, layout: from },
    { placement: there, layout: to },
  ];
  const { time, bytes } = boxingCost({ ...type, from: source, to: target, transfers: false });
  return { time: picoseconds(time), memory: heldBy(value, to, there) * (bytes > 0 ? slots : 1) };
}

/** Names the placement on which an op takes a value, where it is not the value's own. */
function elsewhere({ values }: LogicalGraph, id: number, op: Op): string {
  const { placement } = values[op.outputs[0]!]!;
  return placement === values[id]!.placement ? "" : `@${placement} `;
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

/** For each layout that any of a value's users can take it in, how many can; the text is the same for the same users. */
interface Wishes {
  readonly users: ReadonlyMap<string, number>;
  readonly text: string;
}

const alone: Wishes = { users: new Map(), text: "" };

function wishesOf({ graph }: Draft, menus: readonly Menu[]): readonly Wishes[] {
  const takers = graph.values.map(() => [] as string[]);
  const columns = graph.values.map(() => [] as ReadonlySet<string>[]);
  for (const op of graph.ops)
    for (const id of new Set(op.inputs)) {
      const inputs = op.inputs.flatMap((input, i) => (input === id ? [i] : []));
      takers[id]!.push(`${elsewhere(graph, id, op)}${menus[op.id]!.id}.${inputs.join()}`);
      const there = elsewhere(graph, id, op);
      columns[id]!.push(new Set(inputs.flatMap((i) => menus[op.id]!.ins[i]!.keys.map((key) => there + key))));
    }
  const known = new Cache<Wishes>();
  return takers.map((takes, id) => {
    const text = takes.sort().join(" ");
    return known.get(text, () => {
      const users = new Map<string, number>();
      for (const column of columns[id]!) for (const key of column) users.set(key, (users.get(key) ?? 0) + 1);
      return { users, text };
    });
  });
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
