import { shapeSize } from "../../common/shape.ts";
import { int } from "../../model/attribute.ts";
import { anyDimension, isKnown } from "../../tensor/dimension.ts";
import { floorDivideDimension } from "../../tensor/dimension-arithmetic.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { axisInput, integersOf } from "./indices.ts";
import { movedValues } from "./moved-values.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";

/** Outputs that an operation may have; numbers from damaged files are larger. */
export const mostParts = 65536;

/** Consecutive parts of these lengths along an axis. */
export function splitTensor(tensor: Tensor, axis: number, lengths: readonly number[]): Tensor[] {
  const raw = rawElements(tensor);
  const outer = shapeSize(tensor.shape.slice(0, axis));
  const inner = shapeSize(tensor.shape.slice(axis + 1));
  const row = tensor.shape[axis] * inner;
  let start = 0;
  return lengths.map((length) => {
    const shape = tensor.shape.map((d, i) => (i === axis ? length : d));
    const part = allocateRaw(tensor.elementType, outer * length * inner);
    for (let o = 0; o < outer; o++) {
      const from = o * row + start * inner;
      (part as Float32Array).set((raw as Float32Array).subarray(from, from + length * inner), o * length * inner);
    }
    start += length;
    return tensorOfRaw(tensor.elementType, shape, part);
  });
}

/** Equal parts along an axis, which is the second input, a scalar. */
export const Split = defineOp({
  type: "Split",
  since: "opset1",
  attributes: { num_splits: int() },
  inputs: 2,
  infer: (context) => {
    const count = context.attributes.num_splits;
    const data = context.inputs[0];
    if (count < 1 || count > mostParts) context.fail("num_splits is out of range", { expected: `1 to ${mostParts}`, got: String(count) });
    const dimensions = data.partialShape.dimensions;
    const axis = axisInput(context, 1, dimensions?.length);
    const same = <T>(item: T): T[] => Array.from({ length: count }, () => item);
    if (dimensions === undefined || axis === undefined)
      return same(
        outputSpec(
          data.elementType,
          dimensions?.map(() => anyDimension),
        ),
      );
    const length = dimensions[axis];
    if (isKnown(length) && length % count !== 0)
      context.fail("the dimension cannot be split into equal parts", {
        expected: `a multiple of ${count}`,
        got: `${length} on axis ${axis}`,
      });
    const part = floorDivideDimension(length, count);
    const shape = dimensions.map((d, i) => (i === axis ? part : d));
    const values = isKnown(part) ? movedValues(context, [0], ([p]) => splitTensor(p, axis, same(part))) : undefined;
    return same(0).map((_, i) => outputSpec(data.elementType, shape, values?.[i]));
  },
  evaluate: ({ node, inputs: [data, axis], attributes }) => {
    const count = attributes.num_splits;
    const at = integersOf(axis)[0];
    const resolved = at < 0 ? at + data.shape.length : at;
    const length = data.shape[resolved];
    if (length === undefined || length % count !== 0)
      node.fail("the dimension cannot be split into equal parts", { expected: `a multiple of ${count}`, got: `${length} on axis ${at}` });
    return splitTensor(
      data,
      resolved,
      Array.from({ length: count }, () => length / count),
    );
  },
});
