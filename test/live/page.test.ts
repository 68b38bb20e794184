/** @file The live view in a browser: what a reader sees while a session runs, and after it. */
import { launch, serveLive } from "sluice";
import { describe, expect, it, vi } from "vitest";
import { hasChromium, visit } from "../view/browser.ts";
import { batches, plan } from "./support.ts";

describe.skipIf(!hasChromium)("the live view's page", () => {
  it("shows losses, ranks and tasks as they change, leads to a task, and says when all is over", async () => {
    await using session = await launch(plan, { trace: true });
    const view = await serveLive(session, plan);
    const stop = new AbortController();
    const running = (async () => {
      for await (const _ of session.run(batches(stop.signal)));
    })();
    await using opened = await visit(view.url);
    const { page, problems } = opened;
    const state = page.locator("#live-state");
    const says = (text: string | RegExp) =>
      vi.waitFor(async () => expect(await state.textContent()).toMatch(text), 15_000);
    await says("steps/s");
    const before = await state.textContent();
    expect(before).toMatch(/^runningtiny · step [\d,]+[\d.,]+ steps\/s/);
    expect(await page.locator("#live-curves figcaption").first().textContent()).toMatch(/^tiny\.loss\d/);
    expect(await page.locator("#live-ranks li").count()).toBe(2);
    expect(await page.locator("#live tbody tr").count()).toBe(plan.data.tasks.length);
    await vi.waitFor(async () => expect(await state.textContent()).not.toBe(before), 15_000);
    await says("waits for batches");

    const row = page.locator("#live tbody button").nth(1);
    const name = await row.textContent();
    await row.click();
    expect(await page.textContent("aside h2")).toBe(name);
    expect(await page.textContent('[role="tab"][aria-selected="true"]')).toBe("Physical");
    expect(await page.isVisible("#live")).toBe(false);
    await page.keyboard.press("5");
    expect(await page.isVisible("#live")).toBe(true);
    expect(problems).toEqual([]);

    stop.abort();
    await running;
    await says(/^ready/);
    await view.close();
    await says(/^connection lost.*its last word: ready/);
    expect(problems.filter((text) => text.startsWith("error"))).toEqual([]);
  });

  it("fits a phone, light and dark", async () => {
    await using session = await launch(plan);
    await using view = await serveLive(session, plan);
    for (const colorScheme of ["light", "dark"] as const) {
      await using opened = await visit(view.url, { colorScheme, viewport: { width: 390, height: 844 } });
      await opened.page.locator("#live tbody tr").first().waitFor();
      expect(await opened.page.evaluate("document.documentElement.scrollWidth")).toBe(390);
      expect(await opened.page.evaluate("document.querySelector('#live').scrollWidth")).toBeLessThanOrEqual(390);
      expect(await opened.page.isVisible("aside")).toBe(false);
    }
  });
});
