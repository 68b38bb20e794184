/**
 * @file What TensorBoard reads: protocol buffers of type `Event` in TFRecord frames. Bytes only; files are elsewhere.
 *
 * Source: tensorflow's `event.proto` and `summary.proto` for the numbers of fields, its `record_writer.h` for the frame.
 */
import { PbfWriter } from "pbf";
import { crc32c } from "./crc32c.ts";

export interface TfEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Absent in the first event of a file. */
  readonly step?: number;
  readonly scalars: readonly (readonly [tag: string, value: number])[];
}

/** What the first event of every file says. */
const version = "brain.Event:2";

const field = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const summaryField = { value: 1 } as const;
const valueField = { tag: 1, simpleValue: 2 } as const;

/** An `Event`: that which begins a file where there is no step, else one of scalars. */
export function encodeEvent({ wallTime, step, scalars }: TfEvent): Uint8Array {
  const event = new PbfWriter();
  event.writeDoubleField(field.wallTime, wallTime);
  if (step === undefined) event.writeStringField(field.fileVersion, version);
  else {
    event.writeVarintField(field.step, step);
    event.writeMessage(field.summary, writeSummary, scalars);
  }
  return event.finish();
}

function writeSummary(scalars: TfEvent["scalars"], summary: PbfWriter): void {
  for (const scalar of scalars) summary.writeMessage(summaryField.value, writeValue, scalar);
}

function writeValue([tag, value]: TfEvent["scalars"][number], pbf: PbfWriter): void {
  pbf.writeStringField(valueField.tag, tag);
  pbf.writeFloatField(valueField.simpleValue, value);
}

/** A checksum as the frame has it: turned and moved, for one of data that holds checksums would be weak. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One record: its length in 64 bits, the length's checksum, the data, the data's checksum; all little-endian. */
export function frame(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(12 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return record;
}
