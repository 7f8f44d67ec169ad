import { normalizeAxis, shapeSize } from "../../common/shape.ts";
import { boolean, elementType, int, string, type AttributesOf } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { type Dimension, dimension, isKnown, maxOf, minOf } from "../../tensor/dimension.ts";
import { isInteger } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { roundedTensor, tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { commonType } from "../define-elementwise.ts";
import { defineOp } from "../define-op.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "../movement/raw-elements.ts";
import { outputSpec } from "../output-spec.ts";
import { eachLine } from "./along-axis.ts";

const attributes = {
  axis: int(),
  mode: string({ oneOf: ["max", "min"] }),
  sort: string({ oneOf: ["value", "index", "none"] }),
  index_element_type: elementType("i32"),
} as const;

function infer(context: InferContext<AttributesOf<typeof attributes>>): readonly OutputSpec[] {
  const [{ partialShape }, count] = context.inputs;
  const { dimensions } = partialShape;
  const type = commonType(context, "numeric", [0]);
  if (count.elementType !== "dynamic" && !isInteger(count.elementType)) context.fail("k must be an integer", { got: count.elementType });
  const given = context.attributes.axis;
  const axis = dimensions && (normalizeAxis(given, dimensions.length) ?? context.fail("the axis is out of range", { got: String(given) }));
  const k = context.value(1)?.[0];
  const out = dimensions?.map((d, i) => (i === axis ? chosen(context, d, k) : d));
  return [outputSpec(type, out), outputSpec(context.attributes.index_element_type, out)];
}

/** How many of `length` elements are taken. */
function chosen(context: Pick<InferContext, "fail">, length: Dimension, k: Dimension | undefined): Dimension {
  if (k === undefined) return dimension(0, maxOf(length));
  if (maxOf(k) < 0 || minOf(k) > maxOf(length))
    context.fail("k is out of range", { expected: `0 to ${maxOf(length)}`, got: isKnown(k) ? String(k) : `at least ${minOf(k)}` });
  return isKnown(k) ? k : dimension(Math.max(0, minOf(k)), Math.min(maxOf(k), maxOf(length)), k.symbol);
}

/** Fills `taken` with the first of the numbers below `length`, in order; a heap, which needs no memory of its own. */
function selectFirst(taken: Uint32Array, length: number, isBefore: (x: number, y: number) => boolean): void {
  /** Lets the number at the top of the first `size` sink below all that come after it. */
  const sink = (top: number, size: number): void => {
    for (let at = top, child = 2 * top + 1; child < size; at = child, child = 2 * at + 1) {
      if (child + 1 < size && isBefore(taken[child], taken[child + 1])) child++;
      if (!isBefore(taken[at], taken[child])) return;
      [taken[at], taken[child]] = [taken[child], taken[at]];
    }
  };
  for (let i = 0; i < taken.length; i++) taken[i] = i;
  for (let i = taken.length >> 1; i >= 0; i--) sink(i, taken.length);
  for (let i = taken.length; i < length && taken.length > 0; i++) {
    if (!isBefore(i, taken[0])) continue;
    taken[0] = i;
    sink(0, taken.length);
  }
  for (let size = taken.length - 1; size > 0; size--) {
    [taken[0], taken[size]] = [taken[size], taken[0]];
    sink(0, size);
  }
}

function evaluate({ node, inputs: [data, kTensor], attributes: a }: EvaluateContext<AttributesOf<typeof attributes>>): readonly Tensor[] {
  const axis = normalizeAxis(a.axis, data.shape.length) ?? node.fail("the axis is out of range");
  const length = data.shape[axis];
  const k = tensorNumbers(kTensor)[0];
  if (!(k >= 0 && k <= length)) node.fail("k is out of range", { expected: `0 to ${length}`, got: String(k) });
  const keys = data.data instanceof BigInt64Array || data.data instanceof BigUint64Array ? data.data : tensorNumbers(data);
  const shape = data.shape.map((d, i) => (i === axis ? k : d));
  const size = shapeSize(shape);
  const source = rawElements(data);
  const values = allocateRaw(data.elementType, size);
  const indices = allocateArray(Float64Array, size);
  const sign = a.mode === "max" ? -1 : 1;
  const stride = shapeSize(data.shape.slice(axis + 1));
  const taken = allocateArray(Uint32Array, k);
  eachLine(data.shape, axis, (first) => {
    // Equal elements in their order.
    selectFirst(taken, length, (x, y) => {
      const p = keys[first + x * stride];
      const q = keys[first + y * stride];
      return p === q ? x < y : p < q === sign > 0;
    });
    if (a.sort === "index") taken.sort();
    const to = Math.floor(first / (stride * length)) * stride * k + (first % stride);
    for (let i = 0; i < k; i++) {
      values[to + i * stride] = source[first + taken[i] * stride];
      indices[to + i * stride] = taken[i];
    }
  });
  return [tensorOfRaw(data.elementType, shape, values), roundedTensor(a.index_element_type, shape, indices)];
}

/** The k largest or smallest elements along an axis, and where they were. */
export const TopK1 = defineOp({ type: "TopK", since: "opset1", inputs: 2, shapeInputs: [1], attributes, infer, evaluate });
export const TopK3 = defineOp({ type: "TopK", since: "opset3", inputs: 2, shapeInputs: [1], attributes, infer, evaluate });

/** With `stable`: equal elements keep their order, as they always do here. */
export const TopK11 = defineOp({
  type: "TopK",
  since: "opset11",
  inputs: 2,
  attributes: { ...attributes, stable: boolean(false) },
  shapeInputs: [1],
  infer,
  evaluate,
});
