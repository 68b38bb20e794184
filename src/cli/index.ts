/** @file `sluice/cli`: what command-line programs share. Re-exports only. */
export { type Progress, type ProgressOptions, progress, type Terminal } from "./progress.ts";
