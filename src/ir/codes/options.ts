/** @file Error codes of options, of what sessions are asked for, and of bugs. */
import type { Entry } from "./entry.ts";

type Code = "SL0000" | "SL1070" | "SL1071" | "SL1072" | "SL1074" | "SL1075" | "SL1143";

export const optionCodes: Readonly<Record<Code, Entry>> = {
  SL0000: {
    error: "InternalError",
    title: "A bug in Sluice",
    meaning: "Something that Sluice itself promised does not hold. Your program is not to blame.",
    causes: ["A mistake of ours."],
    remedy: "Please report it, with the program that shows it and the whole message.",
    unmet: "A program that meets it has found a bug.",
  },
  SL1070: {
    error: "SessionError",
    title: "A parameter that the plan does not have",
    meaning:
      "`session.parameters` reads and writes the parameters of the plan by name, and there is none of this name.",
    causes: ["A misspelt name.", "A layer without a name, whose parameters are called by its place."],
    remedy: "Take a name of `session.parameters.names`, which the message lists.",
    program: [
      `const session = await launch(plan);
await session.parameters.read("fc.wieght");`,
      `const session = await launch(plan);
await session.parameters.read("fc.weight");`,
    ],
  },
  SL1071: {
    error: "SessionError",
    title: "A trace of what was not recorded",
    meaning: "`session.trace()` writes down what a session recorded, and recording is off unless it is asked for.",
    causes: ["`launch` without `trace: true`."],
    remedy: "Launch the plan with `{ trace: true }`.",
    program: [
      `const session = await launch(plan);
session.trace();`,
      `const session = await launch(plan, { trace: true });
session.trace();`,
    ],
  },
  SL1072: {
    error: "OptionError",
    title: "What is no plan, where one is taken",
    meaning:
      "`launch`, `session.load`, `visualize` and `serveLive` take what `compile` returns, or a plan read with `Plan.fromJSON`.",
    causes: ["The graph given for the plan.", "JSON that was parsed but not made a `Plan`."],
    remedy: "Compile the graph, or read the JSON with `Plan.fromJSON`.",
    program: ["await launch(JSON.parse(JSON.stringify(plan)));", "await launch(Plan.fromJSON(JSON.stringify(plan)));"],
  },
  SL1074: {
    error: "OptionError",
    title: "An option that does not exist",
    meaning: "An option has a name that the function does not know. It would have no effect, so it is refused.",
    causes: ["A misspelt name.", "An option of another function."],
    remedy: "Take one of the names that the message lists.",
    program: [
      'compile(training, { shardng: { "fc.weight": { data: S(0) } } });',
      'compile(training, { sharding: { "fc.weight": { data: S(0) } } });',
    ],
  },
  SL1075: {
    error: "OptionError",
    title: "An option with a value that it cannot have",
    meaning: "The option exists, but not with this value.",
    causes: ["A number read from a setting as text.", "A fraction or a negative number."],
    remedy: "Give a value of those that the message names.",
    program: ['compile(training, { seed: "7" });', "compile(training, { seed: 7 });"],
  },
  SL1143: {
    error: "OptionError",
    title: "A compile of what is no graph",
    meaning: "`compile` takes what `graph` returns.",
    causes: ["The function that builds the graph, not called.", "A module given for the graph."],
    remedy: "Give what `graph(mesh, …)` returned.",
    program: ["compile(() => training);", "compile(training);"],
  },
};
