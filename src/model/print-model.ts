import type { AttributeValue } from "./attribute.ts";
import type { Body, BodyInput, BodyOutput } from "./body.ts";
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
 * Bodies follow their node, with what their parameters get and what their results become.
 */
export function printModel(model: Model): string {
  return [`model "${model.name}"`, ...linesOf(model), ""].join("\n");
}

function linesOf(model: Model): string[] {
  const nodes = model.nodes();
  const numbers = new Map(nodes.map((node, i) => [node, i]));
  const reference = ({ node, index }: Output): string => `%${numbers.get(node)}${node.outputs.length > 1 ? `.${index}` : ""}`;
  return nodes.flatMap((node) => {
    const inputs = node.inputs.length > 0 ? ` (${node.inputs.map(reference).join(", ")})` : "";
    const line = `%${numbers.get(node)} = ${title(node)}${inputs}${detail(node)} -> ${node.outputs.map(describe).join(", ")}`;
    const bodies = node.bodies.flatMap((body, i) => [
      `  ${node.op.bodies?.[i].name} ${ports(body)}`,
      ...linesOf(body.model).map((l) => `    ${l}`),
    ]);
    return [line, ...bodies];
  });
}

/** `(state: input 2, then result 0; x: parts of input 3) -> 0: last of result 1; while result 0`. */
function ports({ model, inputs, outputs, condition }: Body): string {
  const parameters = inputs.map((input) => `${model.parameters[input.parameter].friendlyName}: ${sourceOf(input)}`);
  const results = outputs.map((output) => `${output.output}: ${targetOf(output)}`);
  return `(${parameters.join("; ")}) -> ${results.join("; ")}${condition === undefined ? "" : `; while result ${condition}`}`;
}

const range = ({
  axis,
  start,
  end,
  stride,
}: Extract<BodyInput, { kind: "sliced" }> | Extract<BodyOutput, { kind: "concatenated" }>): string =>
  `on axis ${axis}, ${start} to ${end} by ${stride}`;

function sourceOf(input: BodyInput): string {
  if (input.kind === "iteration") return "iteration";
  if (input.kind === "merged") return `input ${input.input}, then result ${input.result}`;
  return input.kind === "invariant" ? `input ${input.input}` : `parts of input ${input.input} ${range(input)}`;
}

const targetOf = (output: BodyOutput): string =>
  output.kind === "last" ? `result ${output.result}` : `result ${output.result} of all iterations ${range(output)}`;

const title = ({ op, friendlyName }: Node): string => `${op.type}${op.since === "opset1" ? "" : `@${op.since}`} "${friendlyName}"`;

function detail(node: Node): string {
  const { constant, op } = node;
  if (constant) return constant.size <= mostValues ? values(constant) : "";
  if (op.role === "parameter") return "";
  const attributes = Object.entries(node.attributes).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${format(value)}`]));
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
