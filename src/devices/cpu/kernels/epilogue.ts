import type { Index, KernelBuilder } from "../../../kernel/builder.ts";
import { emitScalar } from "../../../kernel/emit-scalar.ts";
import type { KernelBuffer, Register } from "../../../kernel/kernel.ts";
import { type BinaryScalarOp, partsOf, type ScalarExpression, type UnaryScalarOp } from "../../../model/scalar-expression.ts";
import type { View } from "../../../lowering/view.ts";
import { viewSpan } from "../../../lowering/view.ts";

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
  (epilogue?.inputs ?? []).map((view, i) => k.buffer(`extra${i}`, view.element, viewSpan(view), "read"));

/** Applies an epilogue to a vector of sums. `at` gives the element offset of the vector's first element by a view's strides. */
export function applyEpilogue(
  k: KernelBuilder,
  epilogue: Epilogue | undefined,
  buffers: readonly KernelBuffer[],
  sum: Register,
  vectorAxis: number,
  at: (strides: readonly number[]) => Index,
  count: number,
): Register {
  if (epilogue === undefined) return sum;
  const inputs = epilogue.inputs.map((view, i) =>
    loadExtra(k, view, buffers[i], at(view.strides), view.strides[vectorAxis] === 0, sum.lanes, count),
  );
  return emitScalar(k, epilogue.expression, [sum, ...inputs]);
}

/** A vector of an epilogue's input: a number, or a mask where the bytes are booleans. */
export function loadExtra(
  k: KernelBuilder,
  view: Pick<View, "element">,
  buffer: KernelBuffer,
  index: Index,
  broadcast: boolean,
  lanes: number,
  count: number,
): Register {
  const register = broadcast ? k.broadcast(buffer, index, lanes) : k.load(buffer, index, { lanes, count });
  return view.element === "u8" ? k.compute("ne", [register, k.constant(0, { element: "i32", lanes })]) : register;
}
