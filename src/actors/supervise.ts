/**
 * @file Supervision of executor threads: one that throws, ends or makes no progress becomes an error that names the task,
 * rank and stream, with the flight recorder's picture of that moment.
 */

import { SessionError } from "../ir/errors.ts";
import type { Flight } from "../ir/flight.ts";
import type { createCrew } from "./crew.ts";
import { type FlightParts, type Recorder, waiting } from "./flight.ts";
import { quarantined } from "./quarantine.ts";
import type { Hang } from "./session-types.ts";
import type { ThreadEvents } from "./threads.ts";
import { createWatchdog } from "./watchdog.ts";

const restart = "close the session and start another from the last checkpoint";
/** Milliseconds that a hung thread gets to end: JavaScript and wasm do at once, native code does not. */
const grace = 250;

export interface Charge extends FlightParts {
  readonly crew: ReturnType<typeof createCrew>;
  readonly recorder: Recorder;
  /** Milliseconds. */
  readonly timeout: number;
  readonly onHang: Hang;
  broken(): Error | undefined;
  /** Ends the session. `actor` is whose firing it was. */
  fail(error: SessionError, actor: number | undefined): void;
  /** A thread can no longer work for its ranks. */
  lost(thread: number): void;
}

export interface Supervisor extends ThreadEvents {
  flight(): Flight;
  stop(): void;
}

export function createSupervisor(charge: Charge): Supervisor {
  const { launcher, crew, threads, recorder, timeout, onHang, broken, fail, lost } = charge;
  const flight = () => recorder.flight(charge);

  /** The task that a launch is of; else the thread and its ranks. */
  function subjectOf(thread: number, launched = launcher.queue(thread).launches[0]) {
    const spec = launched && recorder.spec(launched.actor);
    const subject = spec
      ? `task ${spec.name}, firing ${launched.seq} (rank ${spec.rank}, ${spec.stream} stream)`
      : `executor thread ${thread} of ranks ${threads.ranksOf(thread).join(",")}`;
    return { subject, actor: spec?.id };
  }

  async function hung(thread: number, ms: number): Promise<void> {
    if (broken()) return;
    const { subject, actor } = subjectOf(thread);
    const taken = flight();
    const ended = await crew.endThread(thread, grace);
    if (broken()) return;
    lost(thread);
    const parts = { subject, flight: taken, details: waiting(taken) };
    const patience = `{ timeout: ${10 * timeout} }`;
    const time = `${(ms / 1000).toFixed(1)} s`;
    if (ended)
      return fail(
        new SessionError("SL4037", `it made no progress for ${time}; thread ${thread} was ended`, {
          ...parts,
          hint: `if its work may take that long, launch with ${patience} (in ms); else mend what it waits for or repeats`,
        }),
        actor,
      );
    const { bytes } = quarantined();
    const kept = `thread ${thread} and ${(bytes / 2 ** 20).toFixed(0)} MiB of memory are kept from use until it returns`;
    const error = new SessionError(
      "SL4038",
      `it made no progress for ${time} in native code, which cannot end; ${kept}`,
      {
        ...parts,
        hint: `if its work may take that long, launch with ${patience} (in ms); { onHang: "kill" } ends the process instead`,
      },
    );
    if (onHang === "kill") {
      console.error(error.message);
      process.kill(process.pid, "SIGKILL");
    }
    fail(error, actor);
  }

  const watchdog = createWatchdog(launcher, timeout, (thread, ms) => void hung(thread, ms));
  return {
    flight,
    stop: watchdog.stop,
    failed(thread, launch, { code = "SL4012", what, at, stack, hint = restart }) {
      if (broken()) return;
      const { subject, actor } = subjectOf(
        thread,
        launch === undefined ? undefined : launcher.launched(thread, launch),
      );
      const taken = flight();
      lost(thread);
      const cause = stack === undefined ? {} : { cause: Object.assign(new Error(what), { stack }) };
      fail(new SessionError(code, what, { subject, at, hint, flight: taken, ...cause }), actor);
    },
  };
}
