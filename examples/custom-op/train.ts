/**
 * @file Trains a small classifier with an op of one's own between its layers, on a mesh of 2 × 2 ranks: which points of
 * the plane lie in a circle? Fails unless it tells 96 % of them right.
 *
 *     npm run custom-op
 */
import { array, compile, graph, launch, nn, optim, placement, S, type Tensor } from "sluice";
import { hardSwish } from "./hard-swish.ts";

const [batch, hidden, steps, target] = [128, 32, 400, 0.96];

const mesh = placement("cpu", { data: 2, model: 2 });
const net = nn.define(
  { up: nn.linear(2, hidden), down: nn.linear(hidden, 2) },
  (m) => (x: Tensor<["batch", 2], "float32">) => m.down(hardSwish(m.up(x))),
);
const training = graph(
  mesh,
  {
    name: "circle",
    model: net,
    inputs: {
      point: mesh.input(["batch", 2], "float32", { data: S(0) }),
      label: mesh.input(["batch"], "int32", { data: S(0) }),
    },
  },
  ({ point, label }, g) => {
    const logits = net(point);
    const loss = nn.softmaxCrossEntropy(logits, label).mean();
    g.minimize(loss, optim.adamW({ lr: 2e-2 }));
    return { loss, accuracy: logits.argmax(1).equal(label).cast("float32").mean() };
  },
);

// The hidden units are split over `model`, the op with them: nothing is boxed for it.
const plan = compile(training, { dims: { batch }, sharding: { "up.weight": { model: S(1) } } });

/** Points of a fixed sequence in [−2, 2)², and whether they lie in a circle. */
function* batches(count: number) {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (4 * state) / 2 ** 32 - 2;
  };
  for (let step = 0; step < count; step++) {
    const point = Float32Array.from({ length: 2 * batch }, random);
    const inside = (i: number) => Math.hypot(point[2 * i]!, point[2 * i + 1]!) < 1.5;
    const label = Int32Array.from({ length: batch }, (_, i) => Number(inside(i)));
    yield { point: array([batch, 2], "float32", point), label: array([batch], "int32", label) };
  }
}

await using session = await launch(plan);
const last: number[] = [];
for await (const { step, loss, accuracy } of session.run(batches(steps))) {
  if (step % 100 === 0) console.log(`step ${step}: loss ${loss.toFixed(3)}`);
  if (step >= steps - 20) last.push(accuracy);
}
const accuracy = last.reduce((a, b) => a + b, 0) / last.length;
console.log(
  `accuracy ${(100 * accuracy).toFixed(1)} % over the last ${last.length} steps, all on points not seen before`,
);
if (accuracy < target) {
  console.error(`FAILED: the target is ${100 * target} %`);
  process.exitCode = 1;
}
