/** @file Completion for zsh, by its `_arguments`. */
import type { CommandRow, OptionRow } from "./rows.ts";

/** Inside single quotes, in a description or a message, where brackets and colons mean something. */
const quoted = (text: string) => text.replace(/'/g, `'\\''`).replace(/[[\]:]/g, "\\$&");

/** Colons part the pieces of a spec, so those inside of one are escaped. */
const action = (words: readonly string[] | undefined, path: boolean): string => {
  if (words && path) return `{_alternative "names\\:name\\:(${words.join(" ")})" "files\\:file\\:_files"}`;
  return words ? `(${words.join(" ")})` : path ? "_files" : " ";
};

const optionSpec = ({ name, short, about, value, words, path = false }: OptionRow): string => {
  const takes = value ? `:${name}:${action(words, path)}` : "";
  const long = `--${name}${value ? "=" : ""}`; // with it --name=value is read, as --name value is
  const names = short === undefined ? `'${long}` : `'(-${short} --${name})'{-${short},${long}}'`;
  return `        ${names}[${quoted(about)}]${takes}'`;
};

const argumentSpec = (argument: NonNullable<CommandRow["argument"]>): string =>
  `        '1:argument:${argument === "file" ? "_files" : action(argument, false)}'`;

const commandCase = ({ name, argument, options }: CommandRow): string[] => {
  const specs = [...(argument === undefined ? [] : [argumentSpec(argument)]), ...options.map(optionSpec)];
  return [`    ${name})`, "      _arguments \\", `${specs.join(" \\\n")} ;;`];
};

export const zsh = (rows: readonly CommandRow[]): string =>
  `${[
    "#compdef sluice",
    "# zsh completion of sluice, written by: sluice completion zsh",
    "_sluice() {",
    "  local -a commands=(",
    ...rows.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`),
    "  )",
    "  if (( CURRENT == 2 )); then _describe command commands; return; fi",
    "  local command=$words[2]",
    "  shift words; (( CURRENT-- ))",
    '  case "$command" in',
    ...rows.flatMap(commandCase),
    "  esac",
    "}",
    "compdef _sluice sluice 2>/dev/null",
    // Autoloaded from $fpath, the file is the function's body.
    '[[ $funcstack[1] == _sluice ]] && _sluice "$@"',
  ].join("\n")}\n`;
