/**
 * @file What a command of `sluice` is: data, and one function. Help, shell completion and `docs/cli.md` are made of the
 * data, so they cannot say anything else than what is parsed. Commands talk to the world through their context alone.
 */
import type { Terminal } from "./progress.ts";

export interface Context {
  readonly out: Terminal;
  /** Where errors go, and what is not the answer. */
  readonly err: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What paths are relative to. */
  readonly cwd: string;
}

/** `--name`, or `--name VALUE`. */
export interface Option {
  readonly about: string;
  readonly short?: string;
  /** What stands for its value in help; without it the option is there or not. */
  readonly value?: string;
  /** The values that there are. */
  readonly choices?: readonly string[];
  /** Values that have a name, beside others. */
  readonly names?: readonly string[];
  /** Its value is, or may be, a path. */
  readonly path?: boolean;
}

export type Options = Readonly<Record<string, Option>>;

type Values<O extends Options> = { readonly [K in keyof O]?: O[K] extends { readonly value: string } ? string : true };

export interface Command<O extends Options = Options> {
  readonly name: string;
  readonly summary: string;
  /** More about it, by paragraph. */
  readonly about?: readonly string[];
  /** What stands behind the name: the one argument that it takes. */
  readonly argument?: { readonly name: string; readonly about: string; readonly choices?: readonly string[] };
  readonly options: O;
  readonly examples: readonly (readonly [line: string, about: string])[];
  /** Returns the exit code. `argument` is there where the command takes one, unless `--json` does without. */
  run(
    given: { readonly argument: string; readonly values: Values<O & typeof common> },
    context: Context,
  ): Promise<number>;
}

/** Gives `run` the types of the options. */
export const command = <const O extends Options>(of: Command<O>): Command => of as unknown as Command;

/** Of all commands. */
export const common = {
  json: { about: "print JSON, one value a line, and errors as JSON too" },
  help: { short: "h", about: "what the command does" },
} as const satisfies Options;

/** Of commands that load a program. */
export const sized = {
  mesh: { value: "AXIS=N,…", about: "sizes of mesh axes, in place of the program's" },
  dims: { value: "DIM=N,…", about: "sizes of named dims, in place of the program's" },
} as const satisfies Options;

export const programArgument = { name: "FILE", about: "a program file, whose default export is defineProgram({ … })" };

export const exits = {
  ok: 0,
  failed: 1,
  usage: 2,
  unfit: 3,
  interrupted: 130,
} as const;

export const exitTable: readonly (readonly [code: number, meaning: string])[] = [
  [exits.ok, "all went well"],
  [exits.failed, "the program failed, or a check of doctor found something wrong"],
  [
    exits.usage,
    "the command line is wrong: a name, an option, a value, sizes that the program cannot have, a file that is not there",
  ],
  [exits.unfit, "the plan does not fit the memory, or the mesh the cluster"],
  [exits.interrupted, "interrupted by Ctrl-C; steps that had begun were finished"],
];
