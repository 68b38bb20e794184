/** @file What is none of the arguments that pictures, live views and files take: each gets an error of its own. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  compile,
  curve,
  graph,
  launch,
  placement,
  renderSchedule,
  S,
  SluiceError,
  serveLive,
  summaryTable,
  toOnnx,
  visualize,
  writeMetrics,
} from "sluice";
import { expect, test } from "vitest";

const mesh = placement("cpu", { data: 2 });
const doubled = graph(
  mesh,
  { name: "doubled", inputs: { x: mesh.input([4, 6], "float32", { data: S(0) }) } },
  ({ x }) => ({
    y: x.add(x),
  }),
);
const plan = compile(doubled);

/** Neither a plan nor a session, a tensor, a list or a text. */
const wrong: readonly unknown[] = [
  null,
  5,
  {},
  () => 0,
  { data: {} },
  { shape: [1] },
  { subscribe: 1 },
  [undefined],
  [{}],
];
const all: readonly unknown[] = [undefined, "what", [], ...wrong];

/** Calls with each of them; what it throws must be an error of Sluice's, with a next step or choices. */
async function refused(call: (given: never) => unknown, given: readonly unknown[], code: RegExp): Promise<void> {
  for (const each of given) {
    const error = await (async () => call(each as never))().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error, `with ${String(each)}`).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toMatch(code);
    expect((error as SluiceError).choices.length + Number((error as SluiceError).hint !== undefined)).toBeGreaterThan(
      0,
    );
  }
}

test("visualize takes a tensor, or a plan and a name", async () => {
  await refused(visualize, all, /SL1075/);
  await refused((given: never) => visualize(given, "x"), all, /SL1072/);
  await refused((given) => visualize({ shape: [4], placement: given }), all, /SL1075/);
  await refused((given) => visualize({ shape: [4], placement: mesh, dtype: given }), wrong, /SL1075/);
  await refused((given) => visualize({ shape: [4], placement: mesh }, { color: given }), wrong, /SL1075/);
  expect(() => visualize({ shape: [-4], placement: mesh })).toThrow(/dim -4.*SL1075/s);
});

test("plan.render and plan.renderTimeline take what they list", async () => {
  await refused((given) => plan.render(given), all, /SL7000/);
  await refused((given) => plan.render("svg", given), [null, 5, "what"], /SL1074/);
  await refused((given) => plan.render("svg", { graph: given }), ["what", ...wrong], /SL7000/);
  for (const format of ["svg", "html"] as const)
    await refused((given) => plan.render(format, { expand: given }), ["what", ...wrong], /SL1075/);
  await refused((given) => plan.render("svg", { state: given }), ["what", ...wrong, { actors: [] }], /SL1075/);
  await refused((given) => plan.render("html", { trace: given }), ["what", ...wrong], /SL1075/);
  await refused((given) => plan.render("html", { simulate: given }), [null, 5, "what"], /SL1074/);
  await refused((given) => plan.renderTimeline(given), [null, 5, "what"], /SL1074/);
  await refused((given) => plan.renderTimeline({ title: given }), wrong, /SL1075/);
  await refused((given) => plan.renderTimeline({ until: given }), ["what", ...wrong.filter((n) => n !== 5)], /SL1075/);
  expect(() => plan.renderTimeline({ until: 1e-12 })).toThrow(/it is 0\.00100 ns, and the step takes [\d.]+ [µn]s/);
});

test("curves, schedules and tables take what they draw", async () => {
  await refused(curve, all, /SL1075/);
  await refused((main) => curve({ title: "a", x: "step", main }), all, /SL1075/);
  await refused((title) => curve({ title, x: "step", main: { label: "a", points: [[0, 1]] } }), wrong, /SL1075/);
  await refused(renderSchedule, all, /SL1075/);
  await refused(summaryTable, [undefined, "what", ...wrong], /SL1075/);
});

test("toOnnx takes a graph and the states of a session", async () => {
  await refused(toOnnx, all, /SL1143/);
  await refused((states) => toOnnx(doubled, { states }), ["what", [], ...wrong], /SL1075/);
});

test("the live view and files of metrics take a session, a plan and metrics", async () => {
  await using session = await launch(plan);
  await refused((given) => serveLive(given, plan), all, /SL1075/);
  await refused((given) => serveLive(session, given), all, /SL1072/);
  await refused((given) => writeMetrics(given, { jsonl: join(tmpdir(), "never.jsonl") }), all, /SL1075/);
  await refused((given) => writeMetrics(session.metrics$, given), all, /SL107[45]/);
});
