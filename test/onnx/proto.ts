/**
 * @file Reads ONNX's files: the messages of onnx.proto by their field numbers, as far as the node tests use them.
 * Source: onnx/onnx.proto of ONNX 1.12 (field numbers and data types).
 */
import { PbfReader } from "pbf";
import { dataTypes, fields, message, nested, type OnnxTensor } from "./tensors.ts";

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: Readonly<Record<string, OnnxAttr>>;
}

/** A graph stands for itself: nothing here looks into one. */
export type OnnxAttr = number | string | OnnxTensor | readonly number[] | readonly string[] | { readonly graph: true };

/** What a graph takes or gives: a tensor of a dtype, or "sequence", "optional", … */
export interface OnnxValueInfo {
  readonly name: string;
  readonly kind: string;
}

export interface OnnxModel {
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}

function attribute(pbf: PbfReader): readonly [name: string, value: OnnxAttr] {
  let name = "";
  let type = 0;
  const [floats, ints, strings]: [number[], number[], string[]] = [[], [], []];
  const single: { f: number; i: number; s: string; t?: OnnxTensor } = { f: 0, i: 0, s: "" };
  message(pbf, {
    1: (p) => {
      name = p.readString();
    },
    2: (p) => {
      single.f = p.readFloat();
    },
    3: (p) => {
      single.i = p.readVarint(true);
    },
    4: (p) => {
      single.s = p.readString();
    },
    5: (p) => {
      single.t = nested(p);
    },
    7: (p) => p.readPackedFloat(floats),
    8: (p) => p.readPackedVarint(ints, true),
    9: (p) => strings.push(p.readString()),
    20: (p) => {
      type = p.readVarint();
    },
  });
  const byType: Readonly<Record<number, OnnxAttr>> = {
    1: single.f,
    2: single.i,
    3: single.s,
    ...(single.t && { 4: single.t }),
    6: floats,
    7: ints,
    8: strings,
  };
  return [name, byType[type] ?? { graph: true }];
}

function node(pbf: PbfReader): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attrs: Record<string, OnnxAttr> = {};
  let [op, domain] = ["", ""];
  message(pbf, {
    1: (p) => inputs.push(p.readString()),
    2: (p) => outputs.push(p.readString()),
    4: (p) => {
      op = p.readString();
    },
    5: (p) => {
      const [name, value] = attribute(p);
      attrs[name] = value;
    },
    7: (p) => {
      domain = p.readString();
    },
  });
  return { op, domain, inputs, outputs, attrs };
}

function valueInfo(pbf: PbfReader): OnnxValueInfo {
  let [name, kind] = ["", "unknown"];
  const tensorType = (p: PbfReader) =>
    message(p, {
      1: (q) => {
        kind = dataTypes[q.readVarint()] ?? "unknown";
      },
    });
  const other = (text: string) => () => {
    kind = text;
  };
  message(pbf, {
    1: (p) => {
      name = p.readString();
    },
    2: (p) =>
      message(p, { 1: tensorType, 4: other("sequence"), 5: other("map"), 8: other("sparse"), 9: other("optional") }),
  });
  return { name, kind };
}

/** A model file. */
export function readModel(file: Uint8Array): OnnxModel {
  const [nodes, initializers]: [OnnxNode[], OnnxTensor[]] = [[], []];
  const [inputs, outputs]: [OnnxValueInfo[], OnnxValueInfo[]] = [[], []];
  let opset = 0;
  const graph = (pbf: PbfReader) =>
    message(pbf, {
      1: (p) => nodes.push(node(p)),
      5: (p) => initializers.push(nested(p)),
      11: (p) => inputs.push(valueInfo(p)),
      12: (p) => outputs.push(valueInfo(p)),
    });
  const imported = (pbf: PbfReader) => {
    let [domain, version] = ["", 0];
    message(pbf, {
      1: (p) => {
        domain = p.readString();
      },
      2: (p) => {
        version = p.readVarint();
      },
    });
    if (domain === "") opset = version;
  };
  fields(new PbfReader(file), { 7: graph, 8: imported });
  return { opset, nodes, initializers, inputs, outputs };
}
