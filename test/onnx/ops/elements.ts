/** @file Element by element: functions of one tensor, arithmetic, comparisons, logic. */
import { isDType, isFloat } from "../../../src/ir/dtype.ts";
import { concat, emit, type Loose, where } from "../loose.ts";
import { type Entry, type Site, type Table, Uncovered } from "../site.ts";
import { dataTypes } from "../tensors.ts";

const highest = 3.4028234663852886e38; // the largest float32
const tiniest = 2 ** -126; // its logarithm is a number, that of 0 is not
const infinity = Number.POSITIVE_INFINITY;

type Unary = { [K in keyof Loose]: Loose[K] extends () => Loose ? K : never }[keyof Loose];
type Binary = { [K in keyof Loose]: Loose[K] extends (other: Loose) => Loose ? K : never }[keyof Loose];

const method =
  (name: Unary): Entry =>
  (s) =>
    s.x(0)[name]();

const half = (x: Loose) => x.mul(0.5);
const alpha = (s: Site, otherwise: number) => s.float("alpha", otherwise);
/** min(x, 0) */
const below = (x: Loose) => x.neg().relu().neg();
const elu = (x: Loose, a: number) => x.relu().add(below(x).exp().sub(1).mul(a));

const unary: Table = {
  Abs: method("abs"),
  Acosh: (s) => s.x(0).add(s.x(0).square().sub(1).sqrt()).log(),
  Asinh: (s) => s.x(0).abs().add(s.x(0).square().add(1).sqrt()).log().mul(s.x(0).sign()),
  Atanh: (s) => half(s.x(0).add(1).div(s.x(0).neg().add(1)).log()),
  Ceil: method("ceil"),
  Celu: (s) =>
    s
      .x(0)
      .relu()
      .add(below(s.x(0)).div(alpha(s, 1)).exp().sub(1).mul(alpha(s, 1))),
  Cos: method("cos"),
  Cosh: (s) => half(s.x(0).exp().add(s.x(0).neg().exp())),
  Elu: (s) => elu(s.x(0), alpha(s, 1)),
  Erf: method("erf"),
  Exp: method("exp"),
  Floor: method("floor"),
  HardSigmoid: (s) => s.x(0).mul(alpha(s, 0.2)).add(s.float("beta", 0.5)).clamp(0, 1),
  HardSwish: (s) => s.x(0).mul(s.x(0).div(6).add(0.5).clamp(0, 1)),
  Identity: (s) => emit("to", [s.x(0)], { layout: null }),
  IsInf(s) {
    const [up, down] = [s.x(0).greater(highest), s.x(0).less(-highest)];
    if (s.int("detect_negative", 1) === 0) return up;
    return s.int("detect_positive", 1) === 0 ? down : up.logicalOr(down);
  },
  IsNaN: (s) => s.x(0).notEqual(s.x(0)),
  LeakyRelu: (s) =>
    s
      .x(0)
      .relu()
      .add(below(s.x(0)).mul(alpha(s, 0.01))),
  Log: method("log"),
  Neg: method("neg"),
  Not: method("logicalNot"),
  PRelu: (s) =>
    s
      .x(0)
      .relu()
      .add(below(s.x(0)).mul(s.x(1))),
  Reciprocal: method("reciprocal"),
  Relu: method("relu"),
  Round: method("round"),
  Selu: (s) => elu(s.x(0), alpha(s, 1.6732632423543772)).mul(s.float("gamma", 1.0507009873554805)),
  Shrink(s) {
    const [x, bias, lambda] = [s.x(0), s.float("bias", 0), s.float("lambd", 0.5)];
    return where(x.less(-lambda), x.add(bias), where(x.greater(lambda), x.sub(bias), 0));
  },
  Sigmoid: method("sigmoid"),
  Sign: method("sign"),
  Sin: method("sin"),
  Sinh: (s) => half(s.x(0).exp().sub(s.x(0).neg().exp())),
  Softplus: (s) => s.x(0).relu().add(s.x(0).abs().neg().exp().add(1).log()),
  Softsign: (s) => s.x(0).div(s.x(0).abs().add(1)),
  Sqrt: method("sqrt"),
  Tan: (s) => s.x(0).sin().div(s.x(0).cos()),
  Tanh: method("tanh"),
  ThresholdedRelu: (s) => where(s.x(0).greater(alpha(s, 1)), s.x(0), 0),
};

const binary =
  (name: Binary): Entry =>
  (s) =>
    s.x(0)[name](s.x(1));

/** One operand after another. */
const many =
  (name: Binary, finish = (x: Loose, _: number) => x): Entry =>
  (s) => {
    const all = s.all();
    const alone = () => emit("to", [all[0]!], { layout: null });
    return finish(all.length === 1 ? alone() : all.reduce((a, b) => a[name](b)), all.length);
  };

const pairs: Table = {
  Add: binary("add"),
  And: binary("logicalAnd"),
  Div: binary("div"),
  Equal: binary("equal"),
  Greater: binary("greater"),
  GreaterOrEqual: binary("greaterEqual"),
  Less: binary("less"),
  LessOrEqual: binary("lessEqual"),
  Max: many("maximum"),
  Mean: many("add", (x, n) => x.div(n)),
  Min: many("minimum"),
  /** By the sign of the divisor, or with `fmod` of the dividend. */
  Mod(s) {
    const [x, y] = [s.x(0), s.x(1)];
    const quotient = x.div(y);
    const whole = s.int("fmod", 0) ? quotient.abs().floor().mul(quotient.sign()) : quotient.floor();
    return x.sub(whole.cast(x.dtype).mul(y));
  },
  Mul: binary("mul"),
  Or: binary("logicalOr"),
  /** By a number where there is one, else by logarithms, which wants bases from 0 on. */
  Pow(s) {
    if (s.shape(1).length === 0) return s.x(0).pow(s.data(1)[0]!);
    if (s.data(0).some((x) => x < 0)) throw new Uncovered("no powers of negative numbers by a tensor");
    const x = s.x(0);
    if (isFloat(x.dtype)) return x.clamp(tiniest, infinity).log().mul(s.x(1)).exp();
    return x.cast("float32").log().mul(s.x(1)).exp().round().cast(x.dtype);
  },
  Sub: binary("sub"),
  Sum: many("add"),
  Where: (s) => where(s.x(0), s.x(1), s.x(2)),
  Xor: binary("notEqual"),
};

const castTo = (x: Loose, dtype: string): Loose => {
  if (isDType(dtype)) return x.cast(dtype);
  throw new Uncovered(`no dtype ${dtype}`);
};

const others: Table = {
  Cast: (s) => castTo(s.x(0), dataTypes[s.int("to", 1)] ?? "undefined"),
  CastLike: (s) => castTo(s.x(0), s.dtype(1)),
  Clip(s) {
    const [low, high] = [s.has(1) ? s.data(1)[0]! : -infinity, s.has(2) ? s.data(2)[0]! : infinity];
    return s.x(0).clamp(low, high);
  },
  Concat(s) {
    const axis = s.int("axis", 0);
    return concat(s.all(), axis < 0 ? axis + s.shape(0).length : axis);
  },
};

export const elements: Table = { ...unary, ...pairs, ...others };
