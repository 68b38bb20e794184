import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly lines: readonly string[];
}

/** Runs the program, and interrupts it each time it says that it is ready. */
function interrupted(how: string): Promise<Ended> {
  const script = fileURLToPath(new URL("./interrupted.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, how]);
  let out = "";
  let asked = 0;
  const read = (chunk: Buffer) => {
    out += chunk;
    for (; asked < out.split("ready\n").length - 1; asked++) child.kill("SIGINT");
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, lines: out.trim().split("\n") }));
  });
}

test("Ctrl-C finishes and yields what has begun, and the program goes on behind its loop", async () => {
  const { code, lines } = await interrupted("save");
  expect(lines.some((line) => line.startsWith("sluice: interrupted; "))).toBe(true);
  // As many steps as batches were trained on, and the parameters are of that step.
  expect(lines.at(-2)).toMatch(/^fed \d+ took \d+ draining true$/);
  const [, fed, took] = /fed (\d+) took (\d+)/.exec(lines.at(-2)!)!;
  expect(Number(fed) - Number(took)).toBeLessThanOrEqual(1); // one may have been read and not fed
  expect(lines.at(-1)).toBe("left, parameters as after the last step: true");
  expect(code).toBe(130);
});

test("another run leaves the process, cleanly", async () => {
  const { code, lines } = await interrupted("again");
  expect(lines).toContain("once more");
  expect(lines.at(-1)).toBe("exit");
  expect(code).toBe(130);
});

test("the second Ctrl-C ends the process at once", async () => {
  const { code, signal, lines } = await interrupted("stubborn");
  expect(lines.at(-1)).toBe("ready");
  expect([code, signal]).toEqual([null, "SIGINT"]);
});

test("a program that listens by itself is left alone", async () => {
  const { code, lines } = await interrupted("own");
  expect(lines.at(-1)).toBe("mine, and the run goes on");
  expect(code).toBe(0);
});
