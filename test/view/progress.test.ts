import { progress } from "sluice/cli";
import { describe, expect, it } from "vitest";

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 120, write: (text: string) => written.push(text), text: () => written.join("") };
}
function clock() {
  let t = 0;
  return { now: () => t, pass: (ms: number) => (t += ms) };
}
const timers = () => process.getActiveResourcesInfo().filter((r) => r === "Timeout").length;

describe("progress without a terminal", () => {
  it("writes a line every so many steps, one at the last, and a summary", () => {
    const out = terminal(false);
    const { now, pass } = clock();
    const bar = progress({ total: 5, unit: "images", size: 100, every: 2, out, env: {}, now });
    for (let i = 1; i <= 5; i++) {
      pass(100);
      bar.step({ loss: 1 / i });
    }
    bar.done();
    bar.done();
    expect(out.text().split("\n")).toEqual([
      "step 2/5 · loss 0.5000 · 1,000 images/s · 0.3 s left",
      "step 4/5 · loss 0.2500 · 1,000 images/s · 0.1 s left",
      "step 5/5 · loss 0.2000 · 1,000 images/s · 0.0 s left",
      "5 steps in 0.5 s · 1,000 images/s · loss 0.2000",
      "",
    ]);
  });

  it("writes about ten lines unless told otherwise", () => {
    const out = terminal(false);
    const bar = progress({ total: 100, unit: "images", size: 1, out, env: {}, now: clock().now });
    for (let i = 0; i < 100; i++) bar.step({});
    expect(out.text().trim().split("\n")).toHaveLength(10);
  });

  it("writes a line after ten seconds, however few steps these are", () => {
    const out = terminal(false);
    const { now, pass } = clock();
    const bar = progress({ total: 1000, unit: "images", size: 1, out, env: {}, now });
    for (let i = 0; i < 50; i++) {
      pass(1500);
      bar.step({});
    }
    const lines = out.text().trim().split("\n");
    expect(lines.map((line) => line.split(" ·")[0])).toEqual([7, 14, 21, 28, 35, 42, 49].map((n) => `step ${n}/1000`));
  });

  it.each([
    ["total", { total: 0, unit: "images", size: 1 }],
    ["size", { total: 1, unit: "images", size: 1.5 }],
    ["every", { total: 1, unit: "images", size: 1, every: -1 }],
  ])("refuses %s that is no count", (name, options) => {
    expect(() => progress({ ...options, out: terminal(false) })).toThrow(new RegExp(`${name} is .*SL7040`, "s"));
  });
});

describe("progress in a terminal", () => {
  const run = (env: Record<string, string>, columns = 120) => {
    const out = { ...terminal(true), columns };
    const { now, pass } = clock();
    const before = timers();
    const bar = progress({ total: 3, unit: "images", size: 10, out, env, now });
    for (let i = 0; i < 3; i++) {
      pass(60_000);
      bar.step({ loss: 0.5 });
    }
    bar.done();
    expect(timers()).toBe(before);
    return out.text();
  };

  it("draws a bar with step, loss, speed and remaining time", () => {
    const text = run({});
    expect(text).toContain("3/3 · loss 0.5000 · 0 images/s · 0.0 s left");
    expect(text).toContain("\u001b[36m");
    expect(text).toMatch(/3 steps in 3 min 00 s/);
  });

  it("never changes how the terminal wraps nor where its cursor goes back to, and cuts what is too long", () => {
    const text = run({}, 40);
    for (const code of ["\u001b7", "\u001b8", "\u001b[?7"]) expect(text).not.toContain(code);
    const lines = text.split("\n").flatMap((line) => line.split("\u001b[1G"));
    expect(lines.some((line) => line.includes("3/3 · loss"))).toBe(true);
    const bars = lines.filter((line) => line.includes("/3 "));
    expect(Math.max(...bars.map((line) => line.replace("\u001b[0K", "").length))).toBeLessThanOrEqual(40);
  });

  it("has no colour under NO_COLOR", () => {
    expect(run({ NO_COLOR: "1" })).not.toContain("\u001b[36m");
  });

  it("leaves no timer behind when the scope ends early", () => {
    const before = timers();
    {
      using bar = progress({ total: 3, unit: "images", size: 10, out: terminal(true), env: {} });
      bar.step({ loss: 1 });
      expect(timers()).toBe(before + 1);
    }
    expect(timers()).toBe(before);
  });
});
