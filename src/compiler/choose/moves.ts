/** @file What it takes to bring a value from one layout to another, remembered by the model of links. */

import type { Layout } from "../../ir/layout.ts";
import { type PlacementData, showPlacement } from "../../ir/placement.ts";
import { boxingCost } from "../../sbp/boxing.ts";
import { Cache } from "../../sbp/cache.ts";
import { type Model, sharedMemory } from "../../sbp/link.ts";
import { type Draft, shapeOf } from "../draft.ts";
import { picoseconds } from "../work.ts";
import { heldBy, typesOf } from "./menu.ts";

export interface Price {
  /** Picoseconds. */
  readonly time: number;
  /** Bytes on the rank that holds the most. */
  readonly memory: number;
}

/** What it takes to bring a value from one layout to another. */
export interface Move extends Price {
  /** Whether peers take it, so that what is moved must wait for them. */
  readonly sent: boolean;
}

export const nothing: Move = { time: 0, memory: 0, sent: false };

/** A layout with its text. */
export interface Keyed {
  readonly layout: Layout;
  readonly key: string;
}

type Moves = Cache<Cache<Move>>;

/** By a model of links, by what is moved where, by the layouts of the two ends: known for all graphs. */
const movesBy = new WeakMap<Model, Cache<Moves>>();

/** For a value, and the placement of its taker where that is another, the moves from layout to layout. */
export function movesOf(draft: Draft) {
  const { graph, options } = draft;
  const { slots = 2, model = sharedMemory } = options;
  const all = movesBy.get(model) ?? new Cache<Moves>(1 << 10);
  movesBy.set(model, all);
  const types = typesOf(graph);
  /** `local`: copies that count where a rank makes one by itself. */
  return (value: number, local: number, there?: PlacementData) => {
    const moves = all.get(`${slots} ${local} ${types[value]} ${there ? showPlacement(there) : ""}`, () => new Cache());
    return (from: Keyed) => {
      const row = moves.get(from.key, () => new Cache());
      return (to: Keyed): Move =>
        !there && from.key === to.key
          ? nothing
          : row.get(to.key, () => moveOf(draft, value, from.layout, there, to.layout, { slots, local }));
    };
  };
}

/** A copy that comes from peers is there in every slot, and so is what it was on its way. */
function moveOf(
  { graph, options }: Draft,
  id: number,
  from: Layout,
  there: PlacementData | undefined,
  to: Layout,
  { slots, local }: { readonly slots: number; readonly local: number },
): Move {
  const value = graph.values[id]!;
  const type = { shape: shapeOf(value), dtype: value.dtype };
  const here = graph.placements[value.placement]!;
  const [source, target] = [
    { placement: here, layout: from },
    { placement: there ?? here, layout: to },
  ];
  const { time, bytes, stops } = boxingCost({ ...type, from: source, to: target, transfers: false }, options.model);
  const sent = bytes > 0;
  const held = [...stops, target].reduce((sum, { layout, placement }) => sum + heldBy(value, layout, placement), 0);
  return { time: picoseconds(time), memory: Math.ceil(held * (sent ? slots : local)), sent };
}
