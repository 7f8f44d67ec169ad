import { shapeSize } from "../../common/shape.ts";
import type { Body, Slices } from "../../model/body.ts";
import type { EvaluateContext, InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "../movement/raw-elements.ts";
import { copyStrided } from "../movement/strided-copy.ts";

/** Begin of the first part and the number of parts, for an axis of `length`. Both ends of a range belong to it. */
export function partsOf({ start, end, stride, partSize }: Slices, length: number): { readonly first: number; readonly count: number } {
  const [from, to] = [start, end].map((position) => (position < 0 ? position + length : position));
  const covered = Math.max(0, stride > 0 ? to - from + 1 : from - to + 1);
  const isInside = covered === 0 || (Math.min(from, to) >= 0 && Math.max(from, to) < length);
  return { first: stride > 0 ? from : from - partSize + 1, count: isInside ? Math.floor(covered / partSize) : -1 };
}

/** The number of parts of a dimension, as far as it is known. */
export function partCount(slices: Slices, length: Dimension): Dimension {
  if (isKnown(length)) return Math.max(0, partsOf(slices, length).count);
  const { start, end, partSize, stride } = slices;
  const isWhole = stride > 0 ? start === 0 && end === -1 : start === -1 && end === 0;
  return isWhole && partSize === 1 ? length : anyDimension;
}

/** How many iterations the sliced inputs of a node allow; undefined where it has none. Fails where they differ. */
export function sliceCount({ node, inputs }: EvaluateContext): number | undefined {
  let count: number | undefined;
  for (const input of node.bodies[0].inputs) {
    if (input.kind !== "sliced") continue;
    const { shape } = inputs[input.input];
    const axis = input.axis < 0 ? input.axis + shape.length : input.axis;
    const own = axis >= 0 && axis < shape.length ? partsOf(input, shape[axis]).count : -1;
    if (own < 0)
      node.fail(`input ${input.input} does not have the parts that the port map says`, { got: `[${shape}] at axis ${input.axis}` });
    if (count !== undefined && count !== own)
      node.fail("the sliced inputs have different numbers of parts", { got: `${count} and ${own}` });
    count = own;
  }
  return count;
}

/** Part number `i` of a tensor. */
export function partOf(tensor: Tensor, slices: Slices, i: number): Tensor {
  const { shape, elementType } = tensor;
  const axis = slices.axis < 0 ? slices.axis + shape.length : slices.axis;
  const { first } = partsOf(slices, shape[axis]);
  const target = shape.map((d, k) => (k === axis ? slices.partSize : d));
  const strides = stridesOf(shape);
  const raw = allocateRaw(elementType, shapeSize(target));
  const offset = (first + i * slices.stride) * strides[axis];
  copyStrided(target, { data: rawElements(tensor), offset, strides }, { data: raw, offset: 0, strides: stridesOf(target) });
  return tensorOfRaw(elementType, target, raw);
}

/** Row-major. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1] * shape[i + 1];
  return strides;
}

/** How many iterations the sliced inputs allow, as far as it is known; undefined without such inputs. */
export function inferSliceCount({ inputs }: InferContext, body: Body): Dimension | undefined {
  let count: Dimension | undefined;
  for (const input of body.inputs) {
    if (input.kind !== "sliced") continue;
    const { dimensions } = inputs[input.input].partialShape;
    const length = dimensions?.[input.axis < 0 ? input.axis + dimensions.length : input.axis] ?? anyDimension;
    const own = partCount(input, length);
    if (count === undefined || !isKnown(count)) count = own;
  }
  return count;
}
