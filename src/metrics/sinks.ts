/** @file Where metrics go: each kind of file, as what is appended to it for a step. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { StepMetrics } from "../ir/session.ts";
import { encodeEvent, frame } from "./tf-event.ts";

export interface Sink {
  readonly file: string;
  write(metrics: StepMetrics): void;
  close(): void;
}

/**
 * A line of JSON a step. JSON has no names for what is no finite number: such values are the texts "NaN", "Infinity" and
 * "-Infinity", as in the JSON of protocol buffers.
 */
export function jsonlSink(file: string): Sink {
  const { write, close } = append(file);
  return { file, write: (metrics) => write(Buffer.from(jsonLine(metrics))), close };
}

const jsonLine = (metrics: StepMetrics): string =>
  `${JSON.stringify(metrics, (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value))}\n`;

/** Event files opened in this second by this process must differ in name. */
let opened = 0;

/**
 * An event file of its own in a folder, as TensorBoard wants it: `plan/loss` for an output, `plan/ms_per_step` for the
 * time. Steps count on from run to run, by plan.
 */
export function tensorBoardSink(folder: string): Sink {
  const seconds = () => Date.now() / 1000;
  const name = `events.out.tfevents.${Math.floor(seconds())}.${hostname()}.${process.pid}.${opened++}`;
  const file = join(folder, name);
  const { write, close } = append(file);
  const steps = new Map<string, number>();
  write(frame(encodeEvent({ wallTime: seconds(), scalars: [] })));
  return {
    file,
    write({ plan, ms, outputs }) {
      const step = steps.get(plan) ?? 0;
      steps.set(plan, step + 1);
      const scalars = Object.entries({ ...outputs, ms_per_step: ms }).map(
        ([name, value]) => [`${plan}/${name}`, value] as const,
      );
      write(frame(encodeEvent({ wallTime: seconds(), step, scalars })));
    },
    close,
  };
}

/** A file at whose end something is written, at once: what was written is there however the process ends. */
function append(file: string) {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, "a");
  return {
    write(bytes: Uint8Array): void {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    },
    close: () => closeSync(descriptor),
  };
}
