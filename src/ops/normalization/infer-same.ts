import type { InferContext, OutputSpec } from "../../model/operation.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { outputSpec } from "../output-spec.ts";

/** Type and shape of the data, floats, which `data` says which input they are. */
export function inferSame(context: InferContext, data = 0): readonly OutputSpec[] {
  const { elementType, partialShape } = context.inputs[data];
  if (elementType !== "dynamic" && !isFloat(elementType))
    context.fail("the operation is not defined for this element type", { expected: "floats", got: elementType });
  return [outputSpec(elementType, partialShape.dimensions)];
}

/** The others of the inputs must be vectors with one element for each channel, axis 1 of the data. */
export function checkChannelVectors(context: InferContext, data: number, vectors: readonly number[]): void {
  const { dimensions, rank } = context.inputs[data].partialShape;
  if (rank !== undefined && rank < 2) context.fail("the data has no channels", { expected: "at least 2 dimensions", got: `${rank}` });
  const channels = dimensions?.[1];
  for (const i of vectors) {
    const own = context.inputs[i].partialShape.dimensions;
    if (own !== undefined && own.length !== 1) context.fail(`input ${i} must be a vector`, { got: String(context.inputs[i].partialShape) });
    if (typeof channels === "number" && typeof own?.[0] === "number" && own[0] !== channels)
      context.fail(`input ${i} needs one value for each channel`, { expected: String(channels), got: String(own[0]) });
  }
}
