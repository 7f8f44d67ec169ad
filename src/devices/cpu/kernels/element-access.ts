import type { Index, KernelBuilder } from "../../../kernel/builder.ts";
import type { KernelBuffer, Register } from "../../../kernel/kernel.ts";
import { type View, viewMemory, viewSpan } from "../../../lowering/view.ts";

/** A kernel's argument that holds a view. */
export const viewBuffer = (k: KernelBuilder, name: string, view: View, access: KernelBuffer["access"]): KernelBuffer =>
  k.buffer(name, viewMemory(view), viewSpan(view), access);

export interface ElementAccess {
  readonly lanes: number;
  /** Elements to read; the other lanes become 0. */
  readonly count?: number;
  /** One element in every lane. */
  readonly broadcast?: boolean;
}

/** A vector of a view's elements as arithmetic takes them: f32, i32, or a mask for booleans. */
export function loadElements(
  k: KernelBuilder,
  { element }: Pick<View, "element">,
  buffer: KernelBuffer,
  index: Index,
  { lanes, count = lanes, broadcast = false }: ElementAccess,
): Register {
  const register = broadcast ? k.broadcast(buffer, index, lanes) : k.load(buffer, index, { lanes, count });
  return element === "boolean" ? k.compute("ne", [register, k.constant(0, { element: "i32", lanes })]) : register;
}

/** Stores a vector of results in a view: masks as 0 and 1, integers by their low bits, floats rounded to the element. */
export function storeElements(
  k: KernelBuilder,
  { element }: Pick<View, "element">,
  buffer: KernelBuffer,
  index: Index,
  value: Register,
  count: number = value.lanes,
): void {
  const { lanes } = value;
  const isBoolean = element === "boolean" && value.element === "mask";
  const stored = isBoolean ? k.select(value, k.constant(1, { lanes, element: "i32" }), k.constant(0, { lanes, element: "i32" })) : value;
  k.store(buffer, index, stored, { count });
}
