import { type ElementType, elementTypes, isFloat } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { allocateNumbers, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";

const lowestInteger = -(2 ** 31);

/**
 * The elements of a tensor in another type, as OpenVINO converts them: floats lose their fraction, integers their upper
 * bits, and booleans say whether a number is not 0. Floats that no 32-bit integer holds become the lowest one, as on x86.
 */
export function convertTensor(tensor: Tensor, to: ElementType): Tensor {
  const { elementType: from, shape, data } = tensor;
  if (from === to) return tensor;
  const { array, bits, kind } = elementTypes[to];
  if (kind !== "float" && bits === 64 && (data instanceof BigInt64Array || data instanceof BigUint64Array))
    return new Tensor(to, shape, new array(data.buffer, data.byteOffset, data.length).slice());
  if (kind !== "float" && kind !== "boolean" && bits < 64 && (data instanceof BigInt64Array || data instanceof BigUint64Array)) {
    const out = allocateNumbers(to, tensor.size);
    const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
    for (let i = 0; i < out.length; i++) out[i] = words[2 * i];
    return new Tensor(to, shape, out);
  }
  const numbers = tensorNumbers(tensor);
  if (to === "boolean") {
    const out = allocateArray(Uint8Array, tensor.size);
    for (let i = 0; i < out.length; i++) out[i] = numbers[i] !== 0 ? 1 : 0;
    return new Tensor(to, shape, out);
  }
  if (numbers instanceof array) return tensorOfNumbers(to, shape, numbers);
  const out = allocateNumbers(to, tensor.size);
  if (isFloat(from) && kind !== "float" && bits < 64 && to !== "u32")
    for (let i = 0; i < out.length; i++)
      out[i] = numbers[i] > lowestInteger - 1 && numbers[i] < -lowestInteger ? numbers[i] : lowestInteger;
  else out.set(numbers);
  return tensorOfNumbers(to, shape, out);
}
