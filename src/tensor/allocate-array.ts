import { memoryLimit } from "#platform/memory";
import { VintnerError } from "../common/errors.ts";
import type { TypedArrayConstructor } from "./element-type.ts";

/**
 * A zero array. Sizes come from models, so what no machine of this size can hold is refused before it is asked for: systems
 * that promise more memory than there is end the process later. Throws OUT_OF_MEMORY.
 */
export function allocateArray<Constructor extends TypedArrayConstructor>(array: Constructor, length: number): InstanceType<Constructor> {
  const byteLength = length * array.BYTES_PER_ELEMENT;
  try {
    if (byteLength <= memoryLimit()) return new array(length) as InstanceType<Constructor>;
  } catch (cause) {
    throw outOfMemory(byteLength, cause);
  }
  throw outOfMemory(byteLength);
}

const outOfMemory = (byteLength: number, cause?: unknown): VintnerError =>
  new VintnerError("OUT_OF_MEMORY", { what: `an array of ${byteLength} bytes cannot be allocated` }, { cause });
