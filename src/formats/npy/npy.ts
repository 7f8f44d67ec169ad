import { VintnerError } from "../../common/errors.ts";
import { rowMajorStrides, shapeSize } from "../../common/shape.ts";
import { elementTypes, type TypedArray } from "../../tensor/element-type.ts";
import { tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { descriptorOf, elementTypeOfDescriptor } from "./descriptors.ts";
import { readNpyHeader, writeNpyHeader } from "./npy-header.ts";

/**
 * Reads a .npy file. The tensor is a view on `bytes` where alignment, byte order and element order allow.
 * Throws FORMAT for damaged files and UNSUPPORTED for element types that no tensor holds (complex, text, objects).
 */
export function readNpy(bytes: Uint8Array, where = "npy data"): Tensor {
  const { descriptor, fortranOrder, shape, dataOffset } = readNpyHeader(bytes, where);
  const elementType = elementTypeOfDescriptor[descriptor.slice(1)];
  if (elementType === undefined || !/^[<>|=]/.test(descriptor))
    throw new VintnerError("UNSUPPORTED", {
      what: "no tensor holds this NumPy type",
      where,
      expected: `one of ${Object.keys(elementTypeOfDescriptor).join(", ")}`,
      got: descriptor,
      hint: "Convert the array before saving it",
    });
  const { array: ArrayType, bits } = elementTypes[elementType];
  const size = shapeSize(shape);
  const byteLength = size * (bits / 8);
  if (!Number.isSafeInteger(byteLength) || dataOffset + byteLength > bytes.length)
    throw new VintnerError("FORMAT", {
      what: "the data is cut off",
      where,
      expected: `${byteLength} bytes for ${descriptor} of shape (${shape.join(", ")})`,
      got: `${bytes.length - dataOffset}`,
    });
  const swap = descriptor.startsWith(">") && bits > 8;
  const offset = bytes.byteOffset + dataOffset;
  const aligned = offset % ArrayType.BYTES_PER_ELEMENT === 0;
  const raw = swap || !aligned ? bytes.slice(dataOffset, dataOffset + byteLength) : undefined;
  if (raw && swap) swapBytes(raw, bits / 8);
  const data = raw ? new ArrayType(raw.buffer, 0, size) : new ArrayType(bytes.buffer, offset, size);
  return new Tensor(elementType, shape, fortranOrder && shape.length > 1 ? toRowMajor(data, shape) : data);
}

/**
 * Writes a tensor as a .npy file. bf16, which NumPy lacks, is widened to f4.
 * Throws UNSUPPORTED for types under 8 bits, 8-bit floats and strings.
 */
export function writeNpy(tensor: Tensor): Uint8Array {
  const source = tensor.elementType === "bf16" ? tensorOfNumbers("f32", tensor.shape, tensorNumbers(tensor)) : tensor;
  const descriptor = descriptorOf(source.elementType);
  if (descriptor === undefined)
    throw new VintnerError("UNSUPPORTED", { what: `NumPy has no type for ${tensor.elementType}`, hint: "Convert the tensor first" });
  const header = writeNpyHeader(descriptor, source.shape);
  const bytes = new Uint8Array(header.length + source.bytes.length);
  bytes.set(header);
  bytes.set(source.bytes, header.length);
  return bytes;
}

function swapBytes(bytes: Uint8Array, elementBytes: number): void {
  for (let i = 0; i < bytes.length; i += elementBytes) bytes.subarray(i, i + elementBytes).reverse();
}

function toRowMajor(data: TypedArray, shape: readonly number[]): TypedArray {
  const target = data.slice();
  const source = rowMajorStrides(shape.toReversed()).toReversed();
  const index = shape.map(() => 0);
  for (let i = 0, at = 0; i < target.length; i++) {
    target[i] = data[at];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += source[axis];
      if (++index[axis] < shape[axis]) break;
      at -= source[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return target;
}
