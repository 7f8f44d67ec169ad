import { shapeSize } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import type { InferContext } from "../../model/operation.ts";
import { anyDimension, type Dimension, dimension, isKnown, maxOf, sameDimension } from "../../tensor/dimension.ts";
import { dimensionProduct, divideDimensions } from "../../tensor/dimension-arithmetic.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";

/** Takes dimensions that occur on both sides out of the two lists: they cancel. */
function cancel(input: readonly Dimension[], output: readonly Dimension[]): { readonly input: Dimension[]; readonly output: Dimension[] } {
  const rest = [...input];
  const kept = output.filter((d) => {
    const i = rest.findIndex((x) => sameDimension(x, d));
    if (i >= 0) rest.splice(i, 1);
    return i < 0;
  });
  return { input: rest, output: kept };
}

function targetDimensions(context: InferContext, pattern: readonly Dimension[]): readonly Dimension[] {
  const input = context.inputs[0].partialShape.dimensions;
  const special = context.attributes["special_zero"] === true;
  let unknown = -1;
  const output = pattern.map((d, i): Dimension => {
    if (d === 0 && special)
      return input === undefined
        ? anyDimension
        : (input[i] ??
            context.fail("a 0 in the target shape has no input dimension to copy", { got: `position ${i} of ${pattern.length}` }));
    if (d === -1) {
      if (unknown >= 0) context.fail("the target shape has more than one -1");
      unknown = i;
      return anyDimension;
    }
    if (maxOf(d) < 0) context.fail("the target shape has a negative length", { got: String(d) });
    return isKnown(d) || d.min >= 0 ? d : dimension(0, d.max, d.symbol);
  });
  if (input === undefined) return output;
  const known = output.filter((_, i) => i !== unknown);
  if (unknown >= 0) {
    const rest = cancel(input, known);
    const size = dimensionProduct(rest.input);
    const others = dimensionProduct(rest.output);
    if (isKnown(others) && isKnown(size) && others > 0 && size % others !== 0)
      context.fail("the elements do not fill the target shape", {
        expected: `a multiple of ${others}`,
        got: `${size} from ${context.inputs[0].partialShape}`,
      });
    // What others are symbols, or intervals, they divide the elements: else the model does not run.
    output[unknown] = others === 0 ? 0 : divideDimensions(size, others);
  } else if (input.every(isKnown) && output.every(isKnown) && shapeSize(input as number[]) !== shapeSize(output as number[]))
    context.fail("the target shape has another number of elements", {
      expected: `${shapeSize(input as number[])} from ${context.inputs[0].partialShape}`,
      got: `[${output}]`,
    });
  else {
    // One unknown length, written as a value that is not known: the elements decide it.
    const open = output.map((_, i) => i).filter((i) => !isKnown(output[i]) && !input.some((d) => sameDimension(d, output[i])));
    if (open.length === 1 && input.every(isKnown)) {
      const others = dimensionProduct(output.filter((_, i) => i !== open[0]));
      const size = shapeSize(input as number[]);
      if (isKnown(others) && others > 0 && size % others === 0) output[open[0]] = size / others;
    }
  }
  return output;
}

/** The same elements under another shape: -1 is what remains, 0 (with `special_zero`) the input's length at that place. */
export const Reshape = defineOp({
  type: "Reshape",
  since: "opset1",
  inputs: 2,
  attributes: { special_zero: boolean() },
  infer: (context) => {
    const [data, target] = context.inputs;
    const pattern = context.value(1);
    const rank = target.partialShape.dimensions?.length === 0 ? 1 : target.partialShape.dimensions?.[0];
    const dimensions = pattern
      ? targetDimensions(context, pattern)
      : rank !== undefined && isKnown(rank)
        ? new Array<Dimension>(rank).fill(anyDimension)
        : undefined;
    return [outputSpec(data.elementType, dimensions, context.value(0))];
  },
  evaluate: ({ node, inputs: [data, target], attributes }) => {
    const shape = Array.from(tensorNumbers(target), (d, i) =>
      d === 0 && attributes["special_zero"] === true
        ? (data.shape[i] ?? node.fail("a 0 in the target shape has no input dimension to copy"))
        : d,
    );
    const open = shape.indexOf(-1);
    if (open >= 0) {
      const others = shapeSize(shape.filter((_, i) => i !== open));
      shape[open] = others === 0 ? 0 : data.size / others;
    }
    if (shapeSize(shape) !== data.size)
      node.fail("the elements do not fill the target shape", { expected: `${data.size} elements`, got: `[${shape}]` });
    return [data.reshaped(shape)];
  },
});
