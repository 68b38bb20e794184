/**
 * @file A large picture by module: where more nodes stand in one than can be taken in, those of a module become one node,
 * which says what it does, the parameters it has, and what its boxing steps are. Updates become one node for each frame.
 */
import { groupBy } from "../ir/group.ts";
import type { PlanData } from "../ir/plan.ts";
import { localParts, type Spot } from "./blocks.ts";
import { count, shorten, tally } from "./format.ts";
import type { Drawn } from "./logical-nodes.ts";
import { stepText, valueText } from "./logical-text.ts";
import type { NodeKind } from "./picture.ts";
import type { Toner } from "./tone.ts";

/** Nodes that a picture may have before modules are put together. */
const manyNodes = 60;
/** Nodes that one may stand for before it is taken apart by the modules inside it. */
const tooMany = 40;
const width = 44;
/** Parameters that are named; more are counted. */
const few = 2;

/** What `expanded` names stays as it is. */
export function joinModules(
  plan: PlanData,
  nodes: readonly Drawn[],
  expanded: (module: string) => boolean,
  toner: Toner,
): Drawn[] {
  if (nodes.length <= manyNodes) return [...nodes];
  // A part of a name is no module where it is an op's: what stands below `relu` is its gradient. An input has no parts.
  const named = nodes.filter(({ kind }) => kind !== "input");
  const ops = new Set(named.flatMap(({ spots }) => spots.map(({ parts }) => parts.join("."))));
  const isKept = ({ whole, op }: Spot) => {
    const parts = op.name.split(".");
    return whole || parts.some((_, i) => i > 0 && expanded(parts.slice(0, i).join(".")));
  };
  const keyAt = (depth: number) => (node: Drawn) => {
    const [spot] = node.spots as [Spot];
    const end = spot.parts.length - localParts(spot).length + depth;
    const name = spot.parts.slice(0, end).join(".");
    const alone = node.spots.some(isKept) || end >= spot.parts.length || ops.has(name);
    return alone ? node.id : JSON.stringify([node.inside, name]);
  };
  const join = (group: readonly Drawn[], depth: number): Drawn[] =>
    [...groupBy(group, keyAt(depth)).values()].flatMap((part) => {
      if (part.length === 1) return part;
      if (part.length > tooMany) return join(part, depth + 1);
      const one = joined(plan, part, depth);
      return [{ ...one, tone: toner.ops(one.ops) }];
    });
  const isUpdate = ({ spots }: Drawn) => spots[0]!.op.writes?.some((state) => state !== null) && !spots.some(isKept);
  const updates = groupBy(nodes.filter(isUpdate), ({ inside, spots }) => `${inside} ${spots[0]!.op.kind}`);
  return [
    ...join(
      nodes.filter((node) => !isUpdate(node)),
      1,
    ),
    ...[...updates.values()].map((group) =>
      group.length > 1 ? { ...whole(group), text: [updateText(group)] } : group[0]!,
    ),
  ];
}

const whole = (group: readonly Drawn[]): Drawn => ({
  ...group[0]!,
  kind: "module",
  ops: group.flatMap(({ ops }) => ops),
  spots: group.flatMap(({ spots }) => spots),
});

/** The name counts; what it is and keeps is said by each in the same words. */
const updateText = (group: readonly Drawn[]): string[] => [
  `${count(group.length)} updates`,
  ...group[0]!.text[0]!.slice(1, 2),
];

function joined(plan: PlanData, group: readonly Drawn[], depth: number): Drawn {
  // Alike in all that a node stands for.
  const of = (kind: NodeKind) => group.filter((node) => node.kind === kind);
  const opsOf = (kind: NodeKind) => of(kind).map((node) => node.spots[0]!);
  const counted = (texts: readonly string[]) => tally(texts).map(([text, n]) => (n > 1 ? `${text} ×${n}` : text));
  const states = of("state").map(({ spots, times }) => {
    const name = localParts(spots[0]!).slice(depth).join(".");
    const found = new Set(spots.map(({ copies }) => copies.join())).size;
    const rare = found < times ? [`in ${found} of ${times}`] : [];
    return [name, ...valueText(plan, spots[0]!.op.outputs[0]!), ...rare].join(" ");
  });
  const lines = [
    counted(opsOf("compute").map(({ op }) => op.kind)).join(", "),
    ...states.slice(0, few),
    ...(states.length > few ? [`… ${states.length - few} more`] : []),
    ...counted(opsOf("boxing").map(({ op }) => stepText(op))),
  ];
  const name = localParts(group[0]!.spots[0]!).slice(0, depth).join(".");
  const text = [name, ...lines.filter((line) => line !== "").map((line) => shorten(line, width))];
  return { ...whole(group), text: [text] };
}
