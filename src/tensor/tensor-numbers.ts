import { bfloat16ToNumber, numberToBfloat16 } from "../common/bfloat16.ts";
import { VintnerError } from "../common/errors.ts";
import { float16ToFloat32, numberToFloat16 } from "../common/float16.ts";
import { allocateArray } from "./allocate-array.ts";
import { type ElementType, elementTypes, type TypedArray } from "./element-type.ts";
import { Tensor } from "./tensor.ts";

/** Arrays whose entries are numbers: what arithmetic on tensors reads and writes. */
export type NumberArray = Exclude<TypedArray, BigInt64Array | BigUint64Array>;

function checkNumeric(type: ElementType): void {
  const { bits, kind } = elementTypes[type];
  if (bits < 8 || kind === "other")
    throw new VintnerError("UNSUPPORTED", { what: "elements of this type are no numbers that can be computed with", got: type });
}

/**
 * The elements as numbers, halves widened. Shares the tensor's memory where its array holds the numbers themselves, so do
 * not write to it. 64-bit integers beyond 2^53 lose their last bits. Throws UNSUPPORTED for packed types and strings.
 */
export function tensorNumbers(tensor: Tensor): NumberArray {
  const { data, elementType } = tensor;
  checkNumeric(elementType);
  if (elementType === "f16") return float16ToFloat32(data as Uint16Array, allocateArray(Float32Array, data.length) as Float32Array);
  if (elementType === "bf16")
    return mapped(data as Uint16Array, allocateArray(Float32Array, data.length) as Float32Array, bfloat16ToNumber);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return wideNumbers(data);
  return data;
}

/** Zeros to compute the elements of a tensor in: of the tensor's own array where it holds numbers, else wide enough for them. */
export function allocateNumbers(type: ElementType, size: number): NumberArray {
  checkNumeric(type);
  if (type === "f16" || type === "bf16") return allocateArray(Float32Array, size) as NumberArray;
  if (type === "i64" || type === "u64") return allocateArray(Float64Array, size) as NumberArray;
  return allocateArray(elementTypes[type].array, size) as NumberArray;
}

/** What a function makes of each number: a loop, since `from` would collect the results in a list. */
function mapped<Out extends NumberArray>(numbers: ArrayLike<number>, out: Out, f: (n: number) => number): Out {
  for (let i = 0; i < out.length; i++) out[i] = f(numbers[i]);
  return out;
}

const wordSize = 2 ** 32;

/** 64-bit integers as numbers, by their halves: BigInts, one for each, would take far longer. */
function wideNumbers(data: BigInt64Array | BigUint64Array): Float64Array {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length * 2);
  const out = allocateArray(Float64Array, data.length);
  const signed = data instanceof BigInt64Array;
  for (let i = 0; i < out.length; i++) out[i] = (signed ? words[2 * i + 1] | 0 : words[2 * i + 1]) * wordSize + words[2 * i];
  return out;
}

/** 64-bit integers as 32-bit ones: what none can hold becomes the nearest. */
export function clampedIntegers(data: BigInt64Array | BigUint64Array): Int32Array {
  const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  const out = allocateArray(Int32Array, data.length) as Int32Array;
  const signed = data instanceof BigInt64Array;
  for (let i = 0; i < out.length; i++) {
    const low = words[2 * i];
    const high = words[2 * i + 1];
    out[i] = high === low >> 31 && (signed || high === 0) ? low : signed && high < 0 ? -(2 ** 31) : 2 ** 31 - 1;
  }
  return out;
}

/** 32-bit integers as 64-bit ones. */
function widened(numbers: Int32Array, out: TypedArray): TypedArray {
  const words = new Int32Array(out.buffer, out.byteOffset, out.length * 2);
  for (let i = 0; i < numbers.length; i++) {
    words[2 * i] = numbers[i];
    words[2 * i + 1] = numbers[i] >> 31;
  }
  return out;
}

/** Numbers without their fractions as 64-bit integers; what none can hold becomes the lowest one, as on x86. */
function wideIntegers(numbers: ArrayLike<number>, out: TypedArray): TypedArray {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length * 2);
  for (let i = 0; i < out.length; i++) {
    const n = Math.trunc(numbers[i]);
    const fits = n >= -(2 ** 63) && n < 2 ** 64;
    const high = fits ? Math.floor(n / wordSize) : -(2 ** 31);
    words[2 * i] = fits ? n - high * wordSize : 0;
    words[2 * i + 1] = high;
  }
  return out;
}

/** A tensor of numbers, rounded to the element type; takes `numbers` over where it is of the tensor's own array. */
export function tensorOfNumbers(type: ElementType, shape: readonly number[], numbers: NumberArray | readonly number[]): Tensor {
  checkNumeric(type);
  const { array } = elementTypes[type];
  const isHalf = type === "f16" || type === "bf16";
  if (numbers instanceof array && !isHalf) return new Tensor(type, shape, numbers as NumberArray);
  const out = allocateArray(array, numbers.length);
  if (isHalf) return new Tensor(type, shape, mapped(numbers, out as Uint16Array, type === "f16" ? numberToFloat16 : numberToBfloat16));
  if (numbers instanceof Int32Array && type === "i64") return new Tensor(type, shape, widened(numbers, out));
  if (type === "i64" || type === "u64") return new Tensor(type, shape, wideIntegers(numbers, out));
  (out as NumberArray).set(numbers);
  return new Tensor(type, shape, out);
}

/** A tensor of numbers computed in float64, rounded to the element type. */
export function roundedTensor(type: ElementType, shape: readonly number[], numbers: Float64Array): Tensor {
  if (type === "f64") return new Tensor(type, shape, numbers);
  const out = allocateNumbers(type, numbers.length);
  out.set(numbers);
  return tensorOfNumbers(type, shape, out);
}
