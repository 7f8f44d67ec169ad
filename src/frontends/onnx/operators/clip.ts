import type { Output } from "../../../model/output.ts";
import { Clamp } from "../../../ops/elementwise/clamp.ts";
import { Maximum } from "../../../ops/elementwise/maximum.ts";
import { Minimum } from "../../../ops/elementwise/minimum.ts";
import { isFloat } from "../../../tensor/element-type.ts";
import type { OnnxNode } from "../onnx-node.ts";
import { onnxOperator } from "../operator.ts";

/** The largest number of binary32: what a missing bound is. */
const largest = 3.4028234663852886e38;

/** A bound that is a single floating point constant. */
function bound(node: OnnxNode, input: Output | undefined): number | undefined {
  if (input === undefined || !isFloat(input.elementType)) return undefined;
  const numbers = node.numbers(input);
  return numbers?.length === 1 ? numbers[0] : undefined;
}

const byAttributes = (node: OnnxNode): Output =>
  node.add(Clamp, [node.input(0)], { min: node.float("min", -largest), max: node.float("max", largest) });

function byInputs(node: OnnxNode): Output {
  const x = node.input(0);
  const [low, high] = [node.inputs[1], node.inputs[2]];
  const [min, max] = [bound(node, low), bound(node, high)];
  // Where the bounds cross, ONNX gives the upper one; Clamp does not allow it.
  if (min !== undefined && max !== undefined && min <= max) return node.add(Clamp, [x], { min, max });
  const raised = low === undefined ? x : node.add(Maximum, [x, low]);
  return high === undefined ? raised : node.add(Minimum, [raised, high]);
}

/** Bounds are attributes before opset 11, then inputs. */
export const clipOperator = onnxOperator("Clip", { 1: byAttributes, 11: byInputs });
