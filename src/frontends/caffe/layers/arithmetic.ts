import type { Output } from "../../../model/output.ts";
import { Add } from "../../../ops/elementwise/add.ts";
import { Maximum } from "../../../ops/elementwise/maximum.ts";
import { Multiply } from "../../../ops/elementwise/multiply.ts";
import { MatMul } from "../../../ops/nn/mat-mul.ts";
import { Reshape } from "../../../ops/shape/reshape.ts";
import type { CaffeLayer } from "../caffe-layer.ts";
import type { LayerMappings } from "../layer-mapping.ts";

function eltwise(layer: CaffeLayer): Output {
  const fields = layer.parameter("eltwise_param");
  const operation = fields.oneOf("operation", ["PROD", "SUM", "MAX"], "SUM");
  const coefficients = fields.floats("coeff");
  if (coefficients.length > 0 && (operation !== "SUM" || coefficients.length !== layer.inputs.length))
    layer.fail('field "coeff" goes with sums, one for each bottom', { got: `${operation} with ${coefficients.length}` });
  const terms = layer.inputs.map((x, i) => {
    const factor = coefficients[i] ?? 1;
    return factor === 1 ? x : layer.add(Multiply, [x, layer.constant("f32", factor)]);
  });
  if (terms.length < 2) layer.fail("it takes at least two bottoms", { got: `${terms.length}` });
  const op = { PROD: Multiply, SUM: Add, MAX: Maximum }[operation];
  return terms.slice(1).reduce((sum, x) => layer.add(op, [sum, x]), terms[0]);
}

/** All axes from `axis` on are the inputs of one product with weights [outputs, inputs], or [inputs, outputs] where transposed. */
function innerProduct(layer: CaffeLayer): Output {
  const fields = layer.parameter("inner_product_param");
  const outputs = fields.int("num_output") ?? layer.fail('field "num_output" is missing');
  const transpose = fields.boolean("transpose", false);
  const size = layer.blob(0).size / outputs;
  if (!Number.isSafeInteger(size) || size < 1)
    layer.fail("the weights do not divide by num_output", { got: `[${layer.blob(0).shape}], ${outputs} outputs` });
  const axis = layer.axis(fields.int("axis", 1), layer.rank(layer.input(0)));
  const kept = Array.from({ length: axis }, () => 0);
  const rows = layer.rank(layer.input(0)) === axis + 1 ? layer.input(0) : flattened(layer, [...kept, -1]);
  const product = layer.add(MatMul, [rows, layer.blobAs(0, transpose ? [size, outputs] : [outputs, size])], {
    transpose_a: false,
    transpose_b: !transpose,
  });
  if (!fields.boolean("bias_term", true)) return product;
  product.node.friendlyName = `${layer.name}/WithoutBiases`;
  return layer.add(Add, [product, layer.blobAs(1, [...kept.map(() => 1), outputs])]);
}

function flattened(layer: CaffeLayer, pattern: readonly number[]): Output {
  const output = layer.add(Reshape, [layer.input(0), layer.constant("i64", pattern)], { special_zero: true });
  output.node.friendlyName = `${layer.name}/flatten_fc_input`;
  return output;
}

/** Weights, or a second bottom, as they broadcast to the first from `axis` on. */
function alongAxis(layer: CaffeLayer, operand: { readonly blob: number } | Output, axis: number): Output {
  const rank = layer.rank(layer.input(0));
  const first = layer.axis(axis, rank);
  if ("blob" in operand) {
    const shape = layer.blob(operand.blob).shape;
    const own = shape.length > rank - first ? [layer.blob(operand.blob).size] : shape;
    return layer.blobAs(operand.blob, [
      ...Array.from({ length: first }, () => 1),
      ...own,
      ...Array.from({ length: rank - first - own.length }, () => 1),
    ]);
  }
  const own = layer.rank(operand);
  if (own === rank) return operand;
  const pattern = [...Array.from({ length: first }, () => 1), ...layer.shape(1), ...Array.from({ length: rank - first - own }, () => 1)];
  return layer.add(Reshape, [operand, layer.constant("i64", pattern)], { special_zero: false });
}

function scale(layer: CaffeLayer): Output {
  const fields = layer.parameter("scale_param");
  const axis = fields.int("axis", 1);
  const learned = layer.inputs.length === 1;
  const scaled = layer.add(Multiply, [layer.input(0), alongAxis(layer, learned ? { blob: 0 } : layer.input(1), axis)]);
  return fields.boolean("bias_term", false) ? layer.add(Add, [scaled, alongAxis(layer, { blob: learned ? 1 : 0 }, axis)]) : scaled;
}

const bias = (layer: CaffeLayer): Output =>
  layer.add(Add, [
    layer.input(0),
    alongAxis(layer, layer.inputs.length === 1 ? { blob: 0 } : layer.input(1), layer.parameter("bias_param").int("axis", 1)),
  ]);

/** a * x + y, with a factor for each item and channel. */
function axpy(layer: CaffeLayer): Output {
  const [a, x, y] = [0, 1, 2].map((i) => layer.input(i));
  const rank = layer.rank(x);
  const factor =
    layer.rank(a) === rank
      ? a
      : layer.add(Reshape, [a, layer.constant("i64", [0, 0, ...Array.from({ length: rank - 2 }, () => 1)])], { special_zero: true });
  return layer.add(Add, [layer.add(Multiply, [x, factor]), y]);
}

export const arithmeticLayers: LayerMappings = { Axpy: axpy, Bias: bias, Eltwise: eltwise, InnerProduct: innerProduct, Scale: scale };
