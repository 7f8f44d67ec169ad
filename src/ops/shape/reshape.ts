import { shapeSize } from "../../common/shape.ts";
import { boolean } from "../../model/attribute.ts";
import { anyDimension, type Dimension, dimension, isKnown, maxOf, sameDimension } from "../../tensor/dimension.ts";
import { dimensionProduct, divideDimensions } from "../../tensor/dimension-arithmetic.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { isInteger } from "../../tensor/element-type.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec, unknownDimensions } from "../output-spec.ts";

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

type Fail = (what: string, details: { readonly expected?: string; readonly got?: string }) => never;

/** The dimensions of a target shape: -1 solved, 0 (with `special`) copied from the input. */
function targetDimensions(
  input: readonly Dimension[] | undefined,
  pattern: readonly Dimension[],
  special: boolean,
  fail: Fail,
): readonly Dimension[] {
  let unknown = -1;
  const output = pattern.map((d, i): Dimension => {
    if (d === 0 && special) {
      if (input === undefined) return anyDimension;
      return input[i] ?? fail("a 0 in the target shape has no input dimension to copy", { got: `position ${i} of ${pattern.length}` });
    }
    if (d === -1) {
      if (unknown >= 0) fail("the target shape has more than one -1", { got: `[${pattern.map(String)}]` });
      unknown = i;
      return anyDimension;
    }
    if (maxOf(d) < 0) fail("the target shape has a negative length", { got: String(d) });
    return isKnown(d) || d.min >= 0 ? d : dimension(0, d.max, d.symbol);
  });
  if (input === undefined) return output;
  if (unknown >= 0) {
    // Copied lengths cancel too, whether or not they have a symbol.
    const copied = (i: number): boolean => special && pattern[i] === 0;
    const rest = cancel(
      input.filter((_, i) => !copied(i)),
      output.filter((_, i) => i !== unknown && !copied(i)),
    );
    const size = dimensionProduct(rest.input);
    const others = dimensionProduct(rest.output);
    if (isKnown(others) && isKnown(size) && (others === 0 ? size !== 0 : size % others !== 0))
      fail("the elements do not fill the target shape", { expected: `a multiple of ${others}`, got: `${size} from ${shown(input)}` });
    // What is not known of the others divides the elements: else the model does not run.
    return output.with(unknown, others === 0 ? 0 : divideDimensions(size, others));
  }
  if (!input.every(isKnown)) return output;
  const size = shapeSize(input as readonly number[]);
  if (output.every(isKnown)) {
    const filled = shapeSize(output as readonly number[]);
    if (filled !== size)
      fail("the elements do not fill the target shape", { expected: `${size} from ${shown(input)}`, got: `[${output}]` });
    return output;
  }
  // One length that is not known, maybe a -1: the elements decide it.
  const open = output.findIndex((d) => !isKnown(d));
  const others = dimensionProduct(output.filter((_, i) => i !== open));
  return isKnown(others) && others > 0 && size % others === 0 ? output.with(open, size / others) : output;
}

const shown = (dimensions: readonly Dimension[]): string => String(new PartialShape(dimensions));

/** The same elements under another shape: -1 is what remains, 0 (with `special_zero`) the input's length at that place. */
export const Reshape = defineOp({
  type: "Reshape",
  since: "opset1",
  inputs: 2,
  shapeInputs: [1],
  attributes: { special_zero: boolean() },
  infer: (context) => {
    const [data, target] = context.inputs;
    const { dimensions } = target.partialShape;
    if (target.elementType !== "dynamic" && !isInteger(target.elementType))
      context.fail("the target shape must be integers", { got: target.elementType });
    const pattern = context.value(1);
    const special = context.attributes.special_zero;
    const rank = dimensions?.length === 0 ? 1 : dimensions?.[0];
    const out = pattern
      ? targetDimensions(data.partialShape.dimensions, pattern, special, (what, details) => context.fail(what, details))
      : unknownDimensions(rank !== undefined && isKnown(rank) ? rank : undefined);
    return [outputSpec(data.elementType, out, context.value(0))];
  },
  evaluate: ({ node, inputs: [data, target], attributes }) => [
    data.reshaped(
      targetDimensions(data.shape, Array.from(tensorNumbers(target)), attributes.special_zero, (what, details) =>
        node.fail(what, details),
      ) as readonly number[],
    ),
  ],
});
