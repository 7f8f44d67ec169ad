import { float16ToNumber, numberToFloat16 } from "../common/float16.ts";
import { type ElementType, elementTypes } from "../tensor/element-type.ts";
import { Tensor } from "../tensor/tensor.ts";

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);

function decodeBfloat16(bits: number): number {
  words[0] = bits << 16;
  return floats[0];
}

/** Rounds to nearest even. */
function encodeBfloat16(value: number): number {
  floats[0] = value;
  if (Number.isNaN(value)) return 0x7fc0;
  return (words[0] + 0x7fff + ((words[0] >>> 16) & 1)) >>> 16;
}

/** Element `i` as a number, halves decoded; undefined for element types that a number does not express one by one. */
export function elementAt(tensor: Tensor, i: number): number | undefined {
  const { bits, kind } = elementTypes[tensor.elementType];
  if (bits < 8 || kind === "other") return undefined;
  const raw = tensor.data[i];
  if (tensor.elementType === "f16") return float16ToNumber(Number(raw));
  if (tensor.elementType === "bf16") return decodeBfloat16(Number(raw));
  return Number(raw);
}

/** All elements as numbers; undefined as for `elementAt`. */
export function numbersOf(tensor: Tensor): number[] | undefined {
  const { bits, kind } = elementTypes[tensor.elementType];
  if (bits < 8 || kind === "other") return undefined;
  return Array.from({ length: tensor.size }, (_, i) => elementAt(tensor, i) as number);
}

/** A tensor of numbers, rounded to the element type. */
export function tensorOf(elementType: ElementType, shape: readonly number[], numbers: readonly number[]): Tensor {
  const encode = elementType === "f16" ? numberToFloat16 : elementType === "bf16" ? encodeBfloat16 : undefined;
  return new Tensor(elementType, shape, encode === undefined ? numbers : numbers.map(encode));
}
