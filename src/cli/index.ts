/** @file `sluice/cli`: program files, and what command-line programs share. Re-exports only. */
export { defineProgram, type ProgramDefinition, type RunSizes } from "./program.ts";
export { type Progress, type ProgressOptions, progress, type Terminal } from "./progress.ts";
