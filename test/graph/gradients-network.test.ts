import { type Dim, type Graph, graph, nn, optim, type Tensor } from "sluice";
import { describe, test } from "vitest";
import { emit } from "../../src/graph/tensor.ts";
import { checkGradients } from "./differences.ts";
import { expanded, mesh } from "./support.ts";

type Any = Tensor<Dim[], "float32">;
// biome-ignore lint/suspicious/noExplicitAny: any module
type AnyModule = any;

/** A loss over x [4,6], fc(x) and a module of that, minimized; weighted, so that no gradient is the same everywhere. */
function minimizing(layer: AnyModule, body: (y: Any, x: Any) => Any) {
  const fc = nn.linear(6, 6, { name: "fc" });
  const model = nn.define({ fc, layer }, (m) => (x: Tensor<[4, 6], "float32">) => body(m.fc(x) as Any, x as Any));
  const inputs = { x: mesh.input([4, 6], "float32") };
  return graph(mesh, { name: "g", model: model as AnyModule, inputs, mode: "train" }, ({ x }, g) => {
    const y = model(x);
    const weights = emit("exp", [emit("logSoftmax", [y], { dim: y.shape.length - 1 })]);
    const loss = (emit("mul", [y, weights]) as Any).sum();
    g.minimize(loss, optim.sgd({ lr: 0.1 }));
    return { loss };
  }) as Graph<string, AnyModule, AnyModule, AnyModule>;
}

const none = nn.define({}, () => () => {});
const along = (kind: string, dim: number) => (y: Any) => emit(kind, [y], { dim }) as Any;
/** [4,6] repeated to [2,3,4,6], scaled differently along the new dims by a part of x. */
const planes = (y: Any, x: Any) => {
  const scale = emit("broadcastTo", [emit("mul", [y, x])], { shape: [2, 3, 4, 6], dims: [2, 3] });
  const rows = emit("broadcastTo", [emit("sum", [x], { dims: [1], keep: false })], { shape: [2, 3, 4, 6], dims: [2] });
  return emit("mul", [emit("softmax", [emit("add", [scale, rows])], { dim: 2 }), scale]) as Any;
};

const losses: Record<string, readonly [layer: AnyModule, body: (y: Any, x: Any, layer: AnyModule) => Any]> = {
  "softmax along the last dim": [none, along("softmax", 1)],
  "softmax along the first dim": [none, along("softmax", 0)],
  "log-softmax": [none, along("logSoftmax", 0)],
  "dense cross-entropy": [none, (y, x) => nn.denseCrossEntropy(y, x.softmax(1)) as Any],
  "dense cross-entropy of the targets": [none, (y, x) => nn.denseCrossEntropy(x, y.softmax(1)) as Any],
  "layer norm": [nn.layerNorm(6), (y, _, layer) => layer(y)],
  "layer norm over two dims": [nn.layerNorm([4, 6]), (y, x, layer) => layer(planes(y, x))],
  "RMS norm": [nn.rmsNorm(6), (y, _, layer) => layer(y)],
  "RMS norm over two dims": [nn.rmsNorm([4, 6]), (y, x, layer) => layer(planes(y, x))],
  "batch norm": [nn.batchNorm(6), (y, _, layer) => layer(y)],
  "batch norm of images": [nn.batchNorm2d(3), (y, x, layer) => layer(planes(y, x))],
  convolution: [nn.conv2d(3, 2, 3), (y, x, layer) => layer(planes(y, x))],
  "convolution, padded and strided": [
    nn.conv2d(3, 2, [2, 3], { stride: [2, 1], padding: 1 }),
    (y, x, layer) => layer(planes(y, x)),
  ],
  "max pooling": [nn.maxPool2d([2, 3], { stride: [1, 2] }), (y, x, layer) => layer(planes(y, x))],
  "mean pooling, padded": [nn.avgPool2d(2, { padding: 1 }), (y, x, layer) => layer(planes(y, x))],
  attention: [none, (y, x) => nn.attention(y.mul(3), y.add(x), y.mul(x) as Any) as Any],
  "causal attention": [none, (y, x) => nn.attention(planes(y, x), planes(x, y), planes(y, y), { causal: true }) as Any],
  dropout: [nn.dropout(0.3), (y, _, layer) => layer(y)],
};

describe("gradients agree with finite differences", () => {
  test.each(Object.entries(losses))("%s", (_, [layer, body]) => {
    checkGradients(expanded(minimizing(layer, (y, x) => body(y, x, layer))));
  });
});
