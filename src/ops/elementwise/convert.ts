import { elementType } from "../../model/attribute.ts";
import type { InferContext, OutputSpec } from "../../model/operation.ts";
import { type Dimension, maxOf, minOf } from "../../tensor/dimension.ts";
import { type ElementType, elementTypes, isFloat } from "../../tensor/element-type.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { notEqualDimension } from "../propagate-scalar.ts";
import { convertTensor } from "./convert-tensor.ts";

/** Same shape, another type; integers of shape sub-graphs pass where the type surely holds them. */
export function inferConversion(context: InferContext, to: ElementType): readonly OutputSpec[] {
  const value = context.value(0);
  return [outputSpec(to, context.inputs[0].partialShape.dimensions, value && convertedValue(value, to))];
}

function convertedValue(value: readonly Dimension[], to: ElementType): readonly Dimension[] | undefined {
  const { bits, kind } = elementTypes[to];
  if (kind === "boolean") return value.map((d) => notEqualDimension(d, 0));
  if (isFloat(to) || kind === "other") return undefined;
  const most = 2 ** (kind === "signed" ? bits - 1 : bits);
  const least = kind === "signed" ? -most : 0;
  return bits >= 32 || value.every((d) => minOf(d) >= least && maxOf(d) < most) ? value : undefined;
}

/** Changes the element type. */
export const Convert = defineOp({
  type: "Convert",
  since: "opset1",
  inputs: 1,
  attributes: { destination_type: elementType() },
  infer: (context) => inferConversion(context, context.attributes.destination_type),
  scalar: ([x]) => x,
  evaluate: ({ inputs: [tensor], attributes }) => [convertTensor(tensor, attributes.destination_type)],
});
