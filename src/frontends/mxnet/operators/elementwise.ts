import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { Abs } from "../../../ops/elementwise/abs.ts";
import { Acos } from "../../../ops/elementwise/acos.ts";
import { Acosh4 } from "../../../ops/elementwise/acosh.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Asin } from "../../../ops/elementwise/asin.ts";
import { Asinh4 } from "../../../ops/elementwise/asinh.ts";
import { Atan } from "../../../ops/elementwise/atan.ts";
import { Atanh4 } from "../../../ops/elementwise/atanh.ts";
import { Ceiling } from "../../../ops/elementwise/ceiling.ts";
import { Clamp } from "../../../ops/elementwise/clamp.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { ConvertLike } from "../../../ops/elementwise/convert-like.ts";
import { Cos } from "../../../ops/elementwise/cos.ts";
import { Cosh } from "../../../ops/elementwise/cosh.ts";
import { Divide } from "../../../ops/elementwise/divide.ts";
import { Elu } from "../../../ops/elementwise/elu.ts";
import { Equal } from "../../../ops/elementwise/equal.ts";
import { Erf } from "../../../ops/elementwise/erf.ts";
import { Exp } from "../../../ops/elementwise/exp.ts";
import { Floor } from "../../../ops/elementwise/floor.ts";
import { FloorMod } from "../../../ops/elementwise/floor-mod.ts";
import { Gelu7 } from "../../../ops/elementwise/gelu.ts";
import { Greater } from "../../../ops/elementwise/greater.ts";
import { GreaterEqual } from "../../../ops/elementwise/greater-equal.ts";
import { HardSigmoid } from "../../../ops/elementwise/hard-sigmoid.ts";
import { Less } from "../../../ops/elementwise/less.ts";
import { LessEqual } from "../../../ops/elementwise/less-equal.ts";
import { Log } from "../../../ops/elementwise/log.ts";
import { Maximum } from "../../../ops/elementwise/maximum.ts";
import { Minimum } from "../../../ops/elementwise/minimum.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { Negative } from "../../../ops/elementwise/negative.ts";
import { NotEqual } from "../../../ops/elementwise/not-equal.ts";
import { Power } from "../../../ops/elementwise/power.ts";
import { PRelu } from "../../../ops/elementwise/p-relu.ts";
import { Relu } from "../../../ops/elementwise/relu.ts";
import { Round5 } from "../../../ops/elementwise/round.ts";
import { Select } from "../../../ops/elementwise/select.ts";
import { Selu } from "../../../ops/elementwise/selu.ts";
import { Sigmoid } from "../../../ops/elementwise/sigmoid.ts";
import { Sign } from "../../../ops/elementwise/sign.ts";
import { Sin } from "../../../ops/elementwise/sin.ts";
import { Sinh } from "../../../ops/elementwise/sinh.ts";
import { SoftPlus4 } from "../../../ops/elementwise/soft-plus.ts";
import { SoftSign9 } from "../../../ops/elementwise/soft-sign.ts";
import { Sqrt } from "../../../ops/elementwise/sqrt.ts";
import { Subtract } from "../../../ops/elementwise/subtract.ts";
import { Tan } from "../../../ops/elementwise/tan.ts";
import { Tanh } from "../../../ops/elementwise/tanh.ts";
import type { ElementType } from "../../../tensor/element-type.ts";
import type { MxnetMapping, MxnetMappings, MxnetNode } from "../mxnet-node.ts";

const unary =
  (op: OperationDefinition): MxnetMapping =>
  (node) =>
    node.add(op, [node.input(0)]);

/** Comparisons give numbers in MXNet, of the inputs' type. */
function compared(node: MxnetNode, op: OperationDefinition, a: Output, b: Output): Output {
  return node.add(ConvertLike, [node.add(op, [a, b]), a]);
}

const comparisons: ReadonlySet<OperationDefinition> = new Set<OperationDefinition>([
  Equal,
  NotEqual,
  Greater,
  GreaterEqual,
  Less,
  LessEqual,
]);
const apply = (node: MxnetNode, op: OperationDefinition, a: Output, b: Output): Output =>
  comparisons.has(op) ? compared(node, op, a, b) : node.add(op, [a, b]);

/** A number of the type of a tensor; f32 where that is not known yet. */
const like = (node: MxnetNode, x: Output, value: number): Output =>
  node.constant(x.elementType === "dynamic" ? "f32" : x.elementType, value);

const binary =
  (op: OperationDefinition): MxnetMapping =>
  (node) =>
    apply(node, op, node.input(0), node.input(1));
const withScalar =
  (op: OperationDefinition, reversed = false): MxnetMapping =>
  (node) => {
    const x = node.input(0);
    const scalar = like(node, x, node.float("scalar"));
    return reversed ? apply(node, op, scalar, x) : apply(node, op, x, scalar);
  };

/** One arithmetic operator under the names that MXNet has for it. */
function family(name: string, op: OperationDefinition, extra: readonly string[] = []): MxnetMappings {
  const two = [`broadcast_${name}`, `elemwise_${name}`, `_${name}`, ...extra];
  return {
    ...Object.fromEntries(two.map((n) => [n, binary(op)])),
    [`_${name}_scalar`]: withScalar(op),
    [`_r${name}_scalar`]: withScalar(op, true),
  };
}

const activation: Readonly<Record<string, OperationDefinition>> = {
  relu: Relu,
  sigmoid: Sigmoid,
  tanh: Tanh,
  softrelu: SoftPlus4,
  softsign: SoftSign9,
};

function leakyRelu(node: MxnetNode): Output {
  const x = node.input(0);
  switch (node.oneOf("act_type", ["elu", "gelu", "leaky", "prelu", "rrelu", "selu"], "leaky")) {
    case "elu":
      return node.add(Elu, [x], { alpha: node.float("slope", 0.25) });
    case "gelu":
      return node.add(Gelu7, [x], { approximation_mode: "ERF" });
    case "prelu":
      return node.add(PRelu, [x, node.input(1)]);
    case "selu":
      return node.add(Selu, [x, node.constant("f32", 1.6732632423543772), node.constant("f32", 1.0507009873554805)]);
    case "rrelu":
      return node.add(PRelu, [x, node.constant("f32", [(node.float("lower_bound", 0.125) + node.float("upper_bound", 0.334)) / 2])]);
    case "leaky":
      return node.add(PRelu, [x, node.constant("f32", [node.float("slope", 0.25)])]);
  }
}

const sum = (node: MxnetNode): Output => {
  const [first, ...rest] = node.allInputs();
  return rest.reduce((total, x) => node.add(Add, [total, x]), first);
};

const types: Readonly<Record<string, ElementType>> = {
  float16: "f16",
  float32: "f32",
  float64: "f64",
  int8: "i8",
  int32: "i32",
  int64: "i64",
  uint8: "u8",
  bool: "boolean",
};

function cast(node: MxnetNode): Output {
  const type = node.text("dtype") ?? node.fail('parameter "dtype" is missing');
  return node.add(Convert, [node.input(0)], {
    destination_type: types[type] ?? node.unsupported("this element type is not supported", { got: type }),
  });
}

const same: MxnetMapping = (node) => node.input(0);
const numbered = (node: MxnetNode, value: number): Output => node.add(Multiply, [node.input(0), like(node, node.input(0), value)]);

export const elementwiseOperators: MxnetMappings = {
  ...family("add", Add, ["_Plus", "_plus", "broadcast_plus", "elementwise_add", "_grad_add"]),
  ...family("sub", Subtract, ["_Minus", "_minus", "broadcast_minus", "elementwise_sub"]),
  ...family("mul", Multiply, ["_Mul"]),
  ...family("div", Divide, ["_Div"]),
  ...family("power", Power, ["_Power"]),
  ...family("maximum", Maximum, ["_Maximum"]),
  ...family("minimum", Minimum, ["_Minimum"]),
  ...family("mod", FloorMod, ["_Mod"]),
  ...family("equal", Equal, ["_Equal"]),
  ...family("not_equal", NotEqual, ["_Not_Equal"]),
  ...family("greater", Greater, ["_Greater"]),
  ...family("greater_equal", GreaterEqual, ["_Greater_Equal"]),
  ...family("lesser", Less, ["_Lesser"]),
  ...family("lesser_equal", LessEqual, ["_Lesser_Equal"]),
  _plus_scalar: withScalar(Add),
  _PlusScalar: withScalar(Add),
  _minus_scalar: withScalar(Subtract),
  _MinusScalar: withScalar(Subtract),
  _rminus_scalar: withScalar(Subtract, true),
  _RMinusScalar: withScalar(Subtract, true),
  _MulScalar: withScalar(Multiply),
  _DivScalar: withScalar(Divide),
  _RDivScalar: withScalar(Divide, true),
  _PowerScalar: withScalar(Power),
  _RPowerScalar: withScalar(Power, true),
  _MaximumScalar: withScalar(Maximum),
  _MinimumScalar: withScalar(Minimum),
  Activation: (node) =>
    node.add(activation[node.oneOf("act_type", ["relu", "sigmoid", "tanh", "softrelu", "softsign"], "relu")], [node.input(0)]),
  BlockGrad: same,
  Cast: cast,
  Dropout: same,
  ElementWiseSum: sum,
  LeakyReLU: leakyRelu,
  MakeLoss: same,
  Where: (node) => where(node),
  _copy: same,
  abs: unary(Abs),
  add_n: sum,
  amp_cast: cast,
  arccos: unary(Acos),
  arccosh: unary(Acosh4),
  arcsin: unary(Asin),
  arcsinh: unary(Asinh4),
  arctan: unary(Atan),
  arctanh: unary(Atanh4),
  cast,
  ceil: unary(Ceiling),
  clip: (node) => node.add(Clamp, [node.input(0)], { min: node.float("a_min"), max: node.float("a_max") }),
  cos: unary(Cos),
  cosh: unary(Cosh),
  erf: unary(Erf),
  exp: unary(Exp),
  floor: unary(Floor),
  hard_sigmoid: (node) =>
    node.add(HardSigmoid, [node.input(0), node.constant("f32", node.float("alpha", 0.2)), node.constant("f32", node.float("beta", 0.5))]),
  identity: same,
  log: unary(Log),
  negative: unary(Negative),
  ones_like: (node) => node.add(Add, [numbered(node, 0), like(node, node.input(0), 1)]),
  reciprocal: (node) => node.add(Divide, [like(node, node.input(0), 1), node.input(0)]),
  relu: unary(Relu),
  rint: (node) => node.add(Round5, [node.input(0)], { mode: "half_to_even" }),
  round: (node) => node.add(Round5, [node.input(0)], { mode: "half_away_from_zero" }),
  rsqrt: (node) => node.add(Power, [node.input(0), like(node, node.input(0), -0.5)]),
  sigmoid: unary(Sigmoid),
  sign: unary(Sign),
  sin: unary(Sin),
  sinh: unary(Sinh),
  softsign: unary(SoftSign9),
  sqrt: unary(Sqrt),
  square: (node) => node.add(Multiply, [node.input(0), node.input(0)]),
  stop_gradient: same,
  tan: unary(Tan),
  tanh: unary(Tanh),
  where: (node) => where(node),
  zeros_like: (node) => numbered(node, 0),
  _contrib_div_sqrt_dim: (node) =>
    node.add(Divide, [node.input(0), node.constant("f32", Math.sqrt(node.shapeOf(node.input(0)).at(-1) ?? 1))]),
};

function where(node: MxnetNode): Output {
  const condition = node.add(Convert, [node.input(0)], { destination_type: "boolean" });
  return node.add(Select, [condition, node.input(1), node.input(2)]);
}
