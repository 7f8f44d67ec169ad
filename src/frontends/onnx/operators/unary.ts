import type { OperationDefinition } from "../../../model/operation.ts";
import { Abs } from "../../../ops/elementwise/abs.ts";
import { Acos } from "../../../ops/elementwise/acos.ts";
import { Acosh4 } from "../../../ops/elementwise/acosh.ts";
import { Asin } from "../../../ops/elementwise/asin.ts";
import { Asinh4 } from "../../../ops/elementwise/asinh.ts";
import { Atan } from "../../../ops/elementwise/atan.ts";
import { Atanh4 } from "../../../ops/elementwise/atanh.ts";
import { Ceiling } from "../../../ops/elementwise/ceiling.ts";
import { Cos } from "../../../ops/elementwise/cos.ts";
import { Cosh } from "../../../ops/elementwise/cosh.ts";
import { Divide } from "../../../ops/elementwise/divide.ts";
import { Erf } from "../../../ops/elementwise/erf.ts";
import { Exp } from "../../../ops/elementwise/exp.ts";
import { Floor } from "../../../ops/elementwise/floor.ts";
import { IsInf10 } from "../../../ops/elementwise/is-inf.ts";
import { IsNaN10 } from "../../../ops/elementwise/is-nan.ts";
import { Log } from "../../../ops/elementwise/log.ts";
import { LogicalNot } from "../../../ops/elementwise/logical-not.ts";
import { Negative } from "../../../ops/elementwise/negative.ts";
import { Round5 } from "../../../ops/elementwise/round.ts";
import { Sign } from "../../../ops/elementwise/sign.ts";
import { Sin } from "../../../ops/elementwise/sin.ts";
import { Sinh } from "../../../ops/elementwise/sinh.ts";
import { Sqrt } from "../../../ops/elementwise/sqrt.ts";
import { Tan } from "../../../ops/elementwise/tan.ts";
import { Tanh } from "../../../ops/elementwise/tanh.ts";
import { onnxOperator, type Operator } from "../operator.ts";

const same = (type: string, op: OperationDefinition): Operator => onnxOperator(type, (node) => node.add(op, [node.input(0)]));

/** Functions of one input that OpenVINO has under the same or another name. */
export const unaryOperators: readonly Operator[] = [
  same("Abs", Abs),
  same("Acos", Acos),
  same("Acosh", Acosh4),
  same("Asin", Asin),
  same("Asinh", Asinh4),
  same("Atan", Atan),
  same("Atanh", Atanh4),
  same("Ceil", Ceiling),
  same("Cos", Cos),
  same("Cosh", Cosh),
  same("Erf", Erf),
  same("Exp", Exp),
  same("Floor", Floor),
  same("IsNaN", IsNaN10),
  same("Log", Log),
  same("Neg", Negative),
  same("Not", LogicalNot),
  same("Sign", Sign),
  same("Sin", Sin),
  same("Sinh", Sinh),
  same("Sqrt", Sqrt),
  same("Tan", Tan),
  same("Tanh", Tanh),
  onnxOperator("IsInf", (node) =>
    node.add(IsInf10, [node.input(0)], {
      detect_negative: node.int("detect_negative", 1) !== 0,
      detect_positive: node.int("detect_positive", 1) !== 0,
    }),
  ),
  onnxOperator("Reciprocal", (node) => node.add(Divide, [node.constant(node.input(0).elementType, 1), node.input(0)])),
  onnxOperator("Round", (node) => node.add(Round5, [node.input(0)], { mode: "half_to_even" })),
];
