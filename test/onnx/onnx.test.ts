/**
 * @file ONNX's node tests, one test each, so that a failure names it; and the page of the documentation that says which
 * ran. `ONNX_DOCS=write` writes the page.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Built, build } from "./build.ts";
import { check, difference } from "./check.ts";
import { type Outcome, page, runIn, testsIn } from "./report.ts";
import { Uncovered } from "./site.ts";
import { folder, installed, type OnnxTest, readTests } from "./suite.ts";
import type { OnnxTensor } from "./tensors.ts";
import { runWhole } from "./whole.ts";

/** At least so many of the tests run. */
const least = 750;

/** Those that also run in a session. */
const sample = new Set(
  `adagrad_multiple add_bcast and_bcast4v4d argmax_keepdims_random averagepool_2d_pads
  batchnorm_epsilon_training_mode castlike_FLOAT16_to_DOUBLE_expanded conv_with_strides_padding convtranspose_pads
  cumsum_2d_axis_1 depthtospace_crd_mode edge_pad gather_1 gather_elements_1 gemm_all_attributes
  instancenorm_epsilon layer_normalization_4d_axis2 logsoftmax_axis_0 lrn lstm_with_peepholes matmul_4d max_float16
  maxpool_2d_same_upper nllloss_NCd1d2_with_weight_reduction_mean onehot_with_axis reduce_log_sum_asc_axes
  reduce_prod_keepdims_random scatter_elements_without_axis sce_mean_weight_ii_3d_log_prob slice_neg_steps
  softmax_axis_2 tile top_k transpose_all_permutations_3 tril_pos`
    .split(/\s+/)
    .map((name) => `test_${name}`),
);

interface Planned extends OnnxTest {
  readonly built?: Built;
  readonly reason?: string;
  /** The graph could not be built, and should have been. */
  readonly error?: unknown;
}

function plan(one: OnnxTest): Planned {
  try {
    return { ...one, built: build(one) };
  } catch (error) {
    return error instanceof Uncovered ? { ...one, reason: error.message } : { ...one, error };
  }
}

const file = fileURLToPath(new URL("../../docs/onnx.md", import.meta.url));
const writes = process.env.ONNX_DOCS === "write";
const committed = writes ? "" : readFileSync(file, "utf8");

if (!installed)
  test(`libonnx-testdata is not installed (${folder}): 0 of its tests run`, () => {
    console.warn(`libonnx-testdata is not installed (no ${folder}): 0 of its tests run`);
    expect(runIn(committed)).toBeGreaterThanOrEqual(least);
  });
else {
  const planned = readTests().map(plan);
  const running = planned.filter(({ reason }) => reason === undefined);
  const outcomes = new Map<string, Outcome>(
    planned.map(({ name, op, reason }) => [name, { name, op, ...(reason && { reason }) }]),
  );

  describe("ONNX node test", () => {
    test.each(running.map((one) => [one.name, one] as const))("%s", async (name, { op, built, error, outputs }) => {
      outcomes.set(name, { name, op, passed: false });
      if (!built) throw error;
      const stored = outputs as readonly OnnxTensor[];
      const { signatures } = check(built, stored, /window/.test(name));
      const whole = sample.has(name);
      if (whole) {
        const found = await runWhole(built);
        Object.keys(built.graph.outputs).forEach((output, i) => {
          expect(difference(found[output]!, stored[i]!.data!, stored[i]!.dtype), `${output}, in a session`).toBeNull();
        });
      }
      outcomes.set(name, { name, op, passed: true, signatures, whole });
    });
  });

  test(`at least ${least} ran, and docs/onnx.md says what became of each`, () => {
    const results = [...outcomes.values()];
    expect(results.filter(({ passed }) => passed).length).toBeGreaterThanOrEqual(least);
    expect(results.filter(({ whole }) => whole).length).toBe(sample.size);
    const text = page(results);
    if (writes) writeFileSync(file, text);
    else if (testsIn(committed) !== results.length)
      console.warn(`docs/onnx.md is of another release of the tests: ${testsIn(committed)}, here ${results.length}`);
    else expect(text, "npm run docs:onnx writes it anew").toBe(committed);
  });
}
