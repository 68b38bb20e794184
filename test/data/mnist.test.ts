import { mnist } from "sluice/data";
import { describe, expect, it } from "vitest";

const { train, test } = mnist();

describe("MNIST from its package", () => {
  it("has 60,000 and 10,000 images of 784 pixels", () => {
    expect([train.size, train.width, test.size, test.width]).toEqual([60_000, 784, 10_000, 784]);
  });

  it("has the classes in their known numbers", () => {
    const counts = (labels: Int32Array) => Array.from({ length: 10 }, (_, c) => labels.filter((l) => l === c).length);
    const [all] = [...test.batches(10_000)];
    expect(counts(all!.label.data)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });

  it("has mean 0 and deviation 1 over the training images", () => {
    let [sum, squares] = [0, 0];
    for (const { image } of train.batches(6000))
      for (const x of image.data) [sum, squares] = [sum + x, squares + x * x];
    const n = 60_000 * 784;
    expect(sum / n).toBeCloseTo(0, 3);
    expect(squares / n).toBeCloseTo(1, 3);
  });
});
