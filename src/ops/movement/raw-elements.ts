import { VintnerError } from "../../common/errors.ts";
import { type ElementType, elementTypes, type TypedArray } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { allocateArray } from "../../tensor/allocate-array.ts";

/**
 * Where element `i` of a packed type starts, in bits from the least significant bit of byte 0: 2- and 4-bit types fill a byte
 * from its low bits up, u1 from its high bit down (OpenVINO's element::Type storage).
 */
const bitOf = (bits: number, i: number): number => (bits === 1 ? (i & ~7) + 7 - (i & 7) : i * bits);

const isPacked = (type: ElementType): boolean => elementTypes[type].bits > 0 && elementTypes[type].bits < 8;

/** Throws UNSUPPORTED for types whose elements have no place of their own: strings, and the split layouts of u3 and u6. */
function checkMovable(type: ElementType): void {
  const { bits } = elementTypes[type];
  if (bits === 0 || bits === 3 || bits === 6)
    throw new VintnerError("UNSUPPORTED", { what: "elements of this type cannot be moved one by one", got: type });
}

/** The elements as stored, one array entry each. Shares the tensor's memory where the type is not packed. */
export function rawElements(tensor: Tensor): TypedArray {
  checkMovable(tensor.elementType);
  if (!isPacked(tensor.elementType)) return tensor.data;
  const { bits } = elementTypes[tensor.elementType];
  const raw = new Uint8Array(tensor.size);
  for (let i = 0; i < raw.length; i++) {
    const bit = bitOf(bits, i);
    raw[i] = (Number(tensor.data[bit >> 3]) >> (bit & 7)) & ((1 << bits) - 1);
  }
  return raw;
}

/** New zero entries for the elements of a shape, of the kind that `rawElements` gives. */
export function allocateRaw(type: ElementType, size: number): TypedArray {
  checkMovable(type);
  return allocateArray(isPacked(type) ? Uint8Array : elementTypes[type].array, size);
}

/** A tensor of raw entries; packs them where the type is packed. */
export function tensorOfRaw(type: ElementType, shape: readonly number[], raw: TypedArray): Tensor {
  if (!isPacked(type)) return new Tensor(type, shape, raw);
  const { bits } = elementTypes[type];
  const bytes = new Uint8Array(Math.ceil((raw.length * bits) / 8));
  for (let i = 0; i < raw.length; i++) {
    const bit = bitOf(bits, i);
    bytes[bit >> 3] |= (Number(raw[i]) & ((1 << bits) - 1)) << (bit & 7);
  }
  return new Tensor(type, shape, bytes);
}
