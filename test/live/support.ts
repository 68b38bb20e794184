/** @file A small training for tests of the live view. */
import { array, compile, graph, nn, optim, placement, S } from "sluice";
import type { LiveChange, LiveFrame } from "../../src/view/live/types.ts";

const mesh = placement("cpu", { data: 2 });
const net = nn.linear(6, 4, { name: "fc" });
const inputs = { x: mesh.input([8, 6], "float32", { data: S(0) }), label: mesh.input([8], "int32", { data: S(0) }) };

export const plan = compile(
  graph(mesh, { name: "tiny", model: net, inputs }, ({ x, label }, g) => {
    const loss = nn.softmaxCrossEntropy(net(x), label).mean();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  }),
);

const batch = {
  x: array([8, 6], "float32", new Float32Array(48).fill(0.5)),
  label: array([8], "int32", new Int32Array(8)),
};

/** A batch a few milliseconds, until `stop`. */
export async function* batches(signal: AbortSignal) {
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 3));
    yield batch;
  }
}

const script = new URL("../../src/view/explorer/page/frames.js", import.meta.url).href;
/** As the page puts frames together. */
export const { applied } = (await import(script)) as {
  applied(before: LiveFrame | null, change: LiveChange): LiveFrame;
};
