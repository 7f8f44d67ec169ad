import { VintnerError } from "../common/errors.ts";
import type { Output } from "../model/output.ts";
import { isFloat } from "../tensor/element-type.ts";
import { tensorOfNumbers } from "../tensor/tensor-numbers.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Numbers for an input of static shape, the same ones each time: floats from -1 to 1, integers 0 or 1. */
export function randomInput(port: Output, seed: number): Tensor {
  if (!port.partialShape.isStatic)
    throw new VintnerError("INVALID_ARGUMENT", {
      what: "the input's shape is dynamic",
      where: `input "${port.anyName}" ${port}`,
      hint: `Give one with --shape "${port.anyName}[...]", or an array with --inputs FILE.npz`,
    });
  const { shape } = port;
  let state = seed + 1;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
  const numbers = Float32Array.from(
    { length: shape.reduce((n, d) => n * d, 1) },
    isFloat(port.elementType) ? next : () => (next() > 0 ? 1 : 0),
  );
  return tensorOfNumbers(port.elementType, shape, numbers);
}
