import { shapeSize } from "../../common/shape.ts";
import { boolean, ints } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { isFloat } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { type PoolingAttributes, poolingWindows, pooledShape, roundingType, torchRoundingType } from "./pooling.ts";
import { roundHalfToEven } from "./rounding.ts";
import { asThreeAxes, autoPad, spatialAxes, windowOutputs } from "./spatial-geometry.ts";

const inferAvgPool = (context: InferContext<PoolingAttributes>): readonly OutputSpec[] => [
  outputSpec(context.inputs[0].elementType, pooledShape(context)),
];

function evaluateAvgPool({
  node,
  attributes,
  inputs: [data],
}: EvaluateContext<PoolingAttributes & { readonly "exclude-pad": boolean }>): readonly Tensor[] {
  const context = { attributes, fail: node.fail.bind(node) };
  const kernel = attributes.kernel;
  const spatial = data.shape.slice(2);
  const outputSpatial = windowOutputs(context, spatial, kernel, attributes.rounding_type) as number[];
  const axes = asThreeAxes(spatialAxes(context, spatial, outputSpatial, kernel));
  const [z, y, x] = axes.map(poolingWindows);
  const [zAxis, yAxis, xAxis] = axes;
  // With pads every window counts in full, even where rounding up lets it reach beyond them (as OpenVINO has it).
  const hasPads = axes.some((a) => a.padBegin !== 0 || a.padEnd !== 0);
  const whole = !attributes["exclude-pad"] && hasPads ? shapeSize(kernel) : undefined;
  const shape = [...data.shape.slice(0, 2), ...outputSpatial];
  const input = tensorNumbers(data);
  const output = allocateNumbers(data.elementType, shapeSize(shape));
  const round = isFloat(data.elementType) ? (value: number): number => value : roundHalfToEven;
  const planeSize = shapeSize(spatial);
  let at = 0;
  for (let plane = 0; plane < data.shape[0] * data.shape[1]; plane++)
    for (let oz = 0; oz < zAxis.output; oz++)
      for (let oy = 0; oy < yAxis.output; oy++)
        for (let ox = 0; ox < xAxis.output; ox++, at++) {
          let sum = 0;
          for (let kz = 0; kz < z.taps[oz]; kz++)
            for (let ky = 0; ky < y.taps[oy]; ky++) {
              const row = (z.first[oz] + kz * zAxis.dilation) * yAxis.input + y.first[oy] + ky * yAxis.dilation;
              let i = plane * planeSize + row * xAxis.input + x.first[ox];
              for (let kx = 0; kx < x.taps[ox]; kx++, i += xAxis.dilation) sum += input[i];
            }
          const count = whole ?? z.taps[oz] * y.taps[oy] * x.taps[ox];
          output[at] = count === 0 ? 0 : round(sum / count);
        }
  return [tensorOfNumbers(data.elementType, shape, output)];
}

const averagingAttributes = {
  kernel: ints(),
  strides: ints(),
  pads_begin: ints(),
  pads_end: ints(),
  "exclude-pad": boolean(),
  auto_pad: autoPad,
} as const;

/** Mean of windows; with `exclude-pad` only of the elements that lie in the input. */
export const AvgPool1 = defineOp({
  type: "AvgPool",
  since: "opset1",
  attributes: { ...averagingAttributes, rounding_type: roundingType },
  inputs: 1,
  infer: inferAvgPool,
  evaluate: evaluateAvgPool,
});

/** AvgPool with rounding type `ceil_torch`. */
export const AvgPool14 = defineOp({
  type: "AvgPool",
  since: "opset14",
  attributes: { ...averagingAttributes, rounding_type: torchRoundingType },
  inputs: 1,
  infer: inferAvgPool,
  evaluate: evaluateAvgPool,
});

/** AvgPool with dilations. */
export const AvgPool16 = defineOp({
  type: "AvgPool",
  since: "opset16",
  attributes: { ...averagingAttributes, rounding_type: torchRoundingType, dilations: ints([]) },
  inputs: 1,
  infer: inferAvgPool,
  evaluate: evaluateAvgPool,
});
