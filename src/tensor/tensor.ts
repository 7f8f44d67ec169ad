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
  declare readonly data: TypedArray;
  #made: TypedArray | undefined;
  readonly #make: (() => TypedArray) | undefined;

  /**
   * Without `data` the tensor is zero; a function makes the data when it is first read, which for the weights of a large model may be
   * never. Throws INVALID_ARGUMENT where the data's type or length does not fit, OUT_OF_MEMORY.
   */
  constructor(elementType: ElementType, shape: readonly number[], data?: TypedArray | readonly number[] | (() => TypedArray)) {
    if (!Array.isArray(shape) || !Number.isSafeInteger(shapeSize(shape)) || shape.some((d) => !Number.isInteger(d) || d < 0))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "a tensor's shape must be lengths",
        expected: "a list of whole numbers from 0 on",
        got: Array.isArray(shape) ? `[${shape.join(",")}]` : String(shape),
      });
    if (!Object.hasOwn(elementTypes, elementType) || elementType === "dynamic")
      throw new VintnerError("INVALID_ARGUMENT", {
        what: "a tensor has no such element type",
        expected: Object.keys(elementTypes)
          .filter((type) => type !== "dynamic")
          .join(", "),
        got: String(elementType as unknown),
      });
    this.elementType = elementType;
    this.shape = Object.freeze([...shape]);
    if (typeof data === "function") {
      this.#make = data;
      Object.defineProperty(this, "data", { enumerable: true, get: () => (this.#made ??= this.readOnce()) });
    } else if (data === undefined) this.data = allocateArray(elementTypes[elementType].array, this.#length);
    else this.data = this.#checked(Array.isArray(data) ? fromNumbers(elementType, data as readonly number[]) : data);
    if (new.target === Tensor) Object.freeze(this);
  }

  /** The data for somebody who reads it once: where it has to be made, it is not kept. */
  readOnce(): TypedArray {
    if (this.#make === undefined) return this.data;
    return this.#made ?? this.#checked(this.#make());
  }

  /** Whether the data was not there when the tensor was made, but how to make it. */
  get isDeferred(): boolean {
    return this.#make !== undefined;
  }

  /** Whether the data is all there still: its buffer may have been shrunk, or handed to another thread. */
  get isIntact(): boolean {
    return (this.isDeferred && this.#made === undefined) || this.data.length === this.#length;
  }

  /** Entries of the array: types under 8 bits lie packed. */
  get #length(): number {
    return elementTypes[this.elementType].bits >= 8 ? this.size : byteLengthOf(this.elementType, this.size);
  }

  #checked(data: unknown): TypedArray {
    const { array } = elementTypes[this.elementType];
    if (!(data instanceof array))
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `a tensor of ${this.elementType} cannot hold this array`,
        expected: array.name,
        got: data === null || typeof data !== "object" ? String(data) : data.constructor.name,
      });
    if (data.length !== this.#length)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `the data does not fill a tensor of ${this.elementType}[${this.shape.join(",")}]`,
        expected: `${this.#length} elements`,
        got: `${data.length}`,
      });
    return data;
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

  /** The same in memory of its own. */
  copy(): Tensor {
    return new Tensor(this.elementType, this.shape, this.data.slice());
  }

  /** The same data under another shape of the same size. */
  reshaped(shape: readonly number[]): Tensor {
    return new Tensor(this.elementType, shape, this.isDeferred && this.#made === undefined ? () => this.data : this.data);
  }
}

function fromNumbers(elementType: ElementType, numbers: readonly number[]): TypedArray {
  const array = new elementTypes[elementType].array(numbers.length);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) for (const [i, n] of numbers.entries()) array[i] = BigInt(n);
  else array.set(numbers);
  return array;
}
