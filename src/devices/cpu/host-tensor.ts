import { type TypedArray, elementTypes } from "../../tensor/element-type.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { tensorNumbers } from "../../tensor/tensor-numbers.ts";
import { bitsOf, isRowMajor, type View, viewSize } from "../../lowering/view.ts";

/** The elements of a view's block as an array that starts at the view's element 0. */
export function viewArray(view: View, bytes: Uint8Array, blockOffset: number): TypedArray {
  const { array } = elementTypes[view.element];
  const at = bytes.byteOffset + blockOffset + view.offset * array.BYTES_PER_ELEMENT;
  return new array(bytes.buffer, at, Math.floor((bytes.byteOffset + bytes.byteLength - at) / array.BYTES_PER_ELEMENT));
}

/** Float values of a tensor of any number type. f32 data is not copied; read `once`, what has to be made first is not kept. */
export function tensorToFloat32(tensor: Tensor, reading: "once" | "often" = "often"): Float32Array {
  if (reading === "once" && tensor.elementType === "f32") return tensor.readOnce() as Float32Array;
  const numbers = tensorNumbers(tensor);
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

/** Writes a tensor of the view's type to where the view lies. `target` starts at the view's first element. */
export function writeView(view: View, target: TypedArray, { data }: Tensor): void {
  if (isRowMajor(view)) {
    (target as Float32Array).set(data as Float32Array);
    return;
  }
  const [bits, to, from] = [bitsOf(view), words(target), words(data)];
  forEachElement(bits, (at, i) => {
    to[at] = from[i];
  });
}

/** Reads a view as a row-major tensor; a copy. `source` starts at the view's first element. */
export function readView(view: View, source: TypedArray): Tensor {
  const size = viewSize(view);
  const dense = allocateArray(elementTypes[view.element].array as Float32ArrayConstructor, size) as TypedArray;
  if (isRowMajor(view)) (dense as Float32Array).set((source as Float32Array).subarray(0, size));
  else {
    const [bits, to, from] = [bitsOf(view), words(dense), words(source)];
    forEachElement(bits, (at, i) => {
      to[i] = from[at];
    });
  }
  return new Tensor(view.element, view.shape, dense);
}

/** An array of the elements that `bitsOf` makes of a view's: none of 64 bits, each of which would become an object. */
const words = (array: TypedArray): Float32Array => {
  const bits = { 1: Uint8Array, 2: Uint16Array, 4: Int32Array, 8: Int32Array }[array.BYTES_PER_ELEMENT] as Int32ArrayConstructor;
  return new bits(array.buffer, array.byteOffset, array.byteLength / bits.BYTES_PER_ELEMENT) as unknown as Float32Array;
};

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
