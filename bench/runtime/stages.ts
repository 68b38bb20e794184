/**
 * @file A GPT of twelve layers in four stages, a rank each, so small that a step is all dispatch. It compiles to 26 tasks:
 * with eight micro-batches a step that is 208 firings, the shape that runtimes of actors are compared by.
 */
import { array, compile, graph, nn, optim, placement, type Tensor } from "sluice";
import type { Work } from "../models.ts";

const [layers, stages, width, heads, context, vocabulary, rows] = [12, 4, 32, 2, 16, 64, 2] as const;
type Hidden = Tensor<[typeof rows, typeof context, typeof width], "float32">;

const block = () =>
  nn.define(
    {
      norm1: nn.layerNorm(width),
      q: nn.linear(width, width),
      k: nn.linear(width, width),
      v: nn.linear(width, width),
      out: nn.linear(width, width),
      norm2: nn.layerNorm(width),
      up: nn.linear(width, 4 * width),
      down: nn.linear(4 * width, width),
    },
    (m) => (x: Hidden) => {
      const h = m.norm1(x);
      const split = (t: Hidden) => t.reshape([rows, context, heads, width / heads]).permute([0, 2, 1, 3]);
      const mixed = nn.attention(split(m.q(h)), split(m.k(h)), split(m.v(h)), { causal: true });
      const y = x.add(m.out(mixed.permute([0, 2, 1, 3]).reshape([rows, context, width])));
      return y.add(m.down(m.up(m.norm2(y)).gelu()));
    },
  );

export function stagedGpt(): Work {
  const on = (rank: number) => placement("cpu", { one: 1 }, { ranks: [rank] });
  const [first, second, third, last] = [on(0), on(1), on(2), on(3)];
  const meshes = [first, second, third, last] as const;
  const blocks = Array.from({ length: layers }, block);
  const model = nn.define(
    {
      tokens: nn.embedding(vocabulary, width),
      places: nn.embedding(context, width),
      ...Object.fromEntries(blocks.map((one, i) => [`block${i}`, one])),
      norm: nn.layerNorm(width),
      head: nn.linear(width, vocabulary),
    },
    (m) => (ids: Tensor<[typeof rows, typeof context], "int32">, places: Tensor<[typeof context], "int32">) => {
      const body = m as typeof m & Record<string, (x: Hidden) => Hidden>;
      const per = layers / stages;
      const through = (x: Hidden, stage: number) =>
        blocks.slice(0, per).reduce((h, _, i) => body[`block${per * stage + i}`]!(h), x);
      const start: Hidden = m.tokens(ids).add(m.places(places));
      const end = meshes.reduce((h, mesh, stage) => through(stage === 0 ? h : h.to(mesh), stage), start);
      return m.head(m.norm(end));
    },
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
