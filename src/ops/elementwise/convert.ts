import { elementType } from "../../model/attribute.ts";
import type { ElementType } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { Tensor as TensorClass } from "../../tensor/tensor.ts";
import { defineOp } from "../define-op.ts";
import { outputSpec } from "../output-spec.ts";
import { isInteger } from "../../tensor/element-type.ts";

/** The numbers of a tensor in another type: floats to integers truncate, to boolean compare with zero. */
export function convertTensor(tensor: Tensor, to: ElementType): Tensor {
  if (tensor.elementType === to) return tensor;
  if (tensor.data instanceof BigInt64Array && to === "u64")
    return new TensorClass(
      to,
      tensor.shape,
      BigUint64Array.from(tensor.data, (n) => BigInt.asUintN(64, n)),
    );
  if (tensor.data instanceof BigUint64Array && to === "i64")
    return new TensorClass(
      to,
      tensor.shape,
      BigInt64Array.from(tensor.data, (n) => BigInt.asIntN(64, n)),
    );
  const numbers = tensorNumbers(tensor);
  if (to === "boolean")
    return new TensorClass(
      to,
      tensor.shape,
      Uint8Array.from(numbers, (n) => (n !== 0 ? 1 : 0)),
    );
  if (to === "i64" || to === "u64")
    return tensorOfNumbers(
      to,
      tensor.shape,
      Float64Array.from(numbers, (n) => (Number.isFinite(n) ? n : 0)),
    );
  return tensorOfNumbers(to, tensor.shape, numbers);
}

/** Changes the element type. */
export const Convert = defineOp({
  type: "Convert",
  since: "opset1",
  inputs: 1,
  attributes: { destination_type: elementType() },
  infer: (context) => {
    const to = context.attributes["destination_type"] as ElementType;
    return [outputSpec(to, context.inputs[0].partialShape.dimensions, isInteger(to) ? context.value(0) : undefined)];
  },
  scalar: ([x]) => x,
  evaluate: ({ inputs: [tensor], attributes }) => [convertTensor(tensor, attributes["destination_type"] as ElementType)],
});
