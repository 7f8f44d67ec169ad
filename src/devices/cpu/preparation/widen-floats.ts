import type { AttributeValue } from "../../../model/attribute.ts";
import type { Model } from "../../../model/model.ts";
import { Node, node as newNode } from "../../../model/node.ts";
import type { Output } from "../../../model/output.ts";
import { Convert } from "../../../ops/elementwise/convert.ts";
import { convertTensor } from "../../../ops/elementwise/convert-tensor.ts";
import { constantNode } from "../../../ops/infrastructure/constant.ts";
import { parameter } from "../../../ops/infrastructure/parameter.ts";
import type { ElementType } from "../../../tensor/element-type.ts";
import { howToRun } from "../how-to-run.ts";

const isShort = (type: ElementType): boolean => type === "f16" || type === "bf16";

const convert = (x: Output, to: ElementType): Output => newNode(Convert, [x], { destination_type: to }).outputs[0];

/**
 * Makes a model compute in f32 what it computes in f16 and bf16, as OpenVINO does on processors: constants are widened, the model's
 * inputs, results and variables keep their types behind conversions, and conversions to a short float inside round no more. Gives the
 * nodes that stand for others now.
 */
export function widenFloats(model: Model): ReadonlyMap<Node, Node> {
  const replaced = new Map<Node, Node>();
  if (hasShortFloats(model)) widen(model, true, replaced);
  return replaced;
}

/** Whether kernels need a model, or a body in it, to be widened. */
export const hasShortFloats = (model: Model): boolean => model.nodes().some(needsWidening);

/** Whether kernels cannot run an operation on short floats as it is: movements and element-wise operations they can. */
function needsWidening(node: Node): boolean {
  if (![...node.inputs, ...node.outputs].some((o) => isShort(o.elementType))) return node.bodies.some((b) => hasShortFloats(b.model));
  if (node.op.role !== undefined || node.op.state !== undefined) return false;
  const { kind } = howToRun(node);
  return kind !== "elementwise" && kind !== "lowering";
}

/** `isBorder`: the model's inputs and results are the user's, and not those of a body. */
function widen(model: Model, isBorder: boolean, replaced: Map<Node, Node>): void {
  const nodes = model.nodes();
  const short = new Map<Output, ElementType>(
    nodes.flatMap((n) => n.outputs.filter((o) => isShort(o.elementType)).map((o) => [o, o.elementType] as const)),
  );
  const wide = new Map<Output, Output>();
  for (const node of nodes) {
    // What keeps its type: borders and variables.
    const keeps = node.op.state !== undefined || (isBorder && node.op.role === "result");
    for (const [i, input] of node.inputs.entries()) {
      const now = wide.get(input) ?? input;
      const was = short.get(input);
      node.setInput(i, keeps && was !== undefined ? convert(now, was) : now);
    }
    const [first] = node.outputs;
    if (node.constant !== undefined) {
      if (short.has(first))
        wide.set(first, constantNode(convertTensor(node.constant, "f32"), { friendlyName: node.friendlyName }).outputs[0]);
    } else if (node.op.role === "parameter") {
      if (!short.has(first)) continue;
      if (isBorder) wide.set(first, convert(first, "f32"));
      else {
        const copy = parameter("f32", first.partialShape, node.friendlyName, [...first.names]);
        model.parameters = model.parameters.map((p) => (p === node ? copy : p));
        replaced.set(node, copy);
        wide.set(first, copy.outputs[0]);
      }
    } else if (keeps) {
      node.reinfer();
      for (const output of node.outputs) if (short.has(output) && node.op.role === undefined) wide.set(output, convert(output, "f32"));
    } else {
      for (const body of node.bodies) widen(body.model, false, replaced);
      const attributes = wideAttributes(node);
      if (attributes === undefined) node.reinfer();
      else {
        const copy = withAttributes(node, attributes);
        replaced.set(node, copy);
        for (const [i, output] of node.outputs.entries()) wide.set(output, copy.outputs[i]);
      }
    }
  }
}

/** The attributes with f32 for short floats; undefined where there are none. */
function wideAttributes({ op, attributes }: Node): Readonly<Record<string, AttributeValue | undefined>> | undefined {
  const short = Object.entries(op.attributes).filter(
    ([name, { kind }]) => kind === "elementType" && isShort(attributes[name] as ElementType),
  );
  return short.length === 0 ? undefined : { ...attributes, ...Object.fromEntries(short.map(([name]) => [name, "f32"])) };
}

function withAttributes(node: Node, attributes: Readonly<Record<string, AttributeValue | undefined>>): Node {
  const copy = new Node(node.op, node.inputs, attributes, {
    friendlyName: node.friendlyName,
    ...(node.bodies.length > 0 && { bodies: node.bodies }),
    ...(node.sourceFile !== undefined && { source: node.sourceFile }),
  });
  for (const [i, output] of node.outputs.entries()) for (const name of output.names) copy.outputs[i].names.add(name);
  for (const [key, value] of node.rtInfo) copy.rtInfo.set(key, value);
  return copy;
}
