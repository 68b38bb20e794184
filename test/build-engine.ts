/** @file Builds the native kernels before any test runs, once for all processes that the tests run in. */
import { loadEngine } from "../src/kernels/engine.ts";

export function setup(): void {
  loadEngine();
}
