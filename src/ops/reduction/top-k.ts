import { normalizeAxis } from "../../common/shape.ts";
import { boolean, elementType, int, string } from "../../model/attribute.ts";
import type { EvaluateContext, InferContext, OutputSpec } from "../../model/operation.ts";
import { anyDimension, isKnown } from "../../tensor/dimension.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { eachLine } from "./along-axis.ts";

const attributes = {
  axis: int(),
  mode: string({ oneOf: ["max", "min"] }),
  sort: string({ oneOf: ["value", "index", "none"] }),
  index_element_type: elementType("i32"),
} as const;

function infer(context: InferContext): readonly OutputSpec[] {
  const [data] = context.inputs;
  const dimensions = data.partialShape.dimensions;
  const k = context.value(1)?.[0];
  const axis =
    dimensions &&
    (normalizeAxis(context.attributes["axis"] as number, dimensions.length) ??
      context.fail("the axis is out of range", { got: String(context.attributes["axis"]) }));
  if (axis !== undefined && k !== undefined && isKnown(k)) {
    const length = (dimensions as NonNullable<typeof dimensions>)[axis];
    if (isKnown(length) && k > length) context.fail("k is larger than the axis", { expected: `at most ${length}`, got: String(k) });
  }
  const out = dimensions?.map((d, i) => (i === axis ? (k ?? anyDimension) : d));
  return [outputSpec(data.elementType, out), outputSpec(context.attributes["index_element_type"] as ElementType, out)];
}

function evaluate({ inputs: [data, kTensor], attributes: a }: EvaluateContext): readonly Tensor[] {
  const axis = normalizeAxis(a["axis"] as number, data.shape.length) as number;
  const k = tensorNumbers(kTensor)[0];
  const numbers = tensorNumbers(data);
  const shape = data.shape.map((d, i) => (i === axis ? k : d));
  const values = new Float64Array(shape.reduce((n, d) => n * d, 1));
  const indices = new Float64Array(values.length);
  const sign = a["mode"] === "max" ? -1 : 1;
  const out: { first: number; stride: number }[] = [];
  eachLine(shape, axis, (first, stride) => out.push({ first, stride }));
  let line = 0;
  eachLine(data.shape, axis, (first, stride) => {
    const order = Array.from({ length: data.shape[axis] }, (_, i) => i).toSorted(
      (x, y) => sign * (numbers[first + x * stride] - numbers[first + y * stride]) || x - y,
    );
    const chosen = order.slice(0, k);
    if (a["sort"] === "index") chosen.sort((x, y) => x - y);
    const to = out[line++];
    for (const [i, index] of chosen.entries()) {
      values[to.first + i * to.stride] = numbers[first + index * stride];
      indices[to.first + i * to.stride] = index;
    }
  });
  return [
    tensorOfNumbers(data.elementType, shape, data.elementType === "f64" ? values : Array.from(values)),
    tensorOfNumbers(a["index_element_type"] as ElementType, shape, Array.from(indices)),
  ];
}

/** The k largest or smallest elements along an axis, and where they were. */
export const TopK1 = defineOp({ type: "TopK", since: "opset1", inputs: 2, attributes, infer, evaluate });
export const TopK3 = defineOp({ type: "TopK", since: "opset3", inputs: 2, attributes, infer, evaluate });

/** With `stable`: equal elements keep their order, as they always do here. */
export const TopK11 = defineOp({
  type: "TopK",
  since: "opset11",
  inputs: 2,
  attributes: { ...attributes, stable: boolean(false) },
  infer,
  evaluate,
});
