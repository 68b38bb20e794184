/** @file All commands, in the order of help. */
import type { Command } from "../command.ts";
import { bench } from "./bench.ts";
import { completion } from "./completion.ts";
import { doctor } from "./doctor.ts";
import { graph } from "./graph.ts";
import { plan } from "./plan.ts";
import { run } from "./run.ts";
import { trace } from "./trace.ts";

export const commands: readonly Command[] = [run, plan, graph, trace, bench, doctor, completion(() => commands)];
