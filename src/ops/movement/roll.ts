import { rowMajorStrides } from "../../common/shape.ts";
import { mergeDimensions } from "../../tensor/dimension.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { checkIntegers, integersOf, resolveAxis } from "./indices.ts";
import { allocateRaw, rawElements, tensorOfRaw } from "./raw-elements.ts";
import { copySeparable, offsetTable } from "./separable-copy.ts";

function rollTensor(data: Tensor, shifts: readonly number[]): Tensor {
  const strides = rowMajorStrides(data.shape);
  const raw = allocateRaw(data.elementType, data.size);
  const tables = data.shape.map((length, axis) =>
    offsetTable(length, strides[axis], (p) => (((p - shifts[axis]) % length) + length) % length),
  );
  copySeparable(tables, rawElements(data), raw);
  return tensorOfRaw(data.elementType, data.shape, raw);
}

/** Moves elements along axes; those that leave at the end come in at the begin. Inputs: data, shift, axes. */
export const Roll7 = defineOp({
  type: "Roll",
  since: "opset7",
  attributes: {},
  inputs: 3,
  infer: (context) => {
    const [data, shift, axes] = context.inputs;
    checkIntegers(context, 1, "the shift");
    checkIntegers(context, 2, "the axes");
    const [a, b] = [shift.partialShape.dimensions, axes.partialShape.dimensions];
    if (a?.length === 1 && b?.length === 1 && a[0] !== 1 && mergeDimensions(a[0], b[0]) === undefined)
      context.fail("there must be one shift, or one for each axis", { got: `${shift.partialShape} and ${axes.partialShape}` });
    return [outputSpec(data.elementType, data.partialShape.dimensions)];
  },
  evaluate: ({ node, inputs: [data, shift, axes] }) => {
    const given = integersOf(shift);
    const shifts = data.shape.map(() => 0);
    for (const [k, axis] of integersOf(axes).entries())
      shifts[resolveAxis(node, axis, shifts.length)] += given.length === 1 ? given[0] : given[k];
    return [rollTensor(data, shifts)];
  },
});
