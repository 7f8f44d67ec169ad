import { VintnerError } from "../../common/errors.ts";
import { shapeSize } from "../../common/shape.ts";
import type { RandomAccess } from "../../platform/random-access.ts";
import { byteLengthOf, elementTypes, isElementType, type TypedArrayConstructor } from "../../tensor/element-type.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** A Const's tensor: a view on the weights where the type's alignment allows, else a copy. Throws INVALID_MODEL, FORMAT. */
export function readConstant(data: Readonly<Record<string, string>>, weights: () => RandomAccess, where: string): Tensor {
  const type = data["element_type"] ?? "";
  if (!isElementType(type))
    throw new VintnerError("INVALID_MODEL", { what: "a constant's element type is not known", where, got: JSON.stringify(type) });
  const { bits, array } = elementTypes[type];
  if (bits === 0) throw new VintnerError("UNSUPPORTED", { what: "constants of this type cannot be read", where, got: type });
  const shape = (data["shape"] ?? "").trim() === "" ? [] : (data["shape"] as string).split(",").map((d) => count(d, "shape", where));
  const size = shapeSize(shape);
  const bytes = Number.isSafeInteger(size) ? byteLengthOf(type, size) : Number.POSITIVE_INFINITY;
  const offset = count(data["offset"] ?? "", "offset", where);
  const length = count(data["size"] ?? "", "size", where);
  if (length !== bytes)
    throw new VintnerError("INVALID_MODEL", {
      what: "a constant's size does not fit its type and shape",
      where,
      expected: `${bytes} bytes for ${type}[${shape}]`,
      got: `${length}`,
    });
  if (bytes === 0) return new Tensor(type, shape);
  const file = weights();
  if (offset + length > file.size)
    throw new VintnerError("FORMAT", {
      what: "the weights file ends before a constant does",
      where,
      expected: `at least ${offset + length} bytes`,
      got: `${file.size}`,
      hint: "The .bin is truncated or belongs to another .xml",
    });
  const constructor = array as TypedArrayConstructor;
  const width = constructor.BYTES_PER_ELEMENT;
  const read = file.read(offset, length);
  const aligned = read.byteOffset % width === 0 ? read : new Uint8Array(read);
  return new Tensor(type, shape, new constructor(aligned.buffer, aligned.byteOffset, length / width));
}

function count(text: string, name: string, where: string): number {
  const n = Number(text.trim());
  if (text.trim() !== "" && Number.isSafeInteger(n) && n >= 0) return n;
  throw new VintnerError("INVALID_MODEL", { what: `a constant's ${name} cannot be read`, where, got: JSON.stringify(text) });
}
