/**
 * @file `writeMetrics`: what a session tells of its steps, in files. Each step is written before the next one is taken, so
 * there is nothing to flush: however the process ends, by an error or a signal, what was told is there.
 */
import type { Observable, Subscription } from "rxjs";
import { checkOptions, DataError, OptionError, showGiven } from "../ir/errors.ts";
import type { StepMetrics } from "../ir/session.ts";
import { jsonlSink, type Sink, tensorBoardSink } from "./sinks.ts";

/** One of them at least. Folders are made where they lack. */
export interface MetricsFiles {
  /** A file: each step is a line, the `StepMetrics` as JSON, at its end. */
  readonly jsonl?: string;
  /** A folder for TensorBoard's event files: each call writes one of its own there. `tensorboard --logdir` takes it. */
  readonly tensorBoard?: string;
}

export interface MetricsWriter extends Disposable {
  readonly files: readonly string[];
  /** Writes no more; it ends with the session by itself. Throws DataError SL7050 where something was not written. */
  close(): void;
}

const kinds = { jsonl: jsonlSink, tensorBoard: tensorBoardSink } as const;

/**
 * Writes the metrics of every step, of all plans of a session. A step costs some tens of microseconds a file.
 *
 * Throws OptionError SL1074 and SL1075 for `files` and for what is no stream of metrics, DataError SL7050 for a file that cannot be written. Where that happens
 * later, a full disk, the training goes on: the process is warned, no more is written, and `close` throws.
 *
 * @example
 * await using session = await launch(plan);
 * using written = writeMetrics(session.metrics$, { jsonl: "runs/1/metrics.jsonl", tensorBoard: "runs/1" });
 * for await (const { loss } of session.run(batches)) console.log(loss);
 */
export function writeMetrics(metrics: Observable<StepMetrics>, files: MetricsFiles): MetricsWriter {
  if (typeof (metrics as Partial<typeof metrics> | null | undefined)?.subscribe !== "function")
    throw new OptionError("SL1075", `it is ${showGiven(metrics)}`, {
      subject: "writeMetrics, the metrics",
      choices: ["session.metrics$"],
    });
  const names = Object.keys(kinds) as (keyof typeof kinds)[];
  checkOptions("SL1074", "writeMetrics", files, names, () => undefined);
  const given = names.filter((name) => files[name] !== undefined);
  const wrong = given.find((name) => typeof files[name] !== "string" || files[name] === "");
  if (wrong !== undefined || given.length === 0)
    throw new OptionError("SL1075", wrong ? `it is ${showGiven(files[wrong])}` : "it names no file", {
      subject: `writeMetrics, ${wrong ? `option ${wrong}` : "files"}`,
      choices: wrong ? ["a path"] : ["{ jsonl: path }", "{ tensorBoard: folder }", "both"],
    });
  let failure: DataError | undefined;
  const sinks: Sink[] = [];
  for (const name of given)
    try {
      sinks.push(kinds[name](files[name]!));
    } catch (error) {
      for (const sink of sinks) sink.close();
      throw failed(files[name]!, error);
    }
  let subscription: Subscription | undefined;
  let open = true;
  function end(): void {
    if (!open) return;
    open = false;
    subscription?.unsubscribe();
    for (const sink of sinks) sink.close();
  }
  const write = (step: StepMetrics) => {
    for (const sink of sinks)
      try {
        sink.write(step);
      } catch (error) {
        failure = failed(sink.file, error);
        process.emitWarning(failure);
        end();
        return;
      }
  };
  subscription = metrics.subscribe({ next: write, complete: end, error: end });
  function close(): void {
    end();
    const thrown = failure;
    failure = undefined;
    if (thrown) throw thrown;
  }
  return { files: sinks.map(({ file }) => file), close, [Symbol.dispose]: close };
}

const failed = (file: string, cause: unknown): DataError =>
  new DataError("SL7050", `metrics cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`, {
    subject: file,
    hint: "give a path that this process may write to, on a disk with room",
    cause,
  });
