/** @file The small classifier that the truth tests train, under any mesh. */
import { array, B, compile, graph, launch, nn, optim, placement, S } from "sluice";

export const sizes = { batch: 60, inputs: 37, hidden: 50, classes: 10 };

/** A generator with a fixed sequence: test data must not depend on what is tested. */
function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** `steps` batches of random points around one centre a class. */
export function* batches(steps: number, batch = sizes.batch) {
  const random = sequence(7);
  const centres = Float32Array.from({ length: sizes.classes * sizes.inputs }, () => random() * 2 - 1);
  for (let step = 0; step < steps; step++) {
    const label = Int32Array.from({ length: batch }, () => Math.floor(random() * sizes.classes));
    const image = Float32Array.from(
      { length: batch * sizes.inputs },
      (_, i) =>
        centres[label[Math.floor(i / sizes.inputs)]! * sizes.inputs + (i % sizes.inputs)]! + (random() - 0.5) * 6,
    );
    yield {
      image: array([batch, sizes.inputs], "float32", image),
      label: array([batch], "int32", label),
    };
  }
}

export interface Axes {
  readonly data: number;
  readonly model: number;
}

export type Optim = "adamW" | "sgd";

export function compiled({ data, model }: Axes, optimizer: Optim = "adamW", batch = sizes.batch) {
  const mesh = placement("cpu", { data, model });
  const net = nn.sequential(
    nn.linear(sizes.inputs, sizes.hidden, { name: "fc1" }),
    nn.relu(),
    nn.linear(sizes.hidden, sizes.classes, { name: "fc2" }),
  );
  const training = graph(
    mesh,
    {
      name: "truth",
      model: net,
      inputs: {
        image: mesh.input(["batch", sizes.inputs], "float32", { data: S(0) }),
        label: mesh.input(["batch"], "int32", { data: S(0) }),
      },
    },
    ({ image, label }, g) => {
      const loss = nn.softmaxCrossEntropy(net(image), label).mean();
      g.minimize(loss, optimizer === "adamW" ? optim.adamW({ lr: 1e-2 }) : optim.sgd({ lr: 5e-2, momentum: 0.9 }));
      return { loss };
    },
  );
  return compile(training, {
    dims: { batch },
    sharding: {
      "fc1.weight": { data: B, model: S(1) },
      "fc2.weight": { model: S(0) },
    },
  });
}

/** The loss of every step. */
export async function train(axes: Axes, steps: number, options: { optimizer?: Optim; threads?: number } = {}) {
  await using session = await launch(
    compiled(axes, options.optimizer),
    options.threads ? { threads: options.threads } : {},
  );
  const losses: number[] = [];
  for await (const { loss } of session.run(batches(steps))) losses.push(loss);
  return losses;
}
