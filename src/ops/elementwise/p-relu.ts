import { sameShape } from "../../common/shape.ts";
import { node } from "../../model/node.ts";
import { add, input, max, min, mul } from "../../model/scalar-expression.ts";
import { broadcastDimensions } from "../broadcast-dimensions.ts";
import { constant } from "../infrastructure/constant.ts";
import { Reshape } from "../shape/reshape.ts";
import { Add } from "./add.ts";
import { Maximum } from "./maximum.ts";
import { Minimum } from "./minimum.ts";
import { Multiply } from "./multiply.ts";
import { commonType } from "../define-elementwise.ts";
import { defineOp } from "../define-op.ts";
import { evaluateScalar } from "../evaluate-scalar.ts";
import { outputSpec } from "../output-spec.ts";
import type { Dimension } from "../../tensor/dimension.ts";

/** A slope of one dimension that is as long as axis 1 of the data belongs to the channels there; else numpy's rules hold. */
function slopeShape<T extends Dimension>(data: readonly T[], slope: readonly T[]): (T | 1)[] {
  // One number is a slope for data of any rank.
  if (slope.length > data.length && slope.every((d) => d === 1)) return [];
  if (slope.length !== 1 || data.length < 2 || slope[0] === 1 || slope[0] !== data[1]) return [...slope];
  return data.slice(1).map((_, i) => (i === 0 ? slope[0] : 1));
}

const expression = add(max(input(0), 0), mul(input(1), min(input(0), 0)));

/** x above zero, slope x below; the slope has an element for each channel, or is broadcast (He et al., 2015). */
export const PRelu = defineOp({
  type: "PRelu",
  irType: "PReLU",
  since: "opset1",
  inputs: 2,
  attributes: {},
  infer: (context) => {
    const [data, slope] = context.inputs.map((i) => i.partialShape);
    if (data.isStatic && slope.isStatic) {
      const own = data.dimensions as readonly number[];
      const out = broadcastDimensions(own, slopeShape(own, slope.dimensions as readonly number[]));
      if (out?.length !== own.length || out.some((d, i) => d !== own[i]))
        context.fail("the slope cannot be broadcast to the data", { got: `${slope} to ${data}` });
    }
    return [outputSpec(commonType(context, "numeric"), data.dimensions)];
  },
  decompose: ({ inputs: [data, slope] }) => {
    if (!data.partialShape.isStatic || !slope.partialShape.isStatic) return undefined;
    const shape = slopeShape(data.shape, slope.shape);
    const factor = sameShape(shape, slope.shape)
      ? slope
      : node(Reshape, [slope, constant("i64", shape)], { special_zero: false }).outputs[0];
    const zero = constant(data.elementType, 0);
    const below = node(Multiply, [factor, node(Minimum, [data, zero]).outputs[0]]).outputs[0];
    return node(Add, [node(Maximum, [data, zero]).outputs[0], below]).outputs;
  },
  evaluate: ({ inputs: [data, slope], outputs }) => [
    evaluateScalar(expression, [data, slope.reshaped(slopeShape(data.shape, slope.shape))], outputs[0].elementType),
  ],
});
