import type { OperationDefinition } from "../../../model/operation.ts";
import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Divide } from "../../../ops/elementwise/divide.ts";
import { FloorMod } from "../../../ops/elementwise/floor-mod.ts";
import { Maximum } from "../../../ops/elementwise/maximum.ts";
import { Minimum } from "../../../ops/elementwise/minimum.ts";
import { Mod } from "../../../ops/elementwise/mod.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { Power } from "../../../ops/elementwise/power.ts";
import { Subtract } from "../../../ops/elementwise/subtract.ts";
import { isFloat } from "../../../tensor/element-type.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";
import { binaryInputs } from "./legacy-broadcast.ts";

const binary = (type: string, op: OperationDefinition): Operator => onnxOperator(type, (node) => node.add(op, binaryInputs(node)));

/** Any number of inputs, joined from the left; one alone is passed on. */
const join = (node: OnnxNode, op: OperationDefinition): Output => node.allInputs().reduce((sum, x) => node.add(op, [sum, x]));

const variadic = (type: string, op: OperationDefinition): Operator => onnxOperator(type, (node) => join(node, op));

/** The result has the base's type, whatever the exponent's is. */
function power(node: OnnxNode): Output {
  const [base, exponent] = binaryInputs(node);
  const [to, from] = [base.elementType, exponent.elementType];
  if (to === from) return node.add(Power, [base, exponent]);
  if (isFloat(from) && !isFloat(to)) {
    const wide = node.add(Convert, [base], { destination_type: from });
    return node.add(Convert, [node.add(Power, [wide, exponent])], { destination_type: to });
  }
  return node.add(Power, [base, node.add(Convert, [exponent], { destination_type: to })]);
}

export const arithmeticOperators: readonly Operator[] = [
  binary("Add", Add),
  binary("Sub", Subtract),
  binary("Mul", Multiply),
  onnxOperator("Div", (node) => {
    const [a, b] = binaryInputs(node);
    // ONNX rounds integers towards zero.
    return node.add(Divide, [a, b], { m_pythondiv: isFloat(a.elementType) });
  }),
  onnxOperator("Pow", power),
  onnxOperator("Mod", (node) => node.add(node.int("fmod", 0) === 0 ? FloorMod : Mod, [node.input(0), node.input(1)])),
  variadic("Max", Maximum),
  variadic("Min", Minimum),
  variadic("Sum", Add),
  onnxOperator("Mean", (node) => {
    const sum = join(node, Add);
    return node.add(Divide, [sum, node.constant(sum.elementType, node.inputs.length)]);
  }),
];
