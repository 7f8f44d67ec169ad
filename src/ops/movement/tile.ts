import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { isKnown } from "../../tensor/dimension.ts";
import { multiplyDimensions } from "../../tensor/dimension-arithmetic.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec, unknownDimensions } from "../output-spec.ts";
import { checkIntegers, integersOf } from "./indices.ts";
import { knownNumbers, movedValues } from "./moved-values.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";
import { copySeparable, offsetTable } from "./separable-copy.ts";

const leadingOnes = <T>(list: readonly T[], rank: number): (T | 1)[] => [...new Array<1>(Math.max(0, rank - list.length)).fill(1), ...list];

/** Repeats the tensor along each axis; the shorter of shape and repeats gets leading ones. A repeat below 1 leaves nothing. */
function tileTensor(data: Tensor, repeats: readonly number[]): Tensor {
  const rank = Math.max(data.shape.length, repeats.length);
  const from = leadingOnes(data.shape, rank);
  const times = leadingOnes(repeats, rank);
  const shape = from.map((d, i) => d * Math.max(0, times[i]));
  const strides = rowMajorStrides(from);
  const raw = allocateRaw(data.elementType, shapeSize(shape));
  if (raw.length > 0)
    copySeparable(
      shape.map((length, axis) => offsetTable(length, strides[axis], (p) => p % from[axis])),
      rawElements(data),
      raw,
    );
  return tensorOfRaw(data.elementType, shape, raw);
}

/** Repeats data: inputs are data and how often to repeat it along each axis. */
export const Tile = defineOp({
  type: "Tile",
  since: "opset1",
  attributes: {},
  inputs: 2,
  shapeInputs: [1],
  infer: (context) => {
    const data = context.inputs[0];
    checkIntegers(context, 1, "the repeats");
    const dimensions = data.partialShape.dimensions;
    const repeats = context.value(1);
    const count = repeats?.length ?? context.inputs[1].partialShape.dimensions?.[0];
    if (dimensions === undefined || count === undefined || !isKnown(count)) return [outputSpec(data.elementType, undefined)];
    const rank = Math.max(dimensions.length, count);
    if (repeats === undefined || unknownDimensions(rank) === undefined) return [outputSpec(data.elementType, unknownDimensions(rank))];
    const from = leadingOnes(dimensions, rank);
    const times = leadingOnes(repeats, rank).map((n) => (isKnown(n) ? Math.max(0, n) : n));
    const known = knownNumbers(context, 1);
    const shape = from.map((d, i) => multiplyDimensions(d, times[i]));
    return [outputSpec(data.elementType, shape, known && movedValues(context, [0], ([p]) => [tileTensor(p, known)], shape)?.[0])];
  },
  evaluate: ({ inputs: [data, repeats] }) => [tileTensor(data, integersOf(repeats))],
});
