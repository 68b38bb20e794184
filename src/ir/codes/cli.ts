/** @file Error codes of the `sluice` command and of program files. */
import type { Entry } from "./entry.ts";

type Code =
  | "SL8001"
  | "SL8002"
  | "SL8003"
  | "SL8004"
  | "SL8005"
  | "SL8010"
  | "SL8011"
  | "SL8012"
  | "SL8013"
  | "SL8014"
  | "SL8020"
  | "SL8021";

export const cliCodes: Readonly<Record<Code, Entry>> = {
  SL8001: {
    error: "OptionError",
    title: "A command that there is not",
    meaning: "The first word behind `sluice` is a command, and there is none of this name.",
    causes: ["A misspelt name.", "A program file in front of the command: it comes behind it."],
    remedy: "Take one of the commands that the message lists; `sluice --help` says what each does.",
    unmet: "It is met on the command line: `sluice rnu train.ts`, where `sluice run train.ts` was meant.",
  },
  SL8002: {
    error: "OptionError",
    title: "A command's option that there is not",
    meaning: "The command does not know the option. It would have no effect, so it is refused.",
    causes: ["A misspelt name.", "An option of another command."],
    remedy: "Take one of the options that the message lists; `sluice COMMAND --help` says what each does.",
    unmet: "It is met on the command line: `sluice plan train.ts --mehs data=2`, where `--mesh` was meant.",
  },
  SL8003: {
    error: "OptionError",
    title: "A value that does not do on the command line",
    meaning: "An option or an argument is there, but its value is missing, or is none that it can have.",
    causes: [
      "A mesh axis or a named dim that the program does not have.",
      "A size of 0.",
      "No file, or two.",
      "The name of a cluster that there is not.",
      "A file to write in a folder that there is not, or that must not be written to.",
    ],
    remedy: "Give what the message names. Sizes are written `--mesh data=2,model=4`.",
    unmet: "It is met on the command line: `sluice run train.ts --mesh data=0`.",
  },
  SL8004: {
    error: "SluiceError",
    title: "A file that could not be written",
    meaning: "A command had something to write, and the system did not take it. What was there before is still there.",
    causes: ["A disk that is full.", "A folder that has gone since the command began."],
    remedy: "Make room, or give another place by `-o`.",
    unmet: "It is met on the command line: `sluice trace train.ts` on a disk that is full.",
  },
  SL8005: {
    error: "OptionError",
    title: "Sizes that a program cannot have",
    meaning:
      "The program can be built and compiled with its own sizes, but not with those of `--mesh` and `--dims`. The message has what the program or the compiler said.",
    causes: [
      "More ranks than there can be.",
      "A layer whose size another one does not fit.",
      "Fewer rows than micro-batches.",
    ],
    remedy: "Give other sizes. The code of the error inside the message has a page of its own.",
    unmet: "It is met on the command line: `sluice plan train.ts --mesh data=100000`.",
  },
  SL8010: {
    error: "SluiceError",
    title: "A program file that is not there",
    meaning: "A command was given the path of a program file, and there is no file.",
    causes: ["A misspelt path.", "Another working directory than was thought: paths are relative to it."],
    remedy: "Give the path of a file that has a program as its default export.",
    unmet: "It is met on the command line: `sluice plan nofile.ts`.",
  },
  SL8011: {
    error: "SluiceError",
    title: "A program file that fails while it is loaded",
    meaning:
      "The file was imported, and threw, could not be parsed, imports what is not there, or waits for what never comes.",
    causes: [
      "A mistake in the syntax.",
      "A package that is not installed.",
      "Code that runs at once, and throws.",
      "An `await` outside of functions of a promise that nothing is left to settle.",
    ],
    remedy: "Mend what the message says, on the line that it names: the first one outside of packages.",
    unmet: "It is met on the command line, by a program file that throws: `node FILE` throws the same.",
  },
  SL8012: {
    error: "SluiceError",
    title: "A program in TypeScript that nothing can read",
    meaning:
      "This Node does not read TypeScript by itself, and the project's tsx, which would, is not there or takes the file for CommonJS.",
    causes: [
      "Node before 22.18 without tsx in the project.",
      "A program file outside the project that has it.",
      'A `package.json` without `"type": "module"`.',
    ],
    remedy: '`npm i -D tsx` and `"type": "module"` in package.json, or Node 22.18 or later.',
    unmet: "It is met on the command line: `sluice run train.ts` in a folder without tsx.",
  },
  SL8013: {
    error: "SluiceError",
    title: "A file without a program",
    meaning: "Commands work with the default export of a program file, and the file has none.",
    causes: ["A script that trains by itself: `node` or `tsx` runs it.", "A program under another name."],
    remedy: 'Write `export default defineProgram({ … })`, with `defineProgram` from "sluice/cli".',
    unmet: "It is met on the command line, by a file without a default export.",
  },
  SL8014: {
    error: "SluiceError",
    title: "A program without batches",
    meaning: "`sluice run`, `trace` and `bench` feed the program what its `batches` gives, and there is nothing.",
    causes: [
      "No `batches` in the program.",
      "An iterator that is given twice: it is empty the second time.",
      "An async function in place of an async generator: it returns a promise.",
    ],
    remedy:
      "Give `defineProgram` a function `batches` that returns the batches of one epoch each time that it is called.",
    unmet: "It is met on the command line, by `sluice run` of a program that has no batches.",
  },
  SL8020: {
    error: "DataError",
    title: "A cluster file that is none",
    meaning:
      "`--cluster` names a JSON file, which cannot be read, or says what no cluster has. The message has all of its mistakes: each key, what it is and what it should be.",
    causes: [
      "A misspelt path or key.",
      "A figure as text.",
      "GB/s where seconds a byte are due: `beta` is 1 / (bytes a second).",
    ],
    remedy: "Write what the message shows; `docs/cli.md` has all keys.",
    unmet: "It is met on the command line: `sluice plan train.ts --cluster ours.json`.",
  },
  SL8021: {
    error: "OptionError",
    title: "A mesh with more ranks than the cluster",
    meaning: "Every rank is a device of its own, and the mesh has more of them than the cluster.",
    causes: ["A mesh for another cluster."],
    remedy: "Give a smaller mesh by `--mesh`, or a larger cluster by `--cluster`.",
    unmet: "It is met on the command line: `sluice plan train.ts --mesh data=16 --cluster 8-gpu-server`.",
  },
};
