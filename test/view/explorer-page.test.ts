/** @file The plan explorer in a browser: what a reader sees, clicks and types. */
import { describe, expect, it } from "vitest";
import { render } from "../../src/view/render.ts";
import { hasChromium, open } from "./browser.ts";
import { gpt, mlp, renamed } from "./plans.ts";

const title = "aside h2";
const view = '[role="tab"][aria-selected="true"]';

describe.skipIf(!hasChromium)("the explorer's page", () => {
  it("shows the plan, and each view by its key", async () => {
    await using opened = await open(await render(mlp(), "html"));
    const { page, problems } = opened;
    expect(await page.textContent("h1")).toBe("tiny");
    expect(await page.textContent(title)).toBe("tiny");
    expect(await page.locator("aside").first().textContent()).toMatch(/parameters407,050/);
    const seen = new Set<string>();
    for (const [key, name] of [
      ["1", "Logical"],
      ["2", "Physical"],
      ["3", "By rank"],
      ["4", "Timeline"],
    ] as const) {
      await page.keyboard.press(key);
      expect(await page.textContent(view)).toBe(name);
      await page.waitForTimeout(60);
      seen.add((await page.screenshot()).toString("base64"));
    }
    expect(seen.size).toBe(4);
    expect(problems).toEqual([]);
  });

  it("finds an op, says all of it, and selects by click what it has brought into sight", async () => {
    await using opened = await open(await render(mlp(), "html"));
    const { page, problems } = opened;
    await page.keyboard.press("/");
    await page.keyboard.type("fc2.matmul.all");
    expect(await page.locator("#results li").first().textContent()).toMatch(/^opfc2\.matmul\.all-reduce\.model$/);
    await page.keyboard.press("Enter");
    expect(await page.textContent(title)).toBe("fc2.matmul.all-reduce.model");
    const said = await page.locator("aside").first().textContent();
    expect(said).toContain("P(sum) → B");
    expect(said).toMatch(/runs in *fc2\.matmul\.all-reduce\.model/i);
    expect(await page.locator("aside .mesh .held").count()).toBe(4);

    await page.keyboard.press("Escape");
    expect(await page.textContent(title)).toBe("tiny");
    const stage = (await page.locator("#canvas").boundingBox())!;
    await page.mouse.click(stage.x + stage.width / 2, stage.y + (stage.height - 30) / 2);
    expect(await page.textContent(title)).toBe("fc2.matmul.all-reduce.model");

    await page
      .locator("aside button.link", { hasText: /^fc2\.matmul$/ })
      .first()
      .click();
    expect(await page.textContent(".badge")).toBe("tensor");
    expect(await page.locator("aside .mesh .part").count()).toBe(4);
    expect(await page.locator("aside").first().textContent()).toContain("parts of a sum along model");
    expect(problems).toEqual([]);
  });

  it("goes from one to the next by arrows, in every view", async () => {
    await using opened = await open(await render(mlp(), "html"));
    const { page, problems } = opened;
    for (const [key, first, second] of [
      ["2", "fc1.matmul … fc2.matmul", "fc2.add … fc1.matmul.grad.weight"],
      ["3", "fc1.matmul … fc2.matmul", "fc2.matmul.all-reduce.model"],
    ] as const) {
      await page.keyboard.press(key);
      await page.keyboard.press("/");
      await page.keyboard.type(first);
      await page.keyboard.press("Enter");
      expect(await page.textContent(title)).toBe(first);
      await page.keyboard.press("ArrowDown");
      expect(await page.textContent(title)).toBe(second);
      await page.keyboard.press("Escape");
    }
    await page.keyboard.press("4");
    await page.keyboard.press("ArrowRight");
    const here = await page.textContent(title);
    await page.keyboard.press("ArrowRight");
    expect(await page.textContent(title)).not.toBe(here);
    expect(await page.locator("aside").first().textContent()).toMatch(/simulatedstepstarttakeswaited/);
    expect(problems).toEqual([]);
  });

  it("says in the timeline what a task waited for", async () => {
    await using opened = await open(await render(mlp(), "html", { graph: "physical" }));
    const { page } = opened;
    expect(await page.textContent(view)).toBe("Physical");
    await page.keyboard.press("4");
    await page.keyboard.press("/");
    await page.keyboard.type("adamW.step.increment …");
    await page.keyboard.press("Enter");
    expect(await page.locator("aside").first().textContent()).toMatch(/µs for fc2\.add\.grad\.bias\.all-reduce\.data/);
  });

  it("opens modules and blocks, and comes back", async () => {
    await using opened = await open(await render(gpt(6), "html"));
    const { page, problems } = opened;
    await page.keyboard.press("/");
    await page.keyboard.type("block2.up.matmul");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    expect(await page.locator("#trail").first().textContent()).toMatch(/whole graphup$/);
    await page.keyboard.press("Escape");
    expect(await page.textContent(title)).toBe("gpt");
    await page.keyboard.press("Escape");
    expect(await page.locator("#trail").first().textContent()).toBe("");
    expect(problems).toEqual([]);
  });

  it("zooms and moves by keys and wheel, and shows all again", async () => {
    await using opened = await open(await render(mlp(), "html"));
    const { page, problems } = opened;
    const look = async () => {
      await page.waitForTimeout(60);
      return await page.locator("#canvas").screenshot();
    };
    const alike = async (before: Buffer) => before.equals(await look());
    await page.locator("#canvas").focus();
    await page.keyboard.press("0");
    const all = await look();
    await page.keyboard.press("+");
    const nearer = await look();
    expect(nearer.equals(all)).toBe(false);
    await page.mouse.move(500, 400);
    await page.mouse.wheel(0, -300);
    expect(await alike(nearer)).toBe(false);
    await page.mouse.down();
    await page.mouse.move(620, 470, { steps: 3 });
    await page.mouse.up();
    expect(await page.textContent(title)).toBe("tiny");
    await page.mouse.move(5, 5);
    await page.keyboard.press("0");
    expect(await alike(all)).toBe(true);
    expect(problems).toEqual([]);
  });

  it("is light or dark as the reader's system is, and turns", async () => {
    const html = await render(mlp(), "html");
    const page = "getComputedStyle(document.body).backgroundColor";
    await using dark = await open(html, "dark");
    expect(await dark.page.evaluate(page)).toBe("rgb(13, 17, 23)");
    await dark.page.keyboard.press("t");
    expect(await dark.page.evaluate(page)).toBe("rgb(255, 255, 255)");
    await dark.page.keyboard.press("?");
    expect(await dark.page.locator("#keys").first().textContent()).toContain("search");
    await dark.page.keyboard.press("Escape");
    expect(await dark.page.isVisible("#keys")).toBe(false);
  });

  it("takes names for text", async () => {
    const bad = `</script><img src=x onerror="document.title='run'">`;
    const named = renamed();
    const ops = named.graph.ops.map((op) => ({ ...op, name: `${bad}${op.name}` }));
    const tasks = named.tasks.map((task) => ({
      ...task,
      name: `${bad}${task.name}`,
      ops: task.ops.map((op) => bad + op),
    }));
    await using opened = await open(
      await render({ ...named, name: bad, graph: { ...named.graph, ops }, tasks }, "html"),
    );
    const { page, problems } = opened;
    expect(await page.textContent("h1")).toBe(bad);
    await page.keyboard.press("/");
    await page.keyboard.type("onerror");
    await page.keyboard.press("Enter");
    expect(await page.textContent(title)).toContain(bad);
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.title()).not.toBe("run");
    expect(problems).toEqual([]);
  });

  it("has room for the view on a phone, and says what colours stand for", async () => {
    await using opened = await open(await render(mlp(), "html"), "light", { width: 400, height: 800 });
    const { page, problems } = opened;
    const stage = (await page.locator("#stage").boundingBox())!;
    expect([stage.x, stage.width]).toEqual([0, 400]);
    expect(stage.height).toBeGreaterThan(300);
    for (const tool of await page.locator("header button, header input").all()) {
      const { x, width } = (await tool.boundingBox())!;
      expect(x + width).toBeLessThanOrEqual(400);
    }
    expect(await page.locator("#legend span").allTextContents()).toContain("split along data and model");
    await page.keyboard.press("4");
    expect(await page.locator("#legend span").allTextContents()).toContain("memory in use");
    expect(problems).toEqual([]);
  });
});
