import { VintnerError } from "../common/errors.ts";
import { shapeSize } from "../common/shape.ts";
import { allocateArray } from "./allocate-array.ts";
import { byteLengthOf, type ElementType, elementTypes, type TypedArray } from "./element-type.ts";

/**
 * A dense row-major array, which does not change but in its elements. `data` may be a view on a file's bytes or on a device's memory; it is not copied.
 * f16 and bf16 hold raw bits (Uint16Array), boolean bytes 0 or 1, 64-bit integers BigInts, types under 8 bits packed bytes.
 */
export class Tensor {
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly data: TypedArray;

  /** Without `data` the tensor is zero. Throws INVALID_ARGUMENT where the data's type or length does not fit, OUT_OF_MEMORY. */
  constructor(elementType: ElementType, shape: readonly number[], data?: TypedArray | readonly number[]) {
    if (!Array.isArray(shape) || !Number.isSafeInteger(shapeSize(shape)) || shape.some((d) => !Number.isInteger(d) || d < 0))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "a tensor's shape must be lengths",
        expected: "a list of whole numbers from 0 on",
        got: Array.isArray(shape) ? `[${shape.join(",")}]` : String(shape),
      });
    const size = shapeSize(shape);
    if (!Object.hasOwn(elementTypes, elementType) || elementType === "dynamic")
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "a tensor has no such element type",
        expected: Object.keys(elementTypes)
          .filter((type) => type !== "dynamic")
          .join(", "),
        got: String(elementType as unknown),
      });
    const info = elementTypes[elementType];
    const length = info.bits >= 8 ? size : byteLengthOf(elementType, size);
    let array: TypedArray;
    if (data === undefined) array = allocateArray(info.array, length);
    else if (Array.isArray(data)) array = fromNumbers(elementType, data as readonly number[]);
    else if (data instanceof info.array) array = data;
    else
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `a tensor of ${elementType} cannot hold this array`,
        expected: info.array.name,
        got: data === null || typeof data !== "object" ? String(data) : (data as object).constructor.name,
      });
    if (array.length !== length)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `the data does not fill a tensor of ${elementType}[${shape.join(",")}]`,
        expected: `${length} elements`,
        got: `${array.length}`,
      });
    this.elementType = elementType;
    this.shape = Object.freeze([...shape]);
    this.data = array;
    if (new.target === Tensor) Object.freeze(this);
  }

  /** Whether the data is all there still: its buffer may have been shrunk, or handed to another thread. */
  get isIntact(): boolean {
    return this.data.length === (elementTypes[this.elementType].bits >= 8 ? this.size : byteLengthOf(this.elementType, this.size));
  }

  /** Number of elements. */
  get size(): number {
    return shapeSize(this.shape);
  }

  /** The bytes of the data, without a copy. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.data.buffer, this.data.byteOffset, this.data.byteLength);
  }

  getShape(): number[] {
    return [...this.shape];
  }

  getData(): TypedArray {
    return this.data;
  }

  getElementType(): ElementType {
    return this.elementType;
  }

  getSize(): number {
    return this.size;
  }

  /** The same data under another shape of the same size. */
  reshaped(shape: readonly number[]): Tensor {
    return new Tensor(this.elementType, shape, this.data);
  }
}

function fromNumbers(elementType: ElementType, numbers: readonly number[]): TypedArray {
  const array = new elementTypes[elementType].array(numbers.length);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) for (const [i, n] of numbers.entries()) array[i] = BigInt(n);
  else array.set(numbers);
  return array;
}
