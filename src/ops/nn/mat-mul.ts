import { shapeSize } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import type { InferContext } from "../../model/operation.ts";
import { type Dimension, mergeDimensions } from "../../tensor/dimension.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { broadcastDimensions } from "../broadcast-dimensions.ts";
import { broadcastPositions } from "../broadcast-positions.ts";
import { defineOp } from "../define-op.ts";
import { transposeTensor } from "../movement/transpose.ts";
import { outputSpec } from "../output-spec.ts";
import { multiplyMatrices } from "./channel-sums.ts";

/** Batch, rows and columns of an operand; a vector is a row on the left and a column on the right, and never transposed. */
function matrixOf<T extends Dimension>(shape: readonly T[], transpose: boolean, side: "left" | "right"): readonly (T | 1)[] {
  if (shape.length === 1) return side === "left" ? [1, shape[0]] : [shape[0], 1];
  const [rows, columns] = shape.slice(-2);
  return transpose ? [...shape.slice(0, -2), columns, rows] : shape;
}

function inferShape(
  context: InferContext<{ readonly transpose_a: boolean; readonly transpose_b: boolean }>,
): readonly Dimension[] | undefined {
  const { inputs, attributes } = context;
  const [left, right] = inputs.map((i) => i.partialShape.dimensions);
  if (left === undefined || right === undefined) return undefined;
  if (left.length === 0 || right.length === 0)
    context.fail("a scalar is no matrix", { got: inputs.map((i) => i.partialShape).join(" and ") });
  const a = matrixOf(left, attributes.transpose_a, "left");
  const b = matrixOf(right, attributes.transpose_b, "right");
  const depth = a[a.length - 1];
  if (mergeDimensions(depth, b[b.length - 2]) === undefined)
    context.fail("the matrices do not fit: columns of the first must be rows of the second", {
      got: inputs.map((i) => i.partialShape).join(" and "),
      hint: "Check transpose_a and transpose_b",
    });
  const batch = broadcastDimensions(a.slice(0, -2), b.slice(0, -2)) as readonly Dimension[] | null;
  if (batch === null) context.fail("the batch dimensions do not broadcast", { got: inputs.map((o) => o.partialShape).join(" and ") });
  return [...batch, ...(left.length === 1 ? [] : [a[a.length - 2]]), ...(right.length === 1 ? [] : [b[b.length - 1]])];
}

/** Offsets, in matrices, of each output batch in an operand whose batch dimensions broadcast. */
function batchOffsets(batch: readonly number[], own: readonly number[]): Float64Array {
  const offsets = allocateArray(Float64Array, shapeSize(batch));
  if (batch.length > 0) broadcastPositions(own, batch)(offsets, 0, offsets.length);
  return offsets;
}

function multiply(left: Tensor, right: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const a = matrixOf(left.shape, transposeA, "left");
  const rightRank = right.shape.length;
  const plainRight =
    transposeB && rightRank > 1
      ? transposeTensor(right, [...right.shape.keys()].slice(0, -2).concat([rightRank - 1, rightRank - 2]))
      : right;
  const b = matrixOf(plainRight.shape, false, "right");
  const [rows, depth] = a.slice(-2);
  const columns = b[b.length - 1];
  const batchRank = Math.max(a.length, b.length) - 2;
  const batch = Array.from({ length: batchRank }, (_, i) => {
    const [x, y] = [a[a.length - 2 - batchRank + i] ?? 1, b[b.length - 2 - batchRank + i] ?? 1];
    return x === 1 ? y : x;
  });
  const aOffsets = batchOffsets(batch, a.slice(0, -2));
  const bOffsets = batchOffsets(batch, b.slice(0, -2));
  const output = allocateNumbers(left.elementType, shapeSize(batch) * rows * columns);
  const [x, y] = [tensorNumbers(left), tensorNumbers(plainRight)];
  const strides: [number, number] = transposeA && left.shape.length > 1 ? [1, rows] : [depth, 1];
  if (output.length > 0)
    for (const [i, offset] of aOffsets.entries())
      multiplyMatrices(x, strides, y, columns, output, {
        inputOffset: bOffsets[i] * depth * columns,
        outputOffset: i * rows * columns,
        weightOffset: offset * rows * depth,
        inputChannels: depth,
        outputChannels: rows,
      });
  const shape = [...batch, ...(left.shape.length === 1 ? [] : [rows]), ...(right.shape.length === 1 ? [] : [columns])];
  return tensorOfNumbers(left.elementType, shape, output);
}

/** Matrix product with numpy's broadcasting of batch dimensions; vectors are a row on the left, a column on the right. */
export const MatMul = defineOp({
  type: "MatMul",
  since: "opset1",
  attributes: { transpose_a: boolean(false), transpose_b: boolean(false) },
  inputs: 2,
  infer: (context) => {
    const [a, b] = context.inputs;
    if (a.elementType !== b.elementType && a.elementType !== "dynamic" && b.elementType !== "dynamic")
      context.fail("both matrices must be of one element type", { expected: a.elementType, got: b.elementType });
    return [outputSpec(a.elementType === "dynamic" ? b.elementType : a.elementType, inferShape(context))];
  },
  evaluate: ({ inputs: [a, b], attributes }) => [multiply(a, b, attributes.transpose_a, attributes.transpose_b)],
});
