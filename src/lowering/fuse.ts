import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import {
  input as scalarInput,
  ne,
  type ScalarExpression,
  constant as scalarConstant,
  select,
  substitute,
} from "../model/scalar-expression.ts";
import { scalarResult } from "../kernel/emit-scalar.ts";
import { sameShape } from "../common/shape.ts";
import { tensorNumbers } from "../tensor/tensor-numbers.ts";

/**
 * What becomes kernels together: an operation with the element-wise chain behind it as an epilogue, or an element-wise
 * chain by itself.
 */
export interface Group {
  /** The operation that comes first; absent for a chain of element-wise operations only. */
  readonly anchor?: Node;
  /** Element-wise part. With an anchor x0 is its output and x1... are `inputs`; without, x0... are `inputs`. */
  readonly expression?: ScalarExpression;
  readonly inputs: readonly Output[];
  readonly output: Output;
  /** All operations in it, for names and profiles. */
  readonly nodes: readonly Node[];
}

/** Which operations take an epilogue: asked of the lowering of each. */
export type TakesEpilogue = (node: Node) => boolean;

const mostInputs = 6;

/** Cuts a model (of static shapes) into groups, in an order in which they can run. Graph borders are left out. */
export function fuse(model: Model, takesEpilogue: TakesEpilogue): Group[] {
  const consumers = model.consumers();
  const producer = new Map<Output, Group>();
  const order = new Map<Group, number>();
  const nodes = model.nodes();
  for (const [position, node] of nodes.entries()) {
    if (node.op.role !== undefined && node.op.role !== "sink") continue;
    const single = (output: Output): boolean => new Set(consumers.get(output)?.map((c) => c.node)).size === 1;
    const absorbed = isElementwise(node) ? chain(node, producer, single, takesEpilogue) : undefined;
    const group: Group = absorbed?.group ?? { anchor: node, inputs: [], output: node.outputs[0], nodes: [node] };
    for (const g of absorbed?.merged ?? []) order.delete(g);
    order.set(group, position);
    for (const output of node.outputs) producer.set(output, group);
  }
  return [...order].toSorted((a, b) => a[1] - b[1]).map(([group]) => group);
}

/** Whether an operation is a scalar expression that kernels can compute: over floats and booleans. */
export function isElementwise(node: Node): boolean {
  if (node.op.scalar === undefined || node.outputs.length !== 1 || node.attributes["auto_broadcast"] === "pdpd") return false;
  const types = [...node.inputs, ...node.outputs].map((o) => o.elementType);
  if (!types.every((t) => t === "f32" || t === "boolean")) return false;
  if (node.outputs[0].shape.length > 6) return false;
  const result = scalarResult(
    scalarOf(node),
    node.inputs.map((i) => (i.elementType === "boolean" ? "mask" : "number")),
  );
  return result === (node.outputs[0].elementType === "boolean" ? "mask" : "number");
}

/** The expression of an element-wise operation over f32 and masks: conversions between them become selections and comparisons. */
export function scalarOf(node: Node): ScalarExpression {
  const expression = (node.op.scalar as NonNullable<typeof node.op.scalar>)(
    node.inputs.map((_, i) => scalarInput(i)),
    node.attributes,
  );
  if (expression.kind !== "input") return expression;
  const from = node.inputs[expression.index].elementType;
  const to = node.outputs[0].elementType;
  if (from === to) return expression;
  return to === "boolean" ? ne(expression, 0) : from === "boolean" ? select(expression, 1, 0) : expression;
}

function chain(
  node: Node,
  producer: ReadonlyMap<Output, Group>,
  single: (output: Output) => boolean,
  takesEpilogue: TakesEpilogue,
): { readonly group: Group; readonly merged: readonly Group[] } {
  const shape = node.outputs[0].shape;
  const mergeable = node.inputs.map((input) => {
    const group = producer.get(input);
    if (group === undefined || group.output !== input || !single(input) || !sameShape(input.shape, shape)) return undefined;
    if (group.anchor === undefined) return group;
    return group.expression !== undefined || (takesEpilogue(group.anchor) && input.elementType === "f32") ? group : undefined;
  });
  // One anchor at most: the one that comes last, so that what the other computes is there.
  const anchored = mergeable.findLast((g) => g?.anchor !== undefined);
  const inputs: Output[] = [];
  const offset = anchored ? 1 : 0;
  // Once for each group: an operation may take the same output twice.
  const merged = new Map<Group, ScalarExpression>();
  const indexOf = (output: Output): number => {
    const known = inputs.indexOf(output);
    return offset + (known >= 0 ? known : inputs.push(output) - 1);
  };
  const take = (group: Group): ScalarExpression => {
    const known = merged.get(group);
    if (known) return known;
    const taken = substitute(group.expression ?? scalarInput(0), (i) =>
      group.anchor !== undefined && i === 0 ? scalarInput(0) : scalarInput(indexOf(group.inputs[i - (group.anchor ? 1 : 0)])),
    );
    merged.set(group, taken);
    return taken;
  };
  const shared = new Map<number, ScalarExpression>();
  const operand = (i: number): ScalarExpression => {
    const input = node.inputs[i];
    const group = mergeable[i];
    const value = scalarValue(input);
    if (value !== undefined) return scalarConstant(value);
    const fits = (g: Group): boolean => merged.has(g) || g.inputs.length + inputs.length <= mostInputs;
    if (group !== undefined && (group.anchor === undefined || group === anchored) && fits(group)) return take(group);
    return scalarInput(indexOf(input));
  };
  const numbered = substitute(scalarOf(node), (i) => {
    const known = shared.get(i) ?? operand(i);
    shared.set(i, known);
    return known;
  });
  const anchor = anchored && merged.has(anchored) ? anchored.anchor : undefined;
  // Where the anchor's group did not fit, x0 is not its output but the first input.
  const expression = anchored && anchor === undefined ? substitute(numbered, (i) => scalarInput(i - offset)) : numbered;
  const fused = [...merged.keys()].flatMap((g) => g.nodes);
  return {
    group: { ...(anchor && { anchor }), expression, inputs, output: node.outputs[0], nodes: [...fused, node] },
    merged: [...merged.keys()],
  };
}

/** The number of a constant that is the same everywhere; booleans as 0 and 1. */
function scalarValue(output: Output): number | undefined {
  const tensor = output.constant;
  if (tensor === undefined || tensor.size !== 1 || tensor.elementType === "boolean") return undefined;
  return Math.fround(tensorNumbers(tensor)[0]);
}
