/**
 * @file The one table of error codes. Errors take a code of its type, pages are written from its texts
 * (`npm run docs:errors`), and its examples are run by tests. Import the type alone: the texts are not for run time.
 */
import { checkCodes } from "./checks.ts";
import { cliCodes } from "./cli.ts";
import { compilerCodes } from "./compiler.ts";
import { dataCodes } from "./data.ts";
import { graphCodes } from "./graph.ts";
import { networkCodes } from "./network.ts";
import { onnxCodes } from "./onnx.ts";
import { opCodes } from "./ops.ts";
import { optionCodes } from "./options.ts";
import { ownOpCodes } from "./own-ops.ts";
import { pipelineCodes } from "./pipeline.ts";
import { placementCodes } from "./placement.ts";
import { runtimeCodes } from "./runtime.ts";
import { stateCodes } from "./states.ts";

/** Parts of the table by what the errors are about, as the index of the pages shows them. */
export const sections = {
  "Placements, inputs and layouts": placementCodes,
  "Graphs, dims and training": graphCodes,
  "States, gradients of one's own": stateCodes,
  Ops: opCodes,
  "Modules, optimizers and random draws": networkCodes,
  "Layouts and plans in the compiler": compilerCodes,
  "Pipeline schedules": pipelineCodes,
  "Options and requests": optionCodes,
  "Sessions and batches": runtimeCodes,
  "Data, pictures and reports": dataCodes,
  "The command line": cliCodes,
  "Files of ONNX": onnxCodes,
  // Last: its examples define ops, which sessions that start later would have to load.
  "Ops of one's own": ownOpCodes,
  "Checks of ops": checkCodes,
} as const;

type Section = (typeof sections)[keyof typeof sections];
export type ErrorCode = Section extends infer Table ? (Table extends unknown ? keyof Table : never) : never;
