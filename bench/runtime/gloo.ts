/** @file The same collectives in PyTorch over gloo: one child process for each number of ranks, asked line by line. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Peer } from "./collectives.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env.PYTHON ?? path("../peers/.venv/bin/python");
const children: ChildProcess[] = [];

/** Undefined where PyTorch is not set up. */
export function gloo(ranks: number): Peer | undefined {
  if (!existsSync(python)) return undefined;
  const child = spawn(python, [path("../peers/collectives.py"), `${ranks}`], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (kind, bytes, count) => {
    child.stdin.write(`${JSON.stringify({ kind, bytes, count })}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error("the peer ended");
    return (JSON.parse(value) as number[] | null) ?? undefined;
  };
}

/** Ends the children: each ends with its input. */
export const endGloo = () => {
  for (const { stdin } of children) stdin?.end();
};
