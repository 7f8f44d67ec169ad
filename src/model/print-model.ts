import type { AttributeValue } from "./attribute.ts";
import type { Model } from "./model.ts";
import type { Node } from "./node.ts";
import type { Output } from "./output.ts";
import { elementTypes } from "../tensor/element-type.ts";
import { PartialShape } from "../tensor/partial-shape.ts";
import { tensorNumbers } from "../tensor/tensor-numbers.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Constants of up to this many elements are printed with their values. */
const mostValues = 8;

/**
 * A model as text, a line for each node in the order of computation:
 *
 *     %3 = Convolution "conv1" (%0, %2) {strides: [2,2], ...} -> f32[1,16,320,320]
 *
 * Operations are named with their opset where it is not the first; tensor names that differ from the node's stand behind the type.
 */
export function printModel(model: Model): string {
  const nodes = model.nodes();
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  const reference = ({ node, index }: Output): string => `%${numbers.get(node)}${node.outputs.length > 1 ? `.${index}` : ""}`;
  const lines = nodes.map((node) => {
    const inputs = node.inputs.length > 0 ? ` (${node.inputs.map(reference).join(", ")})` : "";
    return `%${numbers.get(node)} = ${title(node)}${inputs}${detail(node)} -> ${node.outputs.map(describe).join(", ")}`;
  });
  return [`model "${model.name}"`, ...lines, ""].join("\n");
}

const title = ({ op, friendlyName }: Node): string => `${op.type}${op.since === "opset1" ? "" : `@${op.since}`} "${friendlyName}"`;

function detail(node: Node): string {
  const { constant, op } = node;
  if (constant) return constant.size <= mostValues ? values(constant) : "";
  if (op.role === "parameter") return "";
  const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}: ${format(value)}`);
  return attributes.length === 0 ? "" : ` {${attributes.join(", ")}}`;
}

function values(tensor: Tensor): string {
  const { bits, kind } = elementTypes[tensor.elementType];
  if (bits < 8 || kind === "other") return "";
  const numbers = Array.from(tensorNumbers(tensor));
  return ` [${(kind === "float" ? numbers.map((n) => Number(n.toPrecision(6))) : numbers).join(", ")}]`;
}

function format(value: AttributeValue): string {
  if (!Array.isArray(value)) return String(value);
  return value.some((item) => typeof item === "object") ? new PartialShape(value).toString() : `[${value.join(",")}]`;
}

function describe(output: Output): string {
  const names = [...output.names].filter((name) => name !== output.node.friendlyName);
  return `${output}${names.length === 0 ? "" : ` ${names.map((name) => `"${name}"`).join(" ")}`}`;
}
