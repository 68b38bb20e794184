/**
 * @file How far a run is: a bar in a terminal, a plain line now and then elsewhere, a summary at the end. The bar redraws
 * by a timer, which ends with `done` or with the scope that `using` gives.
 */
import { performance } from "node:perf_hooks";
import { Presets, SingleBar } from "cli-progress";
import { SluiceError } from "../ir/errors.ts";
import { count } from "../view/format.ts";
import { time } from "./units.ts";

/** Where lines go; `process.stdout` is one. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressOptions {
  /** Steps in all. Default: not known, and no bar is drawn. */
  readonly total?: number;
  /** What a step does `size` of: `images`, for images/s. */
  readonly unit: string;
  /** Units a step. */
  readonly size: number;
  /** Steps between two lines where there is no bar. Default: a tenth of the total, else 100. Ten seconds bring one too. */
  readonly every?: number;
  /** Default: `process.stdout`. */
  readonly out?: Terminal;
  /** Default: `process.env`; `NO_COLOR` in it means no colour. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds on a clock that only goes forward. */
  readonly now?: () => number;
}

export interface Progress extends Disposable {
  /** One step more is done; `values` are shown as they are named: `{ loss }`. */
  step(values: Readonly<Record<string, number>>): void;
  /** Ends the bar and writes the summary. Later calls do nothing. */
  done(): void;
}

/** Milliseconds without a line after which a step brings one. */
const longest = 10_000;

/**
 * Reports the progress of a run. Throws SluiceError SL7040 when total, size or every is no integer ≥ 1.
 *
 * @example
 * using bar = progress({ total: 468, unit: "images", size: 128 });
 * for await (const { loss } of session.run(batches)) bar.step({ loss });
 * bar.done();
 */
export function progress(options: ProgressOptions): Progress {
  const { total, unit, size, out = process.stdout, env = process.env, now = () => performance.now() } = options;
  const every = options.every ?? (total === undefined ? 100 : Math.max(1, Math.floor(total / 10)));
  for (const [name, value] of Object.entries({ ...(total !== undefined && { total }), size, every }))
    if (!Number.isInteger(value) || value < 1)
      throw new SluiceError("SL7040", `${name} is ${value}`, { subject: "progress", hint: "give an integer ≥ 1" });

  const start = now();
  let [steps, over, latest, told] = [0, false, start, start];
  let shown = "";
  /** Time counts up to the last step: what the program does afterwards is not part of the run. */
  const speed = () => {
    const passed = (latest - start) / 1000;
    return `${passed > 0 ? count(Math.round((steps * size) / passed)) : "–"} ${unit}/s`;
  };
  const left = () => total && `${duration(((latest - start) / 1000 / steps) * (total - steps))} left`;
  const facts = () => [shown, speed(), left()].filter(Boolean).join(" · ");
  const bar = out.isTTY && total !== undefined ? startBar(out, total, !env.NO_COLOR) : undefined;
  return {
    step(values) {
      if (over) return;
      steps++;
      latest = now();
      shown = named(values);
      if (bar) bar.update(steps, { facts: facts() });
      else if (steps % every === 0 || steps === total || latest - told >= longest) {
        told = latest;
        out.write(`step ${steps}${total === undefined ? "" : `/${total}`} · ${facts()}\n`);
      }
    },
    done() {
      if (over) return;
      over = true;
      bar?.stop();
      const passed = duration((latest - start) / 1000);
      out.write(`${[`${count(steps)} steps in ${passed}`, speed(), shown].filter(Boolean).join(" · ")}\n`);
    },
    [Symbol.dispose]() {
      over = true;
      bar?.stop();
    },
  };
}

const widest = 24;

/**
 * The terminal is as it was at any time, so that a second Ctrl-C leaves nothing behind: lines are cut, not kept from wrapping,
 * and the cursor does not go back to where it was once, as other lines may have come since.
 */
function startBar(out: Terminal, total: number, colour: boolean): SingleBar {
  const filled = colour ? "\u001b[36m{bar}\u001b[39m" : "{bar}";
  const jumps = ["\u001b7", "\u001b8"];
  const screen = {
    isTTY: true,
    get columns() {
      return out.columns;
    },
    write: (text: string) => jumps.includes(text) || out.write(text),
  };
  const bar = new SingleBar(
    {
      format: `${filled} {value}/{total} · {facts}`,
      stream: screen as unknown as NodeJS.WriteStream,
      barsize: Math.min(widest, Math.floor((out.columns ?? 80) / 3)),
      linewrap: true,
      fps: 10,
      gracefulExit: false, // its handler would swallow the first Ctrl-C
    },
    Presets.rect,
  );
  bar.start(total, 0, { facts: "first step" });
  return bar;
}

const named = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(", ");

/** `0.4 s`, `12 s`, `3 min 05 s`, `26.5 h` */
function duration(t: number): string {
  if (t < 9.95) return `${t.toFixed(1)} s`;
  const whole = Math.round(t);
  if (whole >= 7200) return time(t);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
