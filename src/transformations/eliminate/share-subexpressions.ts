import type { Attributes, AttributeValue } from "../../model/attribute.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { byteLengthOf } from "../../tensor/element-type.ts";
import type { Rewrite, RewriteContext } from "../rewrite.ts";

/** Constants up to this size are compared by content. */
const maxComparedBytes = 256;
/** An output with more readers than this is not searched for twins: it keeps the pass linear. */
const maxReaders = 64;

/** Two applications of one operation, with equal attributes, to the same inputs: the first serves both. */
export const shareSubexpressions: Rewrite = {
  name: "share-subexpressions",
  apply(node, context) {
    if (node.op.role !== undefined || node.op.impure || node.bodies.length > 0 || node.inputs.length === 0) return undefined;
    return firstTwin(node, context)?.outputs;
  },
};

function firstTwin(node: Node, context: RewriteContext): Node | undefined {
  const data = node.inputs.find((i) => i.node.constant === undefined);
  if (data === undefined) return undefined;
  const readers = context.consumers(data);
  if (readers.length < 2 || readers.length > maxReaders) return undefined;
  const first = readers.find((r) => r.node.op === node.op && isTwin(r.node, node));
  return first === undefined || first.node === node ? undefined : first.node;
}

function isTwin(a: Node, b: Node): boolean {
  if (a === b) return true;
  if (a.inputs.length !== b.inputs.length || a.outputs.length !== b.outputs.length) return false;
  return a.inputs.every((input, i) => sameOutput(input, b.inputs[i])) && sameAttributes(a.attributes, b.attributes);
}

function sameAttributes(a: Attributes, b: Attributes): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => sameValue(a[name], b[name]));
}

function sameValue(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
  return Object.is(a, b);
}

function sameOutput(a: Output, b: Output): boolean {
  if (a === b) return true;
  const [x, y] = [a.node.constant, b.node.constant];
  if (x === undefined || y === undefined || x.elementType !== y.elementType) return false;
  if (x.size !== y.size || byteLengthOf(x.elementType, x.size) > maxComparedBytes) return false;
  if (x.shape.length !== y.shape.length || !x.shape.every((d, i) => d === y.shape[i])) return false;
  const other = y.bytes;
  return x.bytes.every((byte, i) => byte === other[i]);
}
