import { VintnerError } from "../common/errors.ts";
import type { Output } from "../model/output.ts";
import { elementTypes, type TypedArray } from "../tensor/element-type.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What may be given for an input: a tensor, or the elements of an input whose shape is static. */
export type TensorLike = Tensor | TypedArray;

/** Checks a tensor against a port: element type, rank and lengths. Throws INVALID_ARGUMENT. */
export function checkTensor(tensor: Tensor, port: Output, kind: "input" | "output"): void {
  const where = `${kind} "${port.anyName}"`;
  const got = `${tensor.elementType}[${tensor.shape.join(",")}]`;
  if (port.elementType !== "dynamic" && tensor.elementType !== port.elementType)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "the tensor has the wrong element type",
      where,
      expected: port.toString(),
      got,
      hint: `Give a ${elementTypes[port.elementType].array.name} in a tensor of ${port.elementType}`,
    });
  if (!port.partialShape.accepts(tensor.shape))
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "the tensor has the wrong shape",
      where,
      expected: port.toString(),
      got,
      ...(port.partialShape.isStatic ? { hint: "The model was read with this shape; reshape it before compiling it for others" } : {}),
    });
}

/** Throws INVALID_ARGUMENT where a tensor has lost elements: its buffer was shrunk, or handed to another thread. */
export function checkIntact(tensor: Tensor, port: Output, kind: "input" | "output"): void {
  if (tensor.isIntact) return;
  throw new VintnerError("INVALID_ARGUMENT", {
    what: "the tensor's memory has been resized, or is another thread's",
    where: `${kind} "${port.anyName}"`,
    expected: `${tensor.size} elements`,
    got: `${tensor.data.length}`,
    hint: "Give a tensor on memory that stays as it is",
  });
}

/** A checked tensor of what was given for an input. Throws INVALID_ARGUMENT. */
export function toInputTensor(value: TensorLike, port: Output): Tensor {
  if (value instanceof Tensor) {
    const tensor = plainTensor(value);
    checkTensor(tensor, port, "input");
    checkIntact(tensor, port, "input");
    return tensor;
  }
  const where = `input "${port.anyName}"`;
  if (!ArrayBuffer.isView(value) || value instanceof DataView)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "this is no tensor",
      where,
      expected: "a Tensor or a typed array",
      got: describe(value),
    });
  if (!port.partialShape.isStatic)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "elements without a shape are given for an input of dynamic shape",
      where,
      expected: port.toString(),
      hint: "Give a Tensor",
    });
  try {
    return new Tensor(port.elementType, port.shape, value);
  } catch (cause) {
    if (!(cause instanceof VintnerError)) throw cause;
    throw new VintnerError(cause.code, { ...cause.details, where }, { cause });
  }
}

/** A tensor whose shape and data are what they were when it was checked: classes that inherit may give others each time. */
const plainTensor = (tensor: Tensor): Tensor =>
  Object.getPrototypeOf(tensor) === Tensor.prototype ? tensor : new Tensor(tensor.elementType, tensor.shape, tensor.data);

export function describe(value: unknown): string {
  if (value === null || typeof value !== "object") return typeof value === "string" ? JSON.stringify(value) : String(value);
  return (value as object).constructor?.name ?? "an object";
}
