/**
 * @file Tensors in ONNX's files: TensorProto by its field numbers, the numbers of every dtype by their bits. Source:
 * onnx/onnx.proto of ONNX 1.12.
 */
import { PbfReader } from "pbf";

/** A tensor as it is stored; `data` is null for strings and complex numbers. */
export interface OnnxTensor {
  readonly name: string;
  /** Of `dataTypes`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Float64Array | null;
}

/** TensorProto.DataType by number. */
export const dataTypes = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
];

/** The fields of the message that comes next, or of all that is left, each given to `read` by number. */
export const fields = (pbf: PbfReader, read: Readonly<Record<number, (pbf: PbfReader) => void>>): void => {
  pbf.readFields((tag) => read[tag]?.(pbf), null);
};
export const message = (pbf: PbfReader, read: Readonly<Record<number, (pbf: PbfReader) => void>>): void => {
  pbf.readMessage((tag) => read[tag]?.(pbf), null);
};

/** A half-precision number by its bits. */
function float16(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
}

/** bfloat16 is the upper half of a float32. */
export const bfloat16 = (bits: number): number => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;

/** Bytes of an element, and the element at a place. */
const raw: Readonly<Record<string, readonly [bytes: number, read: (view: DataView, at: number) => number]>> = {
  float32: [4, (v, at) => v.getFloat32(at, true)],
  float64: [8, (v, at) => v.getFloat64(at, true)],
  float16: [2, (v, at) => float16(v.getUint16(at, true))],
  bfloat16: [2, (v, at) => bfloat16(v.getUint16(at, true))],
  int8: [1, (v, at) => v.getInt8(at)],
  int16: [2, (v, at) => v.getInt16(at, true)],
  int32: [4, (v, at) => v.getInt32(at, true)],
  int64: [8, (v, at) => Number(v.getBigInt64(at, true))],
  uint8: [1, (v, at) => v.getUint8(at)],
  uint16: [2, (v, at) => v.getUint16(at, true)],
  uint32: [4, (v, at) => v.getUint32(at, true)],
  uint64: [8, (v, at) => Number(v.getBigUint64(at, true))],
  bool: [1, (v, at) => v.getUint8(at)],
};

function decode(dtype: string, bytes: Uint8Array): Float64Array | null {
  const [size, read] = raw[dtype] ?? [];
  if (!size || !read) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.byteLength / size }, (_, i) => read(view, i * size));
}

/** The fields of a TensorProto; a reader at its start runs them. */
function tensorFields(done: (tensor: OnnxTensor) => void) {
  const shape: number[] = [];
  const listed: number[] = [];
  const found: { name: string; dtype: string; bytes: Uint8Array | null } = { name: "", dtype: "", bytes: null };
  const read: Record<number, (pbf: PbfReader) => void> = {
    1: (pbf) => pbf.readPackedVarint(shape, true),
    2: (pbf) => {
      found.dtype = dataTypes[pbf.readVarint()] ?? "unknown";
    },
    4: (pbf) => pbf.readPackedFloat(listed),
    5: (pbf) => pbf.readPackedVarint(listed, true),
    7: (pbf) => pbf.readPackedVarint(listed, true),
    8: (pbf) => {
      found.name = pbf.readString();
    },
    9: (pbf) => {
      found.bytes = pbf.readBytes();
    },
    10: (pbf) => pbf.readPackedDouble(listed),
    11: (pbf) => pbf.readPackedVarint(listed),
  };
  const finish = () => {
    const { name, dtype, bytes } = found;
    // Small types are listed as int32: bits of the 16-bit floats, values of the others.
    const value = { float16, bfloat16 }[dtype] ?? ((x: number) => x);
    const known = dtype in raw;
    done({
      name,
      dtype,
      shape,
      data: known ? (bytes ? decode(dtype, bytes) : Float64Array.from(listed, value)) : null,
    });
  };
  return { read, finish };
}

export function nested(pbf: PbfReader): OnnxTensor {
  let tensor: OnnxTensor | undefined;
  const { read, finish } = tensorFields((t) => {
    tensor = t;
  });
  message(pbf, read);
  finish();
  return tensor!;
}

/** A file with one TensorProto. */
export function readTensor(file: Uint8Array): OnnxTensor {
  let tensor: OnnxTensor | undefined;
  const { read, finish } = tensorFields((t) => {
    tensor = t;
  });
  fields(new PbfReader(file), read);
  finish();
  return tensor!;
}
