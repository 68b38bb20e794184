/**
 * @file What stands on the command line, read against a command's options. Whatever is not understood is an error that
 * says what would be: nothing is left out in silence.
 */
import { parseArgs } from "node:util";
import { nearest, OptionError } from "../ir/errors.ts";
import { type Command, common, type Options } from "./command.ts";

export interface Given {
  readonly argument: string;
  readonly values: Readonly<Record<string, string | true | undefined>>;
}

const subject = (command: string) => `sluice ${command}`;
/** Dashes are no part of a name: `-x` is not near to `--ui`. */
const meant = (wrong: string, known: readonly string[], otherwise: string, dashes = ""): string => {
  const [near] = nearest(wrong.replace(/^-+/, ""), known);
  return near === undefined ? otherwise : `did you mean ${dashes}${near}?`;
};

/** Throws OptionError SL8001. */
export function findCommand(name: string, commands: readonly Command[]): Command {
  const found = commands.find((command) => command.name === name);
  if (found) return found;
  const names = commands.map((command) => command.name);
  throw new OptionError("SL8001", `there is no command "${name}"`, {
    subject: "sluice",
    choices: names,
    hint: meant(name, names, "sluice --help says what each does"),
  });
}

/** Throws OptionError SL8002 for an option that there is not, SL8003 for a value or an argument. */
export function readArguments(command: Command, args: readonly string[]): Given {
  const options: Options = { ...command.options, ...common };
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? "boolean" : "string", ...(short !== undefined && { short }) },
      ]),
    ),
    strict: false,
    tokens: true,
  });
  const values: Record<string, string | true> = {};
  const rest: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") rest.push(token.value);
    if (token.kind !== "option") continue;
    const { name, value } = token;
    // `-mesh` is not five options of one letter.
    const word = args[token.index]!;
    const rawName = /^-\w\w/.test(word) && !Object.hasOwn(options, name) ? word : token.rawName;
    const option = Object.hasOwn(options, name) ? options[name]! : undefined;
    if (!option) {
      const known = Object.keys(options);
      throw new OptionError("SL8002", `there is no option ${rawName}`, {
        subject: subject(command.name),
        choices: known.map((each) => `--${each}`),
        hint: meant(rawName, known, `sluice ${command.name} --help says what each does`, "--"),
      });
    }
    if (option.value === undefined && value !== undefined) throw wrongValue(name, value, ["no value"]);
    // `--steps --json`: the next option is not its value.
    const missing = value === undefined || (!token.inlineValue && value.startsWith("--"));
    if (option.value !== undefined && missing)
      throw new OptionError("SL8003", `${rawName} has no value`, {
        subject: subject(command.name),
        choices: option.choices ?? [`${rawName} ${option.value}`],
      });
    if (option.choices && value !== undefined && !option.choices.includes(value))
      throw wrongValue(name, value, option.choices);
    values[name] = value ?? true;
  }
  return { argument: values.help ? "" : argumentOf(command, rest, values.json === true), values };
}

function argumentOf({ name, argument }: Command, rest: readonly string[], json: boolean): string {
  const wrong = (what: string, hint: string) => new OptionError("SL8003", what, { subject: subject(name), hint });
  const [first, second] = rest;
  const extra = argument ? second : first;
  if (extra !== undefined)
    throw wrong(
      `"${extra}" is one argument too many`,
      argument ? `give one ${argument.name}, and options by --name` : "give options by --name",
    );
  if (!argument) return "";
  if (first === undefined && argument.choices && json) return "";
  if (first === undefined)
    throw wrong(`${argument.name} is missing: ${argument.about}`, `sluice ${name} ${argument.name}`);
  if (argument.choices && !argument.choices.includes(first)) throw wrongValue(argument.name, first, argument.choices);
  return first;
}

/** OptionError SL8003 for the value of an option, or of an argument, whose name is in capitals. */
export function wrongValue(option: string, value: string, choices: readonly string[]): OptionError {
  const [near] = nearest(value, choices);
  return new OptionError("SL8003", `it cannot be "${value}"`, {
    subject: option === option.toUpperCase() ? option : `--${option}`,
    choices,
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  });
}

/** The value of an option that counts. Throws OptionError SL8003 unless it is a whole number, `least` or more. */
export function count(option: string, value: string | undefined, least: 0 | 1 = 1): number | undefined {
  if (value === undefined) return undefined;
  if (/^(0|[1-9]\d{0,14})$/.test(value) && Number(value) >= least) return Number(value);
  throw wrongValue(option, value, [`a whole number ≥ ${least}`]);
}

/**
 * `data=8,model=4` over the sizes that a program has; what is not named stays. Throws OptionError SL8003 for a name that
 * the program does not have, or has been given twice, and for a size that is none.
 */
export function sizes(
  option: "mesh" | "dims",
  value: string | undefined,
  own: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  if (value === undefined) return own;
  const names = Object.keys(own);
  const example = `--${option} ${(names.length > 0 ? names : ["name"]).map((name) => `${name}=2`).join(",")}`;
  const wrong = (what: string, hint: string) =>
    new OptionError("SL8003", what, { subject: `--${option} ${value}`, choices: names, hint });
  const given: Record<string, number> = {};
  for (const part of value.split(",")) {
    const [, name, size] = /^([^=]*)=(.*)$/s.exec(part.trim()) ?? [];
    if (!name || size === undefined) throw wrong(`"${part}" is no name with its size`, `write ${example}`);
    if (!names.includes(name))
      throw wrong(
        `the program has no ${option === "mesh" ? "mesh axis" : "named dim"} "${name}"`,
        meant(name, names, names.length > 0 ? `write ${example}` : `give the program ${option} first`),
      );
    if (Object.hasOwn(given, name)) throw wrong(`"${name}" is given twice`, `write ${example}`);
    if (!/^[1-9]\d{0,14}$/.test(size)) throw wrong(`the size of ${name} is "${size}"`, "give each a whole number ≥ 1");
    given[name] = Number(size);
  }
  return { ...own, ...given };
}
