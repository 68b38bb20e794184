/** @file One thing that `sluice doctor` looks at. */
import type { Context } from "../command.ts";

/** `absent`: something else takes its place. `wrong`: it is needed, and not there or broken. */
export interface Finding {
  readonly status: "ok" | "absent" | "wrong";
  readonly detail: string;
  /** What to do about it. */
  readonly next?: string;
}

export interface Check {
  readonly name: string;
  /** Throws nothing: what goes wrong is what it finds. */
  run(context: Context): Finding | Promise<Finding>;
}
