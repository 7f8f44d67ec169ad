import type { Output } from "../../../model/output.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { Subtract } from "../../../ops/elementwise/subtract.ts";
import { FakeQuantize } from "../../../ops/nn/fake-quantize.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import { type ElementType, elementTypes, isFloat } from "../../../tensor/element-type.ts";
import { dataTypeName, elementTypeOf } from "../element-types.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator, type Operator } from "../operator.ts";

/** Integer types that numbers are quantized to, with their least and greatest number. */
const ranges: Partial<Readonly<Record<ElementType, readonly [number, number]>>> = {
  u8: [0, 255],
  i8: [-128, 127],
  u16: [0, 65535],
  i16: [-32768, 32767],
};

/** Scale or zero point shaped to be broadcast over the data: one for all, or one for each index of an axis. */
function along(node: OnnxNode, parameter: Output, x: Output): Output {
  const { rank, dimensions } = parameter.partialShape;
  if (node.int("block_size", 0) !== 0) node.unsupported("quantization in blocks is not supported");
  if (rank === 0 || dimensions?.[0] === 1) return parameter;
  if (rank !== 1) return node.fail("scales and zero points must be a scalar or a list", { got: String(parameter.partialShape) });
  const shape = new Array<number>(node.rank(x)).fill(1);
  shape[node.axis(node.int("axis", 1), shape.length)] = -1;
  return node.add(Reshape, [parameter, node.constant("i64", shape)], { special_zero: false });
}

const converted = (node: OnnxNode, x: Output, to: ElementType): Output =>
  x.elementType === to ? x : node.add(Convert, [x], { destination_type: to });

function targetType(node: OnnxNode): ElementType {
  const given = node.int("output_dtype", 0);
  if (given === 0) return node.inputs[2]?.elementType ?? "u8";
  return elementTypeOf(given) ?? node.unsupported("quantization to this type is not supported", { got: dataTypeName(given) });
}

/** round(x / scale) + zero point, cut off at the type's range, as OpenVINO's FakeQuantize followed by a Convert. */
function quantize(node: OnnxNode): Output {
  const [input, scale, zero] = [node.input(0), node.input(1), node.inputs[2]];
  const to = targetType(node);
  const range =
    ranges[to] ?? node.unsupported("quantization to this type is not supported", { expected: Object.keys(ranges).join(", "), got: to });
  const type = isFloat(scale.elementType) ? scale.elementType : "f32";
  const x = converted(node, input, type);
  const shapedScale = along(node, converted(node, scale, type), x);
  const shift = zero === undefined ? node.constant(type, 0) : converted(node, along(node, zero, x), type);
  const [low, high] = range.map((n) => node.constant(type, n));
  const bound = (limit: Output): Output => node.add(Multiply, [shapedScale, node.add(Subtract, [limit, shift])]);
  const quantized = node.add(FakeQuantize, [x, bound(low), bound(high), low, high], {
    levels: range[1] - range[0] + 1,
    auto_broadcast: "numpy",
  });
  return node.add(Convert, [quantized], { destination_type: to });
}

/** (x - zero point) scale. */
function dequantize(node: OnnxNode): Output {
  const [x, scale, zero] = [node.input(0), node.input(1), node.inputs[2]];
  const { elementType } = scale;
  if (elementTypes[x.elementType].bits < 8 || isFloat(x.elementType))
    node.unsupported("this quantized type is not supported", { got: x.elementType });
  const numbers = node.add(Convert, [x], { destination_type: elementType });
  const shifted =
    zero === undefined
      ? numbers
      : node.add(Subtract, [numbers, along(node, node.add(Convert, [zero], { destination_type: elementType }), x)]);
  return node.add(Multiply, [shifted, along(node, scale, x)]);
}

export const quantizationOperators: readonly Operator[] = ["", "com.microsoft"].flatMap((domain) => [
  onnxOperator("QuantizeLinear", quantize, domain),
  onnxOperator("DequantizeLinear", dequantize, domain),
]);
