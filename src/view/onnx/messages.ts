/**
 * @file ONNX's messages as data, and their bytes: as far as a model of tensors needs them, by their field numbers.
 * Source: onnx/onnx.proto of ONNX 1.15.
 */
import { PbfWriter } from "pbf";
import type { AnyArray, DType } from "../../ir/dtype.ts";
import type { Shape } from "../../ir/graph.ts";

/** What a file says it is written in: the IR version and the operator set of ONNX 1.15. */
const irVersion = 9;
const opset = 20;

export interface OnnxTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: AnyArray;
}

/** A number that is no integer, or is to be read as none, is written `{ float }`. */
export type OnnxAttr = number | { readonly float: number } | string | readonly number[] | OnnxTensor;
export type OnnxAttrs = Readonly<Record<string, OnnxAttr>>;

export interface OnnxNode {
  readonly type: string;
  readonly name: string;
  /** An input that is left out is "". */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: OnnxAttrs;
}

/** A dim that is a name stays one: ONNX's `dim_param`. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface OnnxModel {
  /** What the file says of itself. */
  readonly about: string;
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** What is known of the values in between: viewers show it. */
  readonly values: readonly OnnxValue[];
}

/** TensorProto.DataType */
export const dataType: Readonly<Record<DType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

/** AttributeProto.AttributeType */
const attributeType = { float: 1, int: 2, string: 3, tensor: 4, ints: 7 };

/** Elements lie in the file as they lie in memory: little-endian both. */
const bytesOf = ({ buffer, byteOffset, byteLength }: AnyArray) => new Uint8Array(buffer, byteOffset, byteLength);

function writeTensor({ name, dtype, shape, data }: OnnxTensor, pbf: PbfWriter): void {
  if (shape.length) pbf.writePackedVarint(1, [...shape]);
  pbf.writeVarintField(2, dataType[dtype]);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, bytesOf(data));
}

function writeAttribute([name, value]: readonly [string, OnnxAttr], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  const type = (of: keyof typeof attributeType) => pbf.writeVarintField(20, attributeType[of]);
  if (typeof value === "number") {
    pbf.writeVarintField(3, value);
    type("int");
  } else if (typeof value === "string") {
    pbf.writeBytesField(4, new TextEncoder().encode(value));
    type("string");
  } else if ("float" in value) {
    pbf.writeFloatField(2, value.float);
    type("float");
  } else if ("dtype" in value) {
    pbf.writeMessage(5, writeTensor, value);
    type("tensor");
  } else {
    pbf.writePackedVarint(8, [...value]);
    type("ints");
  }
}

function writeNode({ type, name, inputs, outputs, attrs }: OnnxNode, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  for (const output of outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, type);
  for (const attr of Object.entries(attrs)) pbf.writeMessage(5, writeAttribute, attr);
}

function writeDim(dim: number | string, pbf: PbfWriter): void {
  if (typeof dim === "number") pbf.writeVarintField(1, dim);
  else pbf.writeStringField(2, dim);
}

const writeShape = (shape: Shape, pbf: PbfWriter): void => {
  for (const dim of shape) pbf.writeMessage(1, writeDim, dim);
};

function writeTensorType({ dtype, shape }: OnnxValue, pbf: PbfWriter): void {
  pbf.writeVarintField(1, dataType[dtype]);
  pbf.writeMessage(2, writeShape, shape);
}

const writeType = (value: OnnxValue, pbf: PbfWriter): void => pbf.writeMessage(1, writeTensorType, value);

function writeValue(value: OnnxValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, value.name);
  pbf.writeMessage(2, writeType, value);
}

function writeGraph({ nodes, name, initializers, inputs, outputs, values }: OnnxModel, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, name);
  for (const tensor of initializers) pbf.writeMessage(5, writeTensor, tensor);
  for (const value of inputs) pbf.writeMessage(11, writeValue, value);
  for (const value of outputs) pbf.writeMessage(12, writeValue, value);
  for (const value of values) pbf.writeMessage(13, writeValue, value);
}

const writeOpset = (version: number, pbf: PbfWriter): void => {
  pbf.writeStringField(1, "");
  pbf.writeVarintField(2, version);
};

/** The file of a model. */
export function encode(model: OnnxModel): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, irVersion);
  pbf.writeStringField(2, "sluice");
  pbf.writeStringField(6, model.about);
  pbf.writeMessage(7, writeGraph, model);
  pbf.writeMessage(8, writeOpset, opset);
  return pbf.finish();
}
