/** @file Completion for bash: a function of the words on the line, with a case for each command. */
import type { CommandRow, OptionRow } from "./rows.ts";

const flags = ({ name, short }: OptionRow): string[] => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
const words = (list: readonly string[]) => `COMPREPLY+=($(compgen -W "${list.join(" ")}" -- "$cur"))`;
/** Names may have spaces in them, lines do not. */
const files = "compopt -o filenames 2>/dev/null; local IFS=$'\\n'; COMPREPLY+=($(compgen -f -- \"$cur\"))";

/** What stands behind an option; what cannot be known is left to the user. */
const completed = ({ words: known, path }: OptionRow): string =>
  [...(known ? [words(known)] : []), ...(path ? [files] : []), "return"].join("; ");

const commandCase = ({ name, argument, options }: CommandRow): string[] => [
  `    ${name})`,
  '      case "$prev" in',
  ...options
    .filter(({ value }) => value)
    .map((option) => `        ${flags(option).join("|")}) ${completed(option)} ;;`),
  "      esac",
  `      if [[ $cur == -* ]]; then ${words(options.flatMap(flags))}`,
  `      else ${argument === undefined ? "COMPREPLY=()" : argument === "file" ? files : words(argument)}; fi ;;`,
];

export const bash = (rows: readonly CommandRow[]): string =>
  `${[
    "# bash completion of sluice, written by: sluice completion bash",
    "_sluice() {",
    `  local cur=$2 prev=$3 command=\${COMP_WORDS[1]}`,
    "  # bash takes --option=value for three words",
    `  [[ $cur == = ]] && cur=`,
    `  [[ $prev == = ]] && prev=\${COMP_WORDS[COMP_CWORD-2]}`,
    "  COMPREPLY=()",
    `  if (( COMP_CWORD == 1 )); then ${words([...rows.map(({ name }) => name), "--help", "--version"])}; return; fi`,
    "  case $command in",
    ...rows.flatMap(commandCase),
    "  esac",
    "}",
    "complete -F _sluice sluice",
  ].join("\n")}\n`;
