/** @file Ops that make one number of many, along dims. */
import type { Site, Table, Write } from "../site.ts";
import { cast } from "./elements.ts";

/** Of no dims ONNX would reduce all. */
const reduce =
  (type: string): Write =>
  ({ ins: [x], attrs, node, ints }) => {
    const dims = attrs.dims as readonly number[];
    return dims.length ? node(type, [x!.name, ints(dims)], { keepdims: Number(attrs.keep) }) : x!.name;
  };

const axis = ({ attrs }: Site) => ({ axis: attrs.dim as number });

/** Places are int64 in ONNX, int32 in ours. */
function topK(site: Site): readonly string[] {
  const { ins, attrs, node, nodes, ints } = site;
  const [values, places] = nodes("TopK", [ins[0]!.name, ints([attrs.k as number])], axis(site), 2);
  return [values!, cast(node, places!, "int32")];
}

export const reductions: Table = {
  argmax: (site) => {
    const found = site.node("ArgMax", [site.ins[0]!.name], { ...axis(site), keepdims: 0 });
    return cast(site.node, found, "int32");
  },
  cumsum: ({ ins: [x], attrs, node, scalar }) =>
    node("CumSum", [x!.name, scalar("int32", attrs.dim as number)], { reverse: Number(attrs.reverse) }),
  logSoftmax: (site) => site.node("LogSoftmax", [site.ins[0]!.name], axis(site)),
  max: reduce("ReduceMax"),
  mean: reduce("ReduceMean"),
  min: reduce("ReduceMin"),
  softmax: (site) => site.node("Softmax", [site.ins[0]!.name], axis(site)),
  sum: reduce("ReduceSum"),
  topK,
};
