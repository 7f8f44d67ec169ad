import { TensorProto_DataType as DataType } from "../../../formats/protobuf/generated/onnx_pb.ts";
import type { Output } from "../../../model/output.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { dataTypeName, elementTypeOf } from "../element-types.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

function convert(node: OnnxNode, dataType: number): Output {
  const destination_type = elementTypeOf(dataType);
  if (destination_type === undefined || destination_type === "string")
    return node.unsupported("conversion to this element type is not supported", { got: dataTypeName(dataType) });
  return node.add(Convert, [node.input(0)], { destination_type });
}

/** Before opset 6 the type is written out. */
function castByName(node: OnnxNode): Output {
  const name = node.string("to");
  const entry = Object.entries(DataType).find(([n]) => n === name.toUpperCase());
  return convert(node, entry?.[1] ?? node.fail('attribute "to" is no element type', { got: name }));
}

export const castOperators: readonly Operator[] = [
  onnxOperator("Cast", { 1: castByName, 6: (node) => convert(node, node.int("to")) }),
  onnxOperator("CastLike", (node) => node.add(Convert, [node.input(0)], { destination_type: node.input(1).elementType })),
];
