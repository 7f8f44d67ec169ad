import { shapeSize } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import type { InferContext } from "../../model/operation.ts";
import type { Dimension } from "../../tensor/dimension.ts";
import { type ElementType, elementTypes, isFloat, isInteger } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { inferAxes, reducedDimensions, resolveAxes } from "./axes.ts";
import { reduceBigIntegers } from "./reduce-big-integers.ts";
import { reduceNumbers, type Reducer } from "./reduce-numbers.ts";

interface ReductionOptions<Type extends string> {
  readonly type: Type;
  readonly since: "opset1" | "opset4";
  readonly reducer: Reducer;
  /** Exact on 64-bit integers, where the reducer is not. */
  readonly bigCombine?: (sum: bigint, x: bigint) => bigint;
  /** Booleans instead of numbers. */
  readonly logical?: boolean;
  /** A vector of a shape sub-graph reduced to one number. */
  readonly propagate?: (a: Dimension, b: Dimension) => Dimension;
}

/** Declares a reduction: input 0 along the axes of input 1. */
export const defineReduction = <const Type extends string>(options: ReductionOptions<Type>) =>
  defineOp({
    type: options.type,
    since: options.since,
    inputs: 2,
    attributes: { keep_dims: boolean(false) },
    infer: (context) => {
      const [{ elementType, partialShape }] = context.inputs;
      checkType(context, elementType, options.logical === true);
      const keep = context.attributes.keep_dims;
      const axes = inferAxes(context, 1);
      return [
        outputSpec(elementType, reducedDimensions(partialShape.dimensions, axes, keep), reducedValue(context, axes, options.propagate)),
      ];
    },
    evaluate: ({ node, inputs: [data, axesTensor], attributes }) => {
      const axes = resolveAxes(node, axesTensor, data.shape.length);
      const kept = data.shape.map((d, i) => (axes.includes(i) ? 1 : d));
      const shape = attributes.keep_dims ? kept : data.shape.filter((_, i) => !axes.includes(i));
      return [reduceTensor(data, axes, shape, options)];
    },
  });

function checkType(context: InferContext, type: ElementType, logical: boolean): void {
  if (type !== "dynamic" && (elementTypes[type].kind === "boolean") !== logical)
    context.fail("the operation is not defined for this element type", { expected: logical ? "boolean" : "numbers", got: type });
}

function reducedValue(
  context: InferContext,
  axes: readonly number[] | undefined,
  propagate: ReductionOptions<string>["propagate"],
): readonly Dimension[] | undefined {
  const [{ elementType, partialShape }] = context.inputs;
  const value = context.value(0);
  if (value === undefined || !isInteger(elementType) || axes === undefined) return undefined;
  return propagate && value.length > 0 && partialShape.rank === 1 ? [value.reduce(propagate)] : undefined;
}

function reduceTensor(data: Tensor, axes: readonly number[], shape: readonly number[], options: ReductionOptions<string>): Tensor {
  const { elementType } = data;
  const { reducer, bigCombine } = options;
  if (bigCombine && (data.data instanceof BigInt64Array || data.data instanceof BigUint64Array))
    return new Tensor(elementType, shape, reduceBigIntegers(data.data, data.shape, axes, bigStart(elementType, reducer.start), bigCombine));
  const start = Number.isFinite(reducer.start) || isFloat(elementType) ? reducer.start : boundOf(elementType, reducer.start > 0);
  const reduced = reduceNumbers(tensorNumbers(data), data.shape, axes, { ...reducer, start });
  const out = allocateNumbers(elementType, shapeSize(shape));
  out.set(reduced);
  return tensorOfNumbers(elementType, shape, out);
}

const bigStart = (type: ElementType, start: number): bigint => {
  if (Number.isFinite(start)) return BigInt(start);
  if (type === "u64") return start > 0 ? 2n ** 64n - 1n : 0n;
  return start > 0 ? 2n ** 63n - 1n : -(2n ** 63n);
};

/** The largest, or lowest, integer of a type: what the extremes of nothing are. */
function boundOf(type: ElementType, largest: boolean): number {
  const { bits, kind } = elementTypes[type];
  if (kind === "unsigned") return largest ? 2 ** bits - 1 : 0;
  return largest ? 2 ** (bits - 1) - 1 : -(2 ** (bits - 1));
}
