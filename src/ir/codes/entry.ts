/**
 * @file What is known of one error code: the text of its page, and a program that meets it. Data only: pages are written
 * and programs run by `tools/error-pages.ts`, nothing of it is loaded by a user's program.
 */

export type ErrorClass =
  | "CheckError"
  | "DataError"
  | "FeedError"
  | "GraphError"
  | "InternalError"
  | "LayoutError"
  | "OptionError"
  | "PlacementError"
  | "PlanError"
  | "ScheduleError"
  | "SessionError"
  | "ShapeError"
  | "SluiceError";

/** The same code, wrong and mended. */
export type Example = readonly [wrong: string, mended: string];

interface Text {
  /** The class of the errors that carry the code. */
  readonly error: ErrorClass;
  readonly title: string;
  /** What is wrong, in one or two sentences. */
  readonly meaning: string;
  /** What people usually did. */
  readonly causes: readonly string[];
  readonly remedy: string;
}

/**
 * One code. Its example is run: `inGraph` holds expressions of tensors in a graph's function (`x`, `w`, … of
 * `tools/error-examples.ts`), `program` whole programs in JavaScript; `unmet` says why no program of a user meets it.
 */
export type Entry = Text & ({ readonly inGraph: Example } | { readonly program: Example } | { readonly unmet: string });
