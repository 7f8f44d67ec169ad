import { normalizeAxis, rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import type { InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension, isKnown } from "../../tensor/dimension.ts";
import { dimensionProduct } from "../../tensor/dimension-arithmetic.ts";
import { isInteger } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** How elements along the axes are combined, in float64. */
export interface Reducer {
  readonly start: number;
  readonly combine: (sum: number, x: number) => number;
  readonly finish?: (sum: number, count: number) => number;
}

/** The axes of input 1, sorted and without repetition; undefined where they, or the rank, are not known. */
export function reductionAxes(context: InferContext): number[] | undefined {
  const rank = context.inputs[0].partialShape.rank;
  const value = context.value(1);
  if (rank === undefined || !value?.every(isKnown)) return undefined;
  return resolveAxes(value as readonly number[], rank, (axis) =>
    context.fail("a reduction axis is out of range", { expected: `${-rank} to ${rank - 1}`, got: String(axis) }),
  );
}

export function resolveAxes(axes: readonly number[], rank: number, fail: (axis: number) => never): number[] {
  return [...new Set(axes.map((a) => normalizeAxis(a, rank) ?? fail(a)))].toSorted((a, b) => a - b);
}

/** Dimensions after a reduction. */
export function reducedDimensions(
  dimensions: readonly Dimension[] | undefined,
  axes: readonly number[] | undefined,
  keep: boolean,
): readonly Dimension[] | undefined {
  if (dimensions === undefined) return undefined;
  if (axes === undefined) return keep ? dimensions.map(() => anyDimension) : undefined;
  return keep ? dimensions.map((d, i) => (axes.includes(i) ? 1 : d)) : dimensions.filter((_, i) => !axes.includes(i));
}

/** Combines the elements along axes. */
export function reduceTensor(tensor: Tensor, axes: readonly number[], keep: boolean, { start, combine, finish }: Reducer): Tensor {
  const { shape } = tensor;
  const data = tensorNumbers(tensor);
  const kept = shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const outStrides = rowMajorStrides(kept).map((s, i) => (axes.includes(i) ? 0 : s));
  const sums = new Float64Array(shapeSize(kept)).fill(start);
  const counters = new Array<number>(shape.length).fill(0);
  let to = 0;
  for (let at = 0; at < data.length; at++) {
    sums[to] = combine(sums[to], data[at]);
    for (let d = shape.length - 1; d >= 0; d--) {
      to += outStrides[d];
      if (++counters[d] < shape[d]) break;
      to -= outStrides[d] * shape[d];
      counters[d] = 0;
    }
  }
  if (finish) {
    const count = axes.reduce((n, a) => n * shape[a], 1);
    for (let i = 0; i < sums.length; i++) sums[i] = finish(sums[i], count);
  }
  const out = keep ? kept : shape.filter((_, i) => !axes.includes(i));
  if (tensor.elementType === "boolean")
    return new Tensor(
      "boolean",
      out,
      Uint8Array.from(sums, (x) => (x ? 1 : 0)),
    );
  return tensorOfNumbers(tensor.elementType, out, tensor.elementType === "f64" ? sums : Array.from(sums));
}

/** Declares a reduction: input 0 along the axes of input 1. */
export const defineReduction = <const Type extends string>(
  type: Type,
  since: "opset1" | "opset4",
  reducer: Reducer,
  propagate?: "product" | "sum",
) =>
  defineOp({
    type,
    since,
    inputs: 2,
    attributes: { keep_dims: boolean(false) },
    infer: (context) => {
      const [data] = context.inputs;
      const keep = context.attributes["keep_dims"] === true;
      const axes = reductionAxes(context);
      const value =
        propagate === "product" && isInteger(data.elementType) && data.partialShape.rank === 1 && axes?.length === 1
          ? context.value(0)
          : undefined;
      return [
        outputSpec(data.elementType, reducedDimensions(data.partialShape.dimensions, axes, keep), value && [dimensionProduct(value)]),
      ];
    },
    evaluate: ({ node, inputs: [data, axes], attributes }) => [
      reduceTensor(
        data,
        resolveAxes(Array.from(tensorNumbers(axes)), data.shape.length, (a) =>
          node.fail("a reduction axis is out of range", { got: String(a) }),
        ),
        attributes["keep_dims"] === true,
        reducer,
      ),
    ],
  });
