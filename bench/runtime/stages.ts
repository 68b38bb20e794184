/**
 * @file A GPT of twelve layers in four stages, a rank each, so small that a step is all dispatch. It compiles to 26 tasks:
 * with eight micro-batches a step that is 208 firings, the shape that runtimes of actors are compared by.
 */
import { array, compile, graph, nn, optim, placement } from "sluice";
import { gptNetwork } from "../gpt.ts";
import type { Work } from "../models.ts";

const [layers, width, heads, context, vocabulary, rows] = [12, 32, 2, 16, 64, 2] as const;

export function stagedGpt(): Work {
  const on = (rank: number) => placement("cpu", { one: 1 }, { ranks: [rank] });
  const [first, second, third, last] = [on(0), on(1), on(2), on(3)];
  const meshes = [first, second, third, last] as const;
  const perStage = layers / meshes.length;
  const model = gptNetwork({ rows, context, width, heads, vocabulary, layers }, (h, layer) =>
    layer > 0 && layer % perStage === 0 ? h.to(meshes[layer / perStage]!) : h,
  );
  const inputs = {
    ids: first.input([rows, context], "int32"),
    places: first.input([context], "int32"),
    next: last.input([rows, context], "int32"),
  };
  const training = graph([...meshes], { name: "gpt in stages", model, inputs }, ({ ids, places, next }, g) => {
    const loss = nn.softmaxCrossEntropy(model(ids, places), next).mean();
    g.minimize(loss, optim.adamW({ lr: 1e-3 }));
    return { loss };
  });
  const zeros = (shape: readonly number[]) => array(shape, "int32", new Int32Array(shape.reduce((a, b) => a * b, 1)));
  return {
    plan: compile(training),
    feed: { ids: zeros([rows, context]), places: zeros([context]), next: zeros([rows, context]) },
  };
}
