/** @file `sluice completion`: scripts that complete commands and options, made of the same data as help. */
import { type Command, command, exits } from "../command.ts";
import { bash } from "../completion/bash.ts";
import { fish } from "../completion/fish.ts";
import { rowsOf } from "../completion/rows.ts";
import { zsh } from "../completion/zsh.ts";

const shells = { bash, zsh, fish };

/** `all`: every command, this one too. */
export const completion = (all: () => readonly Command[]): Command =>
  command({
    name: "completion",
    summary: "prints a script that completes commands and options in a shell",
    about: ["Without a shell, --json prints the commands and their options."],
    argument: { name: "SHELL", about: "the shell", choices: Object.keys(shells) },
    options: {},
    examples: [
      ["source <(sluice completion bash)", "in ~/.bashrc"],
      ["sluice completion zsh > ~/.zfunc/_sluice", "in a folder of $fpath"],
      ["sluice completion fish > ~/.config/fish/completions/sluice.fish", "once"],
    ],
    async run({ argument, values }, { out }) {
      const rows = rowsOf(all());
      out.write(values.json ? `${JSON.stringify(rows)}\n` : shells[argument as keyof typeof shells](rows));
      return exits.ok;
    },
  });
