/** @file What `--help` prints, made of the commands' data. */
import { type Command, common, exitTable, type Option, type Options } from "./command.ts";

const width = 100;

/** Lines of a paragraph, broken between words. */
function filled(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Two columns. */
const rows = (pairs: readonly (readonly [left: string, right: string])[]): string[] => {
  const wide = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${left.padEnd(wide)}  ${right}`);
};

/** `-o, --output FILE` */
export const optionText = (name: string, { short, value }: Option): string =>
  `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;

/** What it does, and the values that it takes. */
export const optionAbout = ({ about, choices }: Option): string =>
  choices ? `${about}: ${choices.join(", ")}` : about;

/** `sluice run FILE [options]` */
export const usageText = ({ name, argument }: Command): string =>
  ["sluice", name, ...(argument ? [argument.name] : []), "[options]"].join(" ");

const exitLines = ["exit codes", ...rows(exitTable.map(([code, meaning]) => [`${code}`, meaning]))];

/** `sluice --help` */
export function overview(commands: readonly Command[]): string {
  const lines = [
    "sluice: looks at programs, plans them for any cluster, and runs them",
    "",
    "usage: sluice COMMAND [options]",
    "",
    ...rows(commands.map(({ name, summary }) => [name, summary])),
    "",
    ...rows([
      ["sluice COMMAND --help", "more about a command, with examples"],
      ["sluice --version", "the version of the package"],
    ]),
    "",
    "examples",
    ...rows(commands.map(({ examples }) => examples[0]!)),
    "",
    ...exitLines,
  ];
  return `${lines.join("\n")}\n`;
}

/** `sluice COMMAND --help` */
export function commandHelp(command: Command): string {
  const { argument, summary, about = [], examples } = command;
  const options: Options = { ...command.options, ...common };
  const lines = [
    `sluice ${command.name}: ${summary}`,
    "",
    `usage: ${usageText(command)}`,
    ...about.flatMap((paragraph) => ["", ...filled(paragraph)]),
    "",
    ...rows([
      ...(argument
        ? [
            [
              argument.name,
              argument.choices ? `${argument.about}: ${argument.choices.join(", ")}` : argument.about,
            ] as const,
          ]
        : []),
      ...Object.entries(options).map(([name, option]) => [optionText(name, option), optionAbout(option)] as const),
    ]),
    "",
    "examples",
    ...rows(examples),
    "",
    ...exitLines,
  ];
  return `${lines.join("\n")}\n`;
}
