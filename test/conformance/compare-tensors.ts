import { isFloat } from "../../src/tensor/element-type.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tensorNumbers } from "../../src/tensor/tensor-numbers.ts";

/** The tolerance of ONNX's own test runner (onnx.backend.test.runner): |got - want| <= atol + rtol |want|. */
const rtol = 1e-3;
const atol = 1e-7;

/** Says how a tensor differs from what it should be; undefined where it does not. */
export function difference(got: Tensor, want: Tensor): string | undefined {
  if (got.elementType !== want.elementType) return `element type ${got.elementType}, not ${want.elementType}`;
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape.join()}], not [${want.shape.join()}]`;
  const exact = !isFloat(want.elementType);
  const [a, b] = exact ? [got.data, want.data] : [tensorNumbers(got), tensorNumbers(want)];
  for (let i = 0; i < b.length; i++) {
    if (a[i] === b[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i]))) continue;
    if (exact || !(Math.abs(Number(a[i]) - Number(b[i])) <= atol + rtol * Math.abs(Number(b[i]))))
      return `element ${i} is ${a[i]}, not ${b[i]}`;
  }
  return undefined;
}
