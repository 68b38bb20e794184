/**
 * @file ONNX's node tests as they lie on disk: a folder each, with a model of one node (or a few) and stored inputs and
 * outputs. Debian has them in `libonnx-testdata`; `ONNX_NODE_TESTS` names another place.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type OnnxModel, type OnnxValueInfo, readModel } from "./proto.ts";
import { bfloat16, type OnnxTensor, readTensor } from "./tensors.ts";

export const folder = process.env.ONNX_NODE_TESTS ?? "/usr/share/libonnx-testdata/data/node";

/** Are the tests installed? */
export const installed = existsSync(folder);

/** The op that the documentation counts a test under: of an expanded model the function that it expands. */
export interface OnnxTest {
  readonly name: string;
  readonly op: string;
  readonly model: OnnxModel;
  /** By the model's inputs and outputs; null where it is no tensor. */
  readonly inputs: readonly (OnnxTensor | null)[];
  readonly outputs: readonly (OnnxTensor | null)[];
}

/** The files write bfloat16 as the bits in uint16; the model says what they are. */
function typed(tensor: OnnxTensor, { kind }: OnnxValueInfo): OnnxTensor {
  if (kind !== "bfloat16" || tensor.dtype !== "uint16") return tensor;
  return { ...tensor, dtype: "bfloat16", data: tensor.data!.map(bfloat16) };
}

const isTensor = ({ kind }: OnnxValueInfo) => !["sequence", "map", "sparse", "optional", "unknown"].includes(kind);

function stored(at: string, side: "input" | "output", infos: readonly OnnxValueInfo[]): (OnnxTensor | null)[] {
  return infos.map((info, i) =>
    isTensor(info) ? typed(readTensor(readFileSync(join(at, `${side}_${i}.pb`))), info) : null,
  );
}

function read(name: string): Omit<OnnxTest, "op"> {
  const at = join(folder, name);
  const model = readModel(readFileSync(join(at, "model.onnx")));
  const data = join(at, "test_data_set_0");
  return { name, model, inputs: stored(data, "input", model.inputs), outputs: stored(data, "output", model.outputs) };
}

/** All of them, by name. */
export function readTests(): OnnxTest[] {
  const tests = readdirSync(folder).sort().map(read);
  const single = new Map(
    tests.flatMap(({ name, model: { nodes } }) => (nodes.length === 1 ? [[name, nodes[0]!.op]] : [])),
  );
  return tests.map((test) => ({
    ...test,
    op: single.get(test.name.replace(/_expanded$/, "")) ?? test.model.nodes.at(-1)?.op ?? "none",
  }));
}
