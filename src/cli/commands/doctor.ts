/** @file `sluice doctor`: what this machine has of all that Sluice can use, and what to do about the rest. */
import { command, exits } from "../command.ts";
import { type Checked, checks } from "../doctor/checks.ts";

export const doctor = command({
  name: "doctor",
  summary: "checks this machine and installation",
  about: [
    "ok: there, and works. absent: not there, and something else takes its place. wrong: there, and does not work, or is needed and not there; then the exit code is 1.",
  ],
  options: {},
  examples: [
    ["sluice doctor", "what is there, and what to do next"],
    ["sluice doctor --json | jq .checks", "for a bug report"],
  ],
  async run({ values }, context) {
    const done: Checked[] = [];
    for (const { name, run } of checks) {
      const found = { name, ...(await run(context)) };
      done.push(found);
      if (!values.json) context.out.write(line(found));
    }
    const ok = done.every(({ status }) => status !== "wrong");
    if (values.json) context.out.write(`${JSON.stringify({ ok, checks: done })}\n`);
    return ok ? exits.ok : exits.failed;
  },
});

const width = Math.max(...checks.map(({ name }) => name.length));

const line = ({ name, status, detail, next }: Checked): string =>
  `${status.padEnd(6)}  ${name.padEnd(width)}  ${detail}\n${next === undefined ? "" : `${" ".repeat(10 + width)}next: ${next}\n`}`;
