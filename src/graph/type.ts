/**
 * @file Shape and dtype as users give them, checked where they come in: to an input, whose dims may have names that
 * `compile` binds, and to what works on numbers at once, global tensors and `planBoxing`.
 */
import { type DType, dtypes, itemSize } from "../ir/dtype.ts";
import { ShapeError, showGiven } from "../ir/errors.ts";

/** What each call says of itself, and what it takes. */
const calls = {
  input: { named: true, example: 'mesh.input([8, 6], "float32")' },
  planBoxing: { named: false, example: 'planBoxing({ shape: [8, 6], dtype: "float32", … })' },
  globalTensor: { named: false, example: "globalTensor(data, [8, 6], mesh, { data: S(0) })" },
};

/** Throws ShapeError SL1000 for a dtype, SL1001 for a shape that the call does not take. Gives the call as messages show it. */
export function checkType(call: keyof typeof calls, shape: unknown, dtype: unknown, at: string | undefined): string {
  const { named, example } = calls[call];
  if (!Array.isArray(shape))
    throw new ShapeError("SL1001", `the shape is ${showGiven(shape)}, not a list of dims`, {
      subject: call,
      at,
      hint: `write ${example}`,
    });
  const subject = `${call}([${shape.join(",")}], ${showGiven(dtype)})`;
  if (!(dtypes as readonly unknown[]).includes(dtype))
    throw new ShapeError("SL1000", `unknown dtype ${showGiven(dtype)}`, { subject, at, choices: dtypes });
  const fits = (dim: unknown) =>
    typeof dim === "string" ? named && dim !== "" : Number.isSafeInteger(dim) && (dim as number) >= 0;
  const wrong = shape.findIndex((dim) => !fits(dim));
  if (wrong < 0) {
    const bytes = shape.reduce((n, dim) => (typeof dim === "number" ? n * dim : n), itemSize[dtype as DType]);
    if (bytes <= Number.MAX_SAFE_INTEGER) return subject;
    throw new ShapeError("SL1001", `it takes ${bytes.toPrecision(2)} bytes, more than can be counted`, {
      subject,
      at,
      hint: "2⁵³ − 1 bytes are the most",
    });
  }
  const text = showGiven(shape[wrong]);
  const name = typeof shape[wrong] === "string" && shape[wrong] !== "";
  throw new ShapeError("SL1001", name ? `dim ${wrong} is the name ${text}, not a number` : `${text} is not a dim`, {
    subject,
    at,
    hint: named
      ? 'a dim is a whole number or a name that compile binds, such as "batch"'
      : "give whole numbers from 0 on: names of dims are bound by compile, in a graph",
  });
}
