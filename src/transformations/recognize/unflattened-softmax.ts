import { node } from "../../model/node.ts";
import { Softmax8 } from "../../ops/normalization/softmax.ts";
import { sameDimension } from "../../tensor/dimension.ts";
import { producer, sameShapes } from "../match.ts";
import { rewrite } from "../rewrite.ts";

/** A Softmax along the last axis does not need its data as a matrix: the Reshapes around it go. */
export const unflattenedSoftmax = rewrite("unflattened-softmax", ["Reshape"], (last, context) => {
  const softmax = producer(last.inputs[0], "Softmax");
  const first = producer(softmax?.inputs[0], "Reshape");
  if (softmax === undefined || first === undefined || !context.isPrivate(last.inputs[0])) return undefined;
  const [data] = first.inputs;
  const flat = first.outputs[0].partialShape.dimensions;
  const dims = data.partialShape.dimensions;
  const axis = softmax.attributes["axis"] as number;
  if (flat === undefined || dims === undefined || dims.length === 0 || (axis !== -1 && axis !== flat.length - 1)) return undefined;
  if (!sameShapes(data, last.outputs[0]) || !sameDimension(flat[flat.length - 1], dims[dims.length - 1])) return undefined;
  return node(Softmax8, [data], { axis: -1 }).outputs[0];
});
