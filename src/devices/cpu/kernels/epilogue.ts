import type { Index, KernelBuilder } from "../../../kernel/builder.ts";
import { emitScalar } from "../../../kernel/emit-scalar.ts";
import type { KernelBuffer, Register } from "../../../kernel/kernel.ts";
import { type BinaryScalarOp, partsOf, type ScalarExpression, type UnaryScalarOp } from "../../../model/scalar-expression.ts";
import type { View } from "../../../lowering/view.ts";
import { registerOf } from "../../../lowering/view-element.ts";
import { loadElements, viewBuffer } from "./element-access.ts";

/** What follows a kernel's sums before they are stored: an expression of the sum (x0) and of other tensors (x1, ...), each a view of the output's shape with stride 0 or 1 along the vector dimension. */
export interface Epilogue {
  readonly expression: ScalarExpression;
  readonly inputs: readonly View[];
}

/** What takes dozens of instructions: polynomials. */
const elementary: ReadonlySet<string> = new Set<UnaryScalarOp | BinaryScalarOp>([
  "exp",
  "log",
  "erf",
  "tanh",
  "sin",
  "cos",
  "tan",
  "atan",
  "pow",
]);

/** Whether an expression has elementary functions in it. */
export function isCostly(expression: ScalarExpression): boolean {
  const seen = new Set<ScalarExpression>();
  const visit = (e: ScalarExpression): boolean => {
    if (seen.has(e)) return false;
    seen.add(e);
    return ("op" in e && elementary.has(e.op)) || partsOf(e).some(visit);
  };
  return visit(expression);
}

/** Declares the buffers of an epilogue's inputs. */
export const epilogueBuffers = (k: KernelBuilder, epilogue: Epilogue | undefined): KernelBuffer[] =>
  (epilogue?.inputs ?? []).map((view, i) => viewBuffer(k, `extra${i}`, view, "read"));

/** Applies an epilogue to a vector of sums, which goes to `output`. `at` gives the element offset of the vector's first element by a view's strides. */
export function applyEpilogue(
  k: KernelBuilder,
  epilogue: Epilogue | undefined,
  buffers: readonly KernelBuffer[],
  sum: Register,
  vectorAxis: number,
  at: (strides: readonly number[]) => Index,
  count: number,
  output: Pick<View, "element">,
): Register {
  if (epilogue === undefined) return sum;
  const inputs = epilogue.inputs.map((view, i) =>
    loadElements(k, view, buffers[i], at(view.strides), { lanes: sum.lanes, count, broadcast: view.strides[vectorAxis] === 0 }),
  );
  return emitScalar(k, epilogue.expression, [sum, ...inputs], { result: registerOf(output.element) });
}
