/** @file Runs a file of ONNX by onnxruntime, as WebAssembly: it needs no network and nothing but its npm package. */
import * as ort from "onnxruntime-web";
import type { NdArray } from "sluice";
import { expect } from "vitest";
import { fromElements } from "../../src/ir/element.ts";

ort.env.wasm.numThreads = 1;

export interface OrtModel {
  readonly inputs: readonly string[];
  /** Outputs by name. */
  run(feeds: Readonly<Record<string, NdArray>>): Promise<Readonly<Record<string, ort.Tensor>>>;
}

const tensor = ({ dtype, shape, data }: NdArray) =>
  new ort.Tensor(dtype as "float32", data as Float32Array, shape as number[]);

export async function load(file: Uint8Array): Promise<OrtModel> {
  const session = await ort.InferenceSession.create(file);
  return {
    inputs: session.inputNames,
    run: (feeds) => {
      const named = session.inputNames.map((name) => {
        if (!feeds[name]) throw new Error(`the model wants ${name}`);
        return [name, tensor(feeds[name])] as const;
      });
      return session.run(Object.fromEntries(named));
    },
  };
}

/** The two agree: in dtype, shape, and every element to 1e-5, of what is large relatively. */
export function expectSame(found: ort.Tensor | undefined, expected: NdArray): void {
  expect({ dtype: found?.type, shape: found?.dims }).toEqual({ dtype: expected.dtype, shape: expected.shape });
  const [a, b] = [
    fromElements(expected.dtype, found!.data as Float32Array),
    fromElements(expected.dtype, expected.data),
  ];
  const far = a.findIndex(
    (x, i) => !Object.is(x, b[i]!) && !(Math.abs(x - b[i]!) <= 1e-5 * Math.max(1, Math.abs(b[i]!))),
  );
  if (far >= 0) throw new Error(`[${far}] is ${a[far]}, not ${b[far]}`);
}
