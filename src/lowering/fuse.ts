import { sameShape } from "../common/shape.ts";
import type { Model } from "../model/model.ts";
import type { Node } from "../model/node.ts";
import type { Output } from "../model/output.ts";
import {
  constant as scalarConstant,
  countParts,
  input as scalarInput,
  type ScalarExpression,
  substitute,
} from "../model/scalar-expression.ts";
import type { ElementType } from "../tensor/element-type.ts";
import { tensorNumbers } from "../tensor/tensor-numbers.ts";
import { machineScalar } from "./machine-scalar.ts";
import { hasViewElement, registerOf, viewElements } from "./view-element.ts";

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

/** Which operations take an epilogue that gives a type: asked of the lowering of each. */
export type TakesEpilogue = (node: Node, type: ElementType) => boolean;

const mostInputs = 6;
/** Parts that an expression may have: a longer chain is cut, so that walks over one stay shallow, and its code in the cache. */
const mostParts = 192;

/** Cuts a model (of static shapes) into groups, in an order in which they can run. Graph borders are left out. */
export function fuse(model: Model, takesEpilogue: TakesEpilogue): Group[] {
  const consumers = model.consumers();
  const isReadOnce = (output: Output): boolean => new Set(consumers.get(output)?.map((c) => c.node)).size === 1;
  const fusion = new Fusion(isReadOnce, takesEpilogue);
  for (const node of model.nodes()) if (node.op.role === undefined || node.op.role === "sink") fusion.add(node);
  return fusion.groups();
}

/** Whether an operation is a scalar expression that kernels can compute. */
export const isElementwise = (node: Node): boolean => machineScalar(node) !== undefined;

/** A group while others may still join it. */
interface Chain {
  readonly group: Group;
  /** Parts of its expression. */
  readonly parts: number;
}

class Fusion {
  readonly #isReadOnce: (output: Output) => boolean;
  readonly #takesEpilogue: TakesEpilogue;
  readonly #producer = new Map<Output, Chain>();
  /** In an order in which they can run: a group stands where its last operation does. */
  readonly #order = new Set<Chain>();

  constructor(isReadOnce: (output: Output) => boolean, takesEpilogue: TakesEpilogue) {
    this.#isReadOnce = isReadOnce;
    this.#takesEpilogue = takesEpilogue;
  }

  groups(): Group[] {
    return [...this.#order].map((chain) => chain.group);
  }

  add(node: Node): void {
    const expression = machineScalar(node);
    const chain =
      expression === undefined
        ? { group: { anchor: node, inputs: [], output: node.outputs[0], nodes: [node] }, parts: 0 }
        : this.#continued(node, expression);
    this.#order.add(chain);
    for (const output of node.outputs) this.#producer.set(output, chain);
  }

  /** An element-wise operation with the chains that end in its inputs, as far as they fit. */
  #continued(node: Node, expression: ScalarExpression): Chain {
    const taken = this.#joined(node, countParts(expression));
    const anchor = taken.find((c) => c.group.anchor)?.group.anchor;
    // x0, x1 ... of the new expression: first the anchor's output, then what is read.
    const leaves: Output[] = anchor ? [anchor.outputs[0]] : [];
    const leaf = (output: Output): ScalarExpression => {
      const known = leaves.indexOf(output);
      return scalarInput(known >= 0 ? known : leaves.push(output) - 1);
    };
    const joined = new Map<Output, ScalarExpression>();
    for (const { group } of taken) {
      const own = group.anchor ? [group.anchor.outputs[0], ...group.inputs] : group.inputs;
      joined.set(
        group.output,
        substitute(group.expression ?? scalarInput(0), (i) => leaf(own[i])),
      );
    }
    const operands = node.inputs.map((input) => joined.get(input) ?? scalarValue(input) ?? leaf(input));
    for (const chain of taken) this.#order.delete(chain);
    const whole = substitute(expression, (i) => operands[i]);
    return {
      group: {
        ...(anchor && { anchor }),
        expression: whole,
        inputs: anchor ? leaves.slice(1) : leaves,
        output: node.outputs[0],
        nodes: [...taken.flatMap((c) => c.group.nodes), node],
      },
      parts: countParts(whole),
    };
  }

  /** The chains that a node continues, once each, at most one with an anchor: the one that comes last, so that all it reads is there. */
  #joined(node: Node, ownParts: number): Chain[] {
    const candidates = node.inputs.flatMap((input) => this.#joinable(input, node) ?? []);
    const anchored = candidates.findLast((c) => c.group.anchor !== undefined);
    const taken: Chain[] = [];
    let parts = ownParts;
    let inputs = 0;
    for (const chain of anchored ? [anchored, ...candidates] : candidates) {
      if (taken.includes(chain) || (chain.group.anchor && chain !== anchored)) continue;
      if (parts + chain.parts > mostParts || inputs + chain.group.inputs.length > mostInputs) continue;
      taken.push(chain);
      parts += chain.parts;
      inputs += chain.group.inputs.length;
    }
    return taken;
  }

  /** The chain that ends in an input, where it may become part of the node's. */
  #joinable(input: Output, node: Node): Chain | undefined {
    const chain = this.#producer.get(input);
    const { shape, elementType } = node.outputs[0];
    if (chain === undefined || chain.group.output !== input || !this.#isReadOnce(input) || !sameShape(input.shape, shape)) return undefined;
    if (registerOf(input.elementType) === undefined || isRoundedByStore(input.elementType)) return undefined;
    const { anchor } = chain.group;
    return anchor === undefined || this.#takesEpilogue(anchor, elementType) ? chain : undefined;
  }
}

const isRoundedByStore = (type: ElementType): boolean => hasViewElement(type) && viewElements[type].roundsOnStore === true;

/** A constant that is the same number everywhere. */
function scalarValue(output: Output): ScalarExpression | undefined {
  const tensor = output.constant;
  if (tensor === undefined || tensor.size !== 1 || tensor.elementType === "boolean") return undefined;
  const [value] = tensorNumbers(tensor);
  return scalarConstant(registerOf(tensor.elementType) === "f32" ? Math.fround(value) : value);
}
