/** @file Completion for fish: a line for each command and option. */
import type { CommandRow, OptionRow } from "./rows.ts";

const quoted = (text: string) => `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;

const optionLine = (command: string, { name, short, about, value, words, path }: OptionRow): string =>
  [
    `complete -c sluice -n '__fish_seen_subcommand_from ${command}' -l ${name}`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    ...(value ? ["-r", path ? "-F" : "-f"] : []),
    ...(words ? [`-a ${quoted(words.join(" "))}`] : []),
    `-d ${quoted(about)}`,
  ].join(" ");

const commandLines = ({ name, summary, argument, options }: CommandRow): string[] => [
  `complete -c sluice -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
  ...(argument === undefined
    ? []
    : [
        `complete -c sluice -n '__fish_seen_subcommand_from ${name}' ${argument === "file" ? "-F" : `-f -a ${quoted(argument.join(" "))}`}`,
      ]),
  ...options.map((option) => optionLine(name, option)),
];

export const fish = (rows: readonly CommandRow[]): string =>
  `${["# fish completion of sluice, written by: sluice completion fish", ...rows.flatMap(commandLines)].join("\n")}\n`;
