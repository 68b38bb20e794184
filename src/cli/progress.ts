/**
 * @file How far a run is: a bar in a terminal, a plain line now and then elsewhere, a summary at the end. The bar redraws
 * by a timer, which ends with `done` or with the scope that `using` gives.
 */
import { performance } from "node:perf_hooks";
import { Presets, SingleBar } from "cli-progress";
import { SluiceError } from "../ir/errors.ts";

/** Where lines go; `process.stdout` is one. */
export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface ProgressOptions {
  /** Steps in all. */
  readonly total: number;
  /** What a step does `size` of: `images`, for images/s. */
  readonly unit: string;
  /** Units a step. */
  readonly size: number;
  /** Steps between two lines where there is no terminal. Default: a tenth of the total. */
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
  const every = options.every ?? Math.max(1, Math.floor(total / 10));
  for (const [name, value] of Object.entries({ total, size, every }))
    if (!Number.isInteger(value) || value < 1)
      throw new SluiceError("SL7040", `${name} is ${value}`, { subject: "progress", hint: "give an integer ≥ 1" });

  const start = now();
  let [steps, over] = [0, false];
  let latest: Readonly<Record<string, number>> = {};
  const facts = () => {
    const passed = (now() - start) / 1000;
    const left = steps ? (passed / steps) * (total - steps) : 0;
    const speed = passed > 0 ? grouped(Math.round((steps * size) / passed)) : "–";
    return { values: named(latest), speed: `${speed} ${unit}/s`, left: duration(left), passed: duration(passed) };
  };
  const bar = out.isTTY ? startBar(out, total, facts(), !env.NO_COLOR) : undefined;
  return {
    step(values) {
      if (over) return;
      steps++;
      latest = values;
      bar?.update(steps, facts());
      if (!bar && (steps % every === 0 || steps === total)) {
        const { values: shown, speed, left } = facts();
        out.write(`step ${steps}/${total} · ${[shown, speed].filter(Boolean).join(" · ")} · ${left} left\n`);
      }
    },
    done() {
      if (over) return;
      over = true;
      bar?.update(steps, facts());
      bar?.stop();
      const { values, speed, passed } = facts();
      out.write(`${[`${grouped(steps)} steps in ${passed}`, speed, values].filter(Boolean).join(" · ")}\n`);
    },
    [Symbol.dispose]() {
      over = true;
      bar?.stop();
    },
  };
}

type Facts = Readonly<Record<"values" | "speed" | "left" | "passed", string>>;

function startBar(out: Terminal, total: number, facts: Facts, colour: boolean): SingleBar {
  const filled = colour ? "\u001b[36m{bar}\u001b[39m" : "{bar}";
  const bar = new SingleBar(
    {
      format: `${filled} {value}/{total} · {values} · {speed} · {left} left`,
      stream: out as NodeJS.WriteStream,
      barsize: 24,
      fps: 10,
      gracefulExit: false, // its handler would swallow the first Ctrl-C
    },
    Presets.rect,
  );
  bar.start(total, 0, facts);
  return bar;
}

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");

const named = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(", ");

/** `0.4 s`, `12 s`, `3 min 05 s` */
function duration(t: number): string {
  if (t < 9.95) return `${t.toFixed(1)} s`;
  const whole = Math.round(t);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}
