/** @file What shells complete, as data. */
import { type Command, common, type Options } from "../command.ts";

export interface OptionRow {
  readonly name: string;
  readonly short?: string;
  readonly about: string;
  /** Takes a value: one of `words`, or a path where `path` is there. */
  readonly value: boolean;
  readonly words?: readonly string[];
  readonly path?: boolean;
}

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** What the argument may be: one of these, or a file. Absent where there is none. */
  readonly argument?: readonly string[] | "file";
  readonly options: readonly OptionRow[];
}

export const rowsOf = (commands: readonly Command[]): readonly CommandRow[] =>
  commands.map((command) => ({
    name: command.name,
    summary: command.summary,
    ...(command.argument && { argument: command.argument.choices ?? ("file" as const) }),
    options: Object.entries<Options[string]>({ ...command.options, ...common }).map(
      ([name, { short, about, value, choices, names, path }]) => ({
        name,
        about,
        value: value !== undefined,
        ...(short !== undefined && { short }),
        ...((choices ?? names) && { words: choices ?? names! }),
        ...(path && { path }),
      }),
    ),
  }));
