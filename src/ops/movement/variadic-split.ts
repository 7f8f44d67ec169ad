import { anyDimension, type Dimension, isKnown } from "../../tensor/dimension.ts";
import { subtractDimensions } from "../../tensor/dimension-arithmetic.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { axisInput, checkIntegers, integersOf } from "./indices.ts";
import { movedValues } from "./moved-values.ts";
import { mostParts, splitTensor } from "./split.ts";

/** Puts what the others leave of `whole` in the place of the one length of -1. */
function resolveLengths(lengths: readonly number[], whole: number): readonly number[] | undefined {
  const rest = whole - lengths.reduce((sum, n) => (n === -1 ? sum : sum + n), 0);
  const open = lengths.filter((n) => n === -1).length;
  if (open > 1 || rest < 0 || (open === 0 && rest !== 0) || lengths.some((n) => n < -1)) return undefined;
  return lengths.map((n) => (n === -1 ? rest : n));
}

/** Parts of given lengths along an axis: inputs are data, axis (a scalar) and the lengths, of which one may be -1. */
export const VariadicSplit = defineOp({
  type: "VariadicSplit",
  since: "opset1",
  attributes: {},
  inputs: 3,
  infer: (context) => {
    const [data, , lengthsInput] = context.inputs;
    checkIntegers(context, 2, "the lengths");
    const dimensions = data.partialShape.dimensions;
    const axis = axisInput(context, 1, dimensions?.length);
    const lengths = context.value(2);
    const count = lengths?.length ?? lengthsInput.partialShape.dimensions?.[0];
    if (count === undefined || !isKnown(count) || count > mostParts || lengthsInput.partialShape.rank !== 1)
      return context.fail("the number of parts must be known", { got: `lengths of shape ${lengthsInput.partialShape}` });
    if (dimensions === undefined || axis === undefined)
      return Array.from({ length: count }, () =>
        outputSpec(
          data.elementType,
          dimensions?.map(() => anyDimension),
        ),
      );
    const whole = dimensions[axis];
    const parts: readonly Dimension[] = lengths === undefined ? new Array<Dimension>(count).fill(anyDimension) : partsOf(lengths, whole);
    if (isKnown(whole) && lengths?.every(isKnown) && resolveLengths(lengths as readonly number[], whole) === undefined)
      context.fail("the lengths do not fill the dimension", { expected: `${whole} in all, at most one of them -1`, got: `[${lengths}]` });
    const values = parts.every(isKnown) ? movedValues(context, [0], ([p]) => splitTensor(p, axis, parts as readonly number[])) : undefined;
    return parts.map((part, k) =>
      outputSpec(
        data.elementType,
        dimensions.map((d, i) => (i === axis ? part : d)),
        values?.[k],
      ),
    );
  },
  evaluate: ({ node, inputs: [data, axis, lengths] }) => {
    const at = integersOf(axis)[0];
    const resolved = at < 0 ? at + data.shape.length : at;
    const parts = resolveLengths(integersOf(lengths), data.shape[resolved] ?? 0);
    if (parts === undefined)
      return node.fail("the lengths do not fill the dimension", {
        expected: `${data.shape[resolved]} in all, at most one of them -1`,
        got: `[${integersOf(lengths)}]`,
      });
    return splitTensor(data, resolved, parts);
  },
});

function partsOf(lengths: readonly Dimension[], whole: Dimension): Dimension[] {
  const given = lengths.filter((n) => n !== -1);
  return lengths.map((n) => (n === -1 ? given.reduce(subtractDimensions, whole) : n));
}
