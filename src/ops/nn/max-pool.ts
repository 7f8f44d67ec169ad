import { shapeSize } from "../../common/shape.ts";
import { elementType, int, ints, type AttributesOf } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { resolveAxis } from "../movement/indices.ts";
import { outputSpec } from "../output-spec.ts";
import { lowestValue } from "./lowest-value.ts";
import { type PoolingAttributes, poolingWindows, pooledShape, roundingType, torchRoundingType } from "./pooling.ts";
import { asThreeAxes, autoPad, spatialAxes, windowOutputs } from "./spatial-geometry.ts";

const windowAttributes = { pads_begin: ints(), pads_end: ints(), kernel: ints() } as const;
const dilatedAttributes = { strides: ints(), dilations: ints([]), ...windowAttributes } as const;
const indexAttributes = { auto_pad: autoPad, index_element_type: elementType("i64"), axis: int(0) } as const;

type IndexedAttributes = PoolingAttributes & AttributesOf<typeof indexAttributes>;

const inferMaxPool = (context: InferContext<PoolingAttributes>): OutputSpec =>
  outputSpec(context.inputs[0].elementType, pooledShape(context));

function inferIndexed(context: InferContext<IndexedAttributes>): readonly OutputSpec[] {
  const pooled = inferMaxPool(context);
  const type = context.attributes.index_element_type;
  if (type !== "i32" && type !== "i64") context.fail("index_element_type must be i32 or i64", { got: type });
  resolveAxis(context, context.attributes.axis, pooled.shape.rank ?? 0);
  return [pooled, { elementType: type, shape: pooled.shape }];
}

interface Pooled {
  readonly values: Tensor;
  /** Position of each maximum in the input, row-major over all of it. */
  readonly positions: Float64Array;
}

/** The first of equal maxima counts. A window without any element of the input gives the lowest value. */
function maxPool({ node, attributes, inputs: [data] }: EvaluateContext<PoolingAttributes>): Pooled {
  const context = { attributes, fail: node.fail.bind(node) };
  const kernel = attributes.kernel;
  const spatial = data.shape.slice(2);
  const outputSpatial = windowOutputs(context, spatial, kernel, attributes.rounding_type) as number[];
  const axes = asThreeAxes(spatialAxes(context, spatial, outputSpatial, kernel));
  const [zAxis, yAxis, xAxis] = axes;
  const [z, y, x] = axes.map(poolingWindows);
  const shape = [...data.shape.slice(0, 2), ...outputSpatial];
  const input = tensorNumbers(data);
  const values = allocateNumbers(data.elementType, shapeSize(shape));
  const positions = new Float64Array(values.length);
  const lowest = lowestValue(data.elementType);
  const planeSize = shapeSize(spatial);
  let at = 0;
  for (let plane = 0; plane < data.shape[0] * data.shape[1]; plane++)
    for (let oz = 0; oz < zAxis.output; oz++)
      for (let oy = 0; oy < yAxis.output; oy++)
        for (let ox = 0; ox < xAxis.output; ox++, at++) {
          let best = lowest;
          let where = -1;
          for (let kz = 0; kz < z.taps[oz]; kz++)
            for (let ky = 0; ky < y.taps[oy]; ky++) {
              const row = (z.first[oz] + kz * zAxis.dilation) * yAxis.input + y.first[oy] + ky * yAxis.dilation;
              let i = plane * planeSize + row * xAxis.input + x.first[ox];
              for (let kx = 0; kx < x.taps[ox]; kx++, i += xAxis.dilation) {
                const value = input[i];
                // A NaN wins over what it is compared with.
                if (where >= 0 && !(value > best) && !Number.isNaN(value)) continue;
                best = value;
                where = i;
              }
            }
          values[at] = best;
          positions[at] = Math.max(0, where);
        }
  return { values: tensorOfNumbers(data.elementType, shape, values), positions };
}

/** Maxima and their positions, counted within the dimensions from attribute `axis` on. */
function evaluateIndexed(context: EvaluateContext<IndexedAttributes>): readonly Tensor[] {
  const { values, positions } = maxPool(context);
  const { shape } = context.inputs[0];
  const axis = resolveAxis(context.node, context.attributes.axis, shape.length);
  const modulus = shapeSize(shape.slice(axis));
  const type = context.attributes.index_element_type;
  return [
    values,
    tensorOfNumbers(
      type,
      values.shape,
      positions.map((p) => p % modulus),
    ),
  ];
}

/** Maximum of windows. */
export const MaxPool1 = defineOp({
  type: "MaxPool",
  since: "opset1",
  attributes: { strides: ints(), ...windowAttributes, rounding_type: roundingType, auto_pad: autoPad },
  inputs: 1,
  infer: (context) => [inferMaxPool(context)],
  evaluate: (context) => [maxPool(context).values],
});

/** MaxPool with dilations; a second output gives the maxima's positions. */
export const MaxPool8 = defineOp({
  type: "MaxPool",
  since: "opset8",
  attributes: { ...dilatedAttributes, rounding_type: roundingType, ...indexAttributes },
  inputs: 1,
  infer: inferIndexed,
  evaluate: evaluateIndexed,
});

/** MaxPool8 with rounding type `ceil_torch`. */
export const MaxPool14 = defineOp({
  type: "MaxPool",
  since: "opset14",
  attributes: { ...dilatedAttributes, rounding_type: torchRoundingType, ...indexAttributes },
  inputs: 1,
  infer: inferIndexed,
  evaluate: evaluateIndexed,
});
