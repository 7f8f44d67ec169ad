import { shapeSize, broadcastShapes } from "../../common/shape.ts";
import { node, type Node } from "../../model/node.ts";
import type { OperationDefinition } from "../../model/operation.ts";
import type { Output } from "../../model/output.ts";
import { Add } from "../../ops/elementwise/add.ts";
import { Multiply } from "../../ops/elementwise/multiply.ts";
import { isFloat } from "../../tensor/element-type.ts";
import { build } from "../evaluate-node.ts";
import { splitConstant } from "../match.ts";
import { rewrite } from "../rewrite.ts";
import { convolutions } from "./weights.ts";

const linear: Readonly<Record<string, OperationDefinition>> = { Add, Multiply };

/**
 * Constants of chained additions or of chained multiplications become one; (x + a) * b becomes x * b + a * b, so that
 * scales come first, where they may go into the weights before them.
 */
export const mergeLinear = rewrite("merge-linear", ["Add", "Multiply"], (outer, context) => {
  const last = splitConstant(outer);
  const inner = last?.data.node;
  if (last === undefined || inner === undefined || !isFloat(last.data.elementType)) return undefined;
  const first = linear[inner.type] && splitConstant(inner);
  if (first === undefined || !context.isPrivate(last.data) || (inner.type === "Multiply" && outer.type === "Add")) return undefined;
  if (grows(first.constant, last.constant)) return undefined;
  const op = linear[outer.type];
  if (inner.type === outer.type) return node(op, [first.data, build(op, [first.constant, last.constant])]).outputs[0];
  if (!absorbsScale(first.data)) return undefined;
  const scaled = node(Multiply, [first.data, last.constant]).outputs[0];
  return node(Add, [scaled, build(Multiply, [first.constant, last.constant])]).outputs[0];
});

/** What a scale that comes first can be merged into. Elsewhere a scale is better last, before the weights that follow. */
const absorbsScale = ({ node }: Output): boolean =>
  node.type === "MatMul" || convolutions.includes(node.type) ? node.inputs[1].node.constant !== undefined : splitScale(node);
const splitScale = (node: Node): boolean => node.type === "Multiply" && splitConstant(node) !== undefined;

/** A row and a column would make a matrix. */
function grows(a: Output, b: Output): boolean {
  const shape = broadcastShapes(a.shape, b.shape);
  return shape === undefined || shapeSize(shape) > Math.max(shapeSize(a.shape), shapeSize(b.shape));
}
