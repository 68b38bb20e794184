/**
 * @file A picture with places, as Graphviz lays it out: where nodes, frames and labels stand and how edges run. The page
 * draws it itself, so that it has the page's colours, and thousands of nodes are no elements.
 */
import type { Picture, PictureNode } from "../picture.ts";
import { pictureDot } from "../picture-dot.ts";
import { dotToJson } from "../svg.ts";
import type { Drawing, DrawnEdge, DrawnFrame, DrawnNode } from "./types.ts";

/** What the page's document says of a node besides its place. */
export interface Marks {
  ops(node: PictureNode): readonly number[];
  tasks(node: PictureNode): readonly number[];
  /** Names of drawings, by id of nodes and frames. */
  readonly opens: ReadonlyMap<string, string>;
  /** Ids of nodes that stand outside. */
  readonly outside?: ReadonlySet<string>;
}

/** What is read of Graphviz's JSON. Lengths are points, sizes of nodes inches; y grows upwards. */
interface Laid {
  readonly bb: string;
  readonly objects?: readonly {
    readonly _gvid: number;
    readonly name: string;
    readonly bb?: string;
    readonly pos?: string;
    readonly width?: string;
    readonly height?: string;
    readonly shape?: string;
    readonly rects?: string;
  }[];
  /** An edge that Graphviz finds no way for has no `pos`. */
  readonly edges?: readonly { readonly id?: string; readonly pos?: string; readonly lp?: string }[];
}

const inch = 72;

export async function drawingOf(picture: Picture, marks: Marks): Promise<Drawing> {
  const laid = (await dotToJson(pictureDot({ ...picture, text: [], legend: [] }, true))) as Laid;
  const [, , width, height] = numbers(laid.bb) as [number, number, number, number];
  const down = (y: number) => round(height - y);
  const point = ([x, y]: readonly number[]): [number, number] => [round(x!), down(y!)];
  const found = new Map((laid.objects ?? []).map((each) => [each.name, each]));
  const edges = new Map(
    (laid.edges ?? []).flatMap((each) => (each.id === undefined ? [] : [[each.id, each] as const])),
  );
  const straight = (from: string, to: string) => {
    const [a, b] = [found.get(from)!.pos!, found.get(to)!.pos!];
    return `${a} ${a} ${b} ${b}`;
  };
  const places = new Map(picture.nodes.map(({ id }, i) => [id, i]));
  return {
    title: picture.text[0] ?? "",
    width: round(width),
    height: round(height),
    legend: picture.legend,
    nodes: picture.nodes.map((node): DrawnNode => {
      const { pos, width: w, height: h, shape, rects } = found.get(node.id)!;
      const [x, y] = point(numbers(pos!));
      const opens = marks.opens.get(node.id);
      return {
        id: node.id,
        kind: node.kind,
        tone: node.tone,
        shape: shape!,
        x,
        y,
        w: round(Number(w) * inch),
        h: round(Number(h) * inch),
        text: node.text,
        // The lower ends of all fields but the last.
        lines: (rects?.split(" ") ?? []).slice(0, -1).map((rect) => down(numbers(rect)[1]!)),
        ops: marks.ops(node),
        tasks: marks.tasks(node),
        ...(opens !== undefined && { opens }),
        ...(marks.outside?.has(node.id) && { outside: true }),
      };
    }),
    edges: picture.edges.map(({ from, to, kind, tone, text }, i): DrawnEdge => {
      const { pos, lp } = edges.get(`${i}`) ?? {};
      const parts = (pos ?? straight(from, to)).split(" ");
      const tip = parts.find((part) => part.startsWith("e,"));
      return {
        from: places.get(from)!,
        to: places.get(to)!,
        kind,
        tone,
        path: parts.filter((part) => !/^[se],/.test(part)).flatMap((part) => point(numbers(part))),
        ...(tip && { tip: point(numbers(tip.slice(2))) }),
        text,
        ...(lp && { at: point(numbers(lp)) }),
      };
    }),
    frames: picture.clusters.flatMap(({ id, kind, text }): DrawnFrame[] => {
      const box = found.get(`cluster_${id}`)?.bb;
      if (box === undefined) return [];
      const [left, bottom, right, top] = numbers(box) as [number, number, number, number];
      const opens = marks.opens.get(id);
      return [
        {
          kind,
          text,
          box: [round(left), down(top), round(right - left), round(top - bottom)],
          ...(opens !== undefined && { opens }),
        },
      ];
    }),
  };
}

const numbers = (text: string): number[] => text.split(",").map(Number);
const round = (n: number): number => Math.round(n * 10) / 10;
