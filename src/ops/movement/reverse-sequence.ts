import { rowMajorStrides } from "../../common/shape.ts";
import { int } from "../../model/attribute.ts";
import { mergeDimensions } from "../../tensor/dimension.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { integersOf, resolveAxis } from "./indices.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";
import { copyStrided } from "./strided-copy.ts";

/** Turns the first elements of each sequence around: the second input says how many of each batch item. */
export const ReverseSequence = defineOp({
  type: "ReverseSequence",
  since: "opset1",
  attributes: { batch_axis: int(0), seq_axis: int(1) },
  inputs: 2,
  infer: (context) => {
    const [data, lengths] = context.inputs;
    const dimensions = data.partialShape.dimensions;
    if (dimensions !== undefined) {
      const batch = resolveAxis(context, context.attributes.batch_axis, dimensions.length);
      resolveAxis(context, context.attributes.seq_axis, dimensions.length);
      const count = lengths.partialShape.dimensions;
      if (count !== undefined && (count.length !== 1 || mergeDimensions(count[0], dimensions[batch]) === undefined))
        context.fail("there must be one length for each batch item", {
          expected: `[${dimensions[batch]}]`,
          got: `${lengths.partialShape}`,
        });
    }
    return [outputSpec(data.elementType, dimensions)];
  },
  evaluate: ({ node, attributes, inputs: [data, lengths] }) => {
    const rank = data.shape.length;
    const batch = resolveAxis(node, attributes.batch_axis, rank);
    const sequence = resolveAxis(node, attributes.seq_axis, rank);
    const strides = rowMajorStrides(data.shape);
    const from = rawElements(data);
    const to = allocateRaw(data.elementType, data.size);
    for (const [b, length] of integersOf(lengths).entries()) {
      const whole = data.shape[sequence];
      if (length < 0 || length > whole) node.fail("a sequence is longer than the data", { expected: `0 to ${whole}`, got: String(length) });
      const base = b * strides[batch];
      const part = (n: number): number[] => data.shape.map((d, i) => (i === batch ? 1 : i === sequence ? n : d));
      const turned = strides.map((s, i) => (i === sequence ? -s : s));
      copyStrided(
        part(length),
        { data: from, offset: base + Math.max(0, length - 1) * strides[sequence], strides: turned },
        { data: to, offset: base, strides },
      );
      const rest = base + length * strides[sequence];
      copyStrided(part(whole - length), { data: from, offset: rest, strides }, { data: to, offset: rest, strides });
    }
    return [tensorOfRaw(data.elementType, data.shape, to)];
  },
});
