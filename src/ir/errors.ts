/**
 * @file Errors that people can act on. Each says what is wrong and where, the numbers, the legal choices and the next
 * step; `internal:` marks our own bugs.
 */
import type { ErrorCode } from "./codes/index.ts";
import type { Flight } from "./flight.ts";

export interface ErrorParts {
  /** The op, tensor, input, file or parameter it is about. */
  readonly subject?: string;
  /** What would be accepted. */
  readonly choices?: readonly string[];
  /** What to do next. */
  readonly hint?: string;
  /** The user's source line. */
  readonly at?: string | undefined;
  readonly cause?: unknown;
  /** Further lines of the message. */
  readonly details?: readonly string[];
}

/**
 * Base of all errors that Sluice throws on purpose. `code` is stable; messages may be reworded. The last line of a message
 * names the page of its code, a file of the package.
 */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  /** The first sentence alone, without subject and line, for a caller that knows these better. */
  readonly what: string;
  readonly subject: string | undefined;
  readonly choices: readonly string[];
  readonly hint: string | undefined;
  readonly at: string | undefined;

  constructor(code: ErrorCode, what: string, parts: ErrorParts = {}) {
    const lines = [`${parts.subject ? `${parts.subject}: ` : ""}${what}${parts.at ? ` · at ${parts.at}` : ""}`];
    for (const detail of parts.details ?? []) lines.push(`  ${detail}`);
    if (parts.choices?.length) lines.push(`  choices: ${parts.choices.join(", ")}`);
    if (parts.hint) lines.push(`  next: ${parts.hint}`);
    super(
      `${lines.join("\n")}\n  [${code}: sluice/docs/errors/${code}.md]`,
      parts.cause === undefined ? {} : { cause: parts.cause },
    );
    this.name = new.target.name;
    this.code = code;
    this.what = what;
    this.subject = parts.subject;
    this.choices = parts.choices ?? [];
    this.hint = parts.hint;
    this.at = parts.at;
  }
}

/** Shapes, dtypes or dims that do not fit. */
export class ShapeError extends SluiceError {}
/** An op, module or optimizer that cannot be part of the graph as it stands there. */
export class GraphError extends SluiceError {}
/** A placement that cannot be, or tensors on different ones. */
export class PlacementError extends SluiceError {}
/** An SBP or layout that is not legal where it stands. */
export class LayoutError extends SluiceError {}
/** A plan of another version, damaged, or unsafe to run. */
export class PlanError extends SluiceError {}
/** A pipeline schedule that cannot be read, is not whole, or would deadlock. */
export class ScheduleError extends SluiceError {}
/** A batch that does not fit the graph's inputs. */
export class FeedError extends SluiceError {}
/** A data file that is missing, truncated or of another format. */
export class DataError extends SluiceError {}
/** An executor that failed, or a session used after its end. */
export class SessionError extends SluiceError {
  /** Where one has failed: what every actor and thread was at, and did last. Left out when the error is printed. */
  readonly flight: Flight | undefined;

  constructor(code: ErrorCode, what: string, parts: ErrorParts & { readonly flight?: Flight | undefined } = {}) {
    super(code, what, parts);
    Object.defineProperty(this, "flight", { value: parts.flight, enumerable: false });
  }
}
/** An option that does not exist, or of a value that it cannot have. */
export class OptionError extends SluiceError {}
/** A bug in Sluice. */
export class InternalError extends SluiceError {
  constructor(what: string, parts: ErrorParts = {}) {
    super("SL0000", `internal: ${what}`, { hint: "please report this with the program that shows it", ...parts });
  }
}

/**
 * Names from `known` that `wrong` may have meant, the nearest first; for "did you mean". Near is a letter in three that is
 * missing, too many, another, or has changed places with the next (Damerau, 1964; capitals count as small letters): what is
 * farther off is a guess, and sends people the wrong way.
 */
export function nearest(wrong: string, known: readonly string[]): string[] {
  const scored = known.map((name) => ({ name, d: distance(wrong.toLowerCase(), name.toLowerCase()) }));
  const close = scored.filter(({ name, d }) => d <= Math.max(name.length, wrong.length) / 3);
  return close.sort((a, b) => a.d - b.d || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
}

function distance(a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : changed;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, changed, swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}

/** A value that should have been another, in few words: `"1"`, `[1,2]`, `an object`, `undefined`. */
export function showGiven(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  if (value instanceof Promise) return "a promise";
  if (typeof value !== "object" || value === null) return String(value);
  const name = value.constructor?.name;
  return name && name !== "Object" ? `of class ${name}` : "an object";
}

/** Finds the user's line; asked for only where it is needed, as it takes a stack trace. */
type Line = () => string | undefined;

/** Throws OptionError for names that are no options: a misspelt one would otherwise be left out in silence. */
export function checkOptions(
  code: ErrorCode,
  subject: string,
  options: unknown,
  known: readonly string[],
  line: Line,
): void {
  if (typeof options !== "object" || options === null)
    throw new OptionError(code, `options are an object, got ${showGiven(options)}`, {
      subject,
      at: line(),
      choices: known,
    });
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const [meant] = nearest(unknown, known);
  throw new OptionError(code, `there is no option "${unknown}"`, {
    subject,
    at: line(),
    choices: known,
    hint: meant === undefined ? "take it out" : `did you mean "${meant}"?`,
  });
}

/** Throws OptionError unless the option is absent or a whole number of at least `least`. */
export function checkWhole(code: ErrorCode, subject: string, value: unknown, least: number, line: Line): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= least)) return;
  throw new OptionError(code, `it is ${showGiven(value)}`, {
    subject,
    at: line(),
    choices: [`a whole number ≥ ${least}`],
  });
}
