import type { MemoryElement } from "../../kernel/kernel.ts";
import { type ElementType, elementTypes, type TypedArray, type TypedArrayConstructor } from "../../tensor/element-type.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { clampedIntegers, type NumberArray, tensorNumbers, tensorOfNumbers } from "../../tensor/tensor-numbers.ts";
import type { View } from "../../lowering/view.ts";
import { isRowMajor, viewSize } from "../../lowering/view.ts";

/** How a type is held inside: floats as f32, booleans as bytes, small integers as they are, the others as i32 (as OpenVINO's CPU plugin does). */
export function memoryElementOf(type: ElementType): MemoryElement {
  if (type === "boolean" || type === "u8") return "u8";
  if (type === "i8") return "i8";
  return elementTypes[type].kind === "float" ? "f32" : "i32";
}

const arrays = {
  f32: Float32Array,
  i32: Int32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  i64: BigInt64Array,
} as const;

/** The elements of a view's block as an array that starts at the view's element 0. */
export function viewArray(view: View, bytes: Uint8Array, blockOffset: number): TypedArray {
  const constructor = arrays[view.element];
  const at = bytes.byteOffset + blockOffset + view.offset * constructor.BYTES_PER_ELEMENT;
  return new (constructor as TypedArrayConstructor)(
    bytes.buffer,
    at,
    Math.floor((bytes.byteOffset + bytes.byteLength - at) / constructor.BYTES_PER_ELEMENT),
  );
}

/** Float values of a tensor of any number type. f32 data is not copied. */
export function tensorToFloat32(tensor: Tensor): Float32Array {
  const numbers = tensorNumbers(tensor);
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

/** Numbers of a tensor in the array type of a memory element. Integers beyond 32 bits are clamped. */
export function tensorToMemory(tensor: Tensor, element: MemoryElement): TypedArray {
  if (element === "f32") return tensorToFloat32(tensor);
  const constructor = arrays[element];
  if (tensor.data instanceof constructor) return tensor.data;
  if (tensor.data instanceof BigInt64Array || tensor.data instanceof BigUint64Array) return clampedIntegers(tensor.data);
  return (constructor as Int32ArrayConstructor).from(tensor.data as ArrayLike<number>) as TypedArray;
}

/** Writes a tensor to where a view lies. */
export function writeView(view: View, target: TypedArray, tensor: Tensor): void {
  const source = tensorToMemory(tensor, view.element);
  if (isRowMajor(view)) (target as Float32Array).set(source as Float32Array);
  else
    forEachElement(view, (at, i) => {
      target[at] = source[i];
    });
}

/** Reads a view as a row-major tensor of its model type; a copy. */
export function readView(view: View, source: TypedArray, type: ElementType): Tensor {
  const size = viewSize(view);
  const dense = new arrays[view.element](size) as TypedArray;
  if (isRowMajor(view)) (dense as Float32Array).set((source as Float32Array).subarray(0, size));
  else
    forEachElement(view, (at, i) => {
      dense[i] = source[at];
    });
  return tensorOfNumbers(type, view.shape, dense as NumberArray);
}

function forEachElement({ shape, strides }: View, visit: (at: number, index: number) => void): void {
  const rank = shape.length;
  const counters = new Array<number>(rank).fill(0);
  const size = shape.reduce((n, d) => n * d, 1);
  let at = 0;
  for (let i = 0; i < size; i++) {
    visit(at, i);
    for (let d = rank - 1; d >= 0; d--) {
      at += strides[d];
      if (++counters[d] < shape[d]) break;
      at -= shape[d] * strides[d];
      counters[d] = 0;
    }
  }
}
