import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import { type Dimension, sameDimension } from "../tensor/dimension.ts";
import { elementTypes, isInteger } from "../tensor/element-type.ts";
import { tensorNumbers } from "../tensor/tensor-numbers.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The node that makes an output, if it is of this type. */
export const producer = (output: Output | undefined, type: string): Node | undefined =>
  output?.node.type === type ? output.node : undefined;

/** The data of a constant output. */
export const matchConstant = (output: Output | undefined): Tensor | undefined => output?.node.constant;

/** Larger constants are not searched for being all one number. */
const maxUniformSize = 4096;

/** The number of a constant with one element, or with all elements equal. */
export function matchScalar(output: Output | undefined): number | undefined {
  const tensor = output?.node.constant;
  if (tensor === undefined || !isNumeric(tensor) || tensor.size === 0 || tensor.size > maxUniformSize) return undefined;
  const numbers = tensorNumbers(tensor);
  for (let i = 1; i < numbers.length; i++) if (numbers[i] !== numbers[0]) return undefined;
  return numbers[0];
}

/** The integers of a constant (axes, permutations, pads, ...). */
export function matchIntegers(output: Output | undefined): number[] | undefined {
  const tensor = output?.node.constant;
  return tensor !== undefined && isInteger(tensor.elementType) && isNumeric(tensor) ? Array.from(tensorNumbers(tensor)) : undefined;
}

/** Not packed, not text: element by element a number. */
function isNumeric({ elementType }: Tensor): boolean {
  const { bits, kind } = elementTypes[elementType];
  return bits >= 8 && kind !== "other";
}

/** Equal within the rounding of the output's element type: exporters write 1/6, sqrt(2) and the like in that type. */
export function near(value: number | undefined, expected: number, of: Output): boolean {
  const tolerance = of.elementType === "bf16" ? 8e-3 : of.elementType === "f16" ? 1e-3 : 1e-6;
  return value !== undefined && Math.abs(value - expected) <= tolerance * Math.max(Math.abs(expected), Number.MIN_VALUE);
}

/** A constant whose elements all are this number. */
export const isScalar = (output: Output | undefined, expected: number): boolean =>
  output !== undefined && near(matchScalar(output), expected, output);

/** The two ways to read a pair. */
export const bothOrders = ([a, b]: readonly Output[]): readonly (readonly [Output, Output])[] => [
  [a, b],
  [b, a],
];

/** The two ways to read the inputs of a commutative operation. */
export const eitherOrder = ({ inputs }: Node): readonly (readonly [Output, Output])[] => bothOrders(inputs);

/** Splits a commutative node with one constant input into data and constant. */
export function splitConstant(node: Node): { readonly data: Output; readonly constant: Output; readonly tensor: Tensor } | undefined {
  for (const [data, constant] of eitherOrder(node)) {
    const tensor = constant.node.constant;
    if (tensor !== undefined && data.node.constant === undefined) return { data, constant, tensor };
  }
  return undefined;
}

/** The number of a constant that, broadcast, leaves the data's shape as it is. */
export function matchNumber(data: Output, constant: Output | undefined): number | undefined {
  const tensor = matchConstant(constant);
  return tensor !== undefined && keepsShape(data, tensor) ? matchScalar(constant) : undefined;
}

/** Reads as `type(data, number)` in either order: the data. */
export function withScalar(output: Output | undefined, type: string, expected: number): Output | undefined {
  const node = producer(output, type);
  if (node === undefined) return undefined;
  return eitherOrder(node).find(([data, c]) => near(matchNumber(data, c), expected, c))?.[0];
}

/** The base of a Power with this exponent. */
export function withExponent(output: Output | undefined, exponent: number): Output | undefined {
  const power = producer(output, "Power");
  return power && near(matchNumber(power.inputs[0], power.inputs[1]), exponent, power.inputs[1]) ? power.inputs[0] : undefined;
}

/** The x of x * x and of x to the power of 2. */
export function squared(output: Output | undefined): Output | undefined {
  const product = producer(output, "Multiply");
  return product && product.inputs[0] === product.inputs[1] ? product.inputs[0] : withExponent(output, 2);
}

/** The x of the square root of x. */
export const rooted = (output: Output | undefined): Output | undefined => producer(output, "Sqrt")?.inputs[0] ?? withExponent(output, 0.5);

/** Certainly the same shape at run time. */
export function sameShapes(a: Output, b: Output): boolean {
  const x = a.partialShape.dimensions;
  const y = b.partialShape.dimensions;
  return x !== undefined && y !== undefined && x.length === y.length && x.every((d, i) => sameDimension(d, y[i]));
}

/**
 * Certainly the same shape, where both hold the same number of elements: equal lengths on all axes but one leave no
 * choice for that one.
 */
export function sameShapesBySize(a: Output, b: Output): boolean {
  const x = a.partialShape.dimensions;
  const y = b.partialShape.dimensions;
  if (x === undefined || y === undefined || x.length !== y.length) return false;
  const open = x.filter((d, i) => !sameDimension(d, y[i]));
  return open.length === 0 || (open.length === 1 && !x.includes(0));
}

/** The number of a dimension, undefined where it is not known. */
export const known = (d: Dimension | undefined): number | undefined => (typeof d === "number" ? d : undefined);

/** The length of an output's axis, undefined where it is not known. */
export const lengthOf = (output: Output, axis: number): number | undefined => known(output.partialShape.dimensions?.at(axis));

/** The constant broadcasts into the data without widening it: the result has the data's shape. */
export function keepsShape(data: Output, constant: Tensor): boolean {
  const dims = data.partialShape.dimensions;
  if (dims === undefined || constant.shape.length > dims.length) return false;
  return constant.shape.every((d, i) => d === 1 || d === dims[dims.length - constant.shape.length + i]);
}
