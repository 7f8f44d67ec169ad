import { VintnerError } from "../../common/errors.ts";
import type { MxnetSymbol, SymbolNode } from "../../formats/mxnet/parse-symbol.ts";
import { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import type { Output } from "../../model/output.ts";
import { uniqueFriendlyNames } from "../../model/unique-names.ts";
import { constantNode } from "../../ops/infrastructure/constant.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { result } from "../../ops/infrastructure/result.ts";
import { anyDimension, type Dimension } from "../../tensor/dimension.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { MxnetNode } from "./mxnet-node.ts";
import { findOperator } from "./operators.ts";

/** Nodes of one operator that are named in an error. */
const mostNamed = 5;

/** Operators of training whose second input is a label: their results need it no more. */
const withLabel: ReadonlySet<string> = new Set([
  "SoftmaxOutput",
  "Softmax",
  "LinearRegressionOutput",
  "LogisticRegressionOutput",
  "MAERegressionOutput",
  "SVMOutput",
]);

/** The nodes that the outputs need, without labels. */
function neededNodes({ nodes, heads }: MxnetSymbol): ReadonlySet<number> {
  const needed = new Set<number>();
  const open = heads.map(([node]) => node);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (needed.has(i)) continue;
    needed.add(i);
    const { op, inputs } = nodes[i];
    for (const [node] of withLabel.has(op) ? inputs.slice(0, 1) : inputs) open.push(node);
  }
  return needed;
}

/** Throws one UNSUPPORTED_OPERATION that lists every operator without a mapping, with its nodes. */
function checkOperators(nodes: readonly SymbolNode[], file: string): void {
  const missing = new Map<string, string[]>();
  for (const { op, name } of nodes)
    if (op !== "null" && findOperator(op) === undefined) missing.set(op, [...(missing.get(op) ?? []), JSON.stringify(name)]);
  if (missing.size === 0) return;
  const list = [...missing].map(([op, names]) => {
    const more = names.length > mostNamed ? `, and ${names.length - mostNamed} more` : "";
    return `${op} (${names.slice(0, mostNamed).join(", ")}${more})`;
  });
  throw new VintnerError("UNSUPPORTED_OPERATION", {
    what: `${missing.size === 1 ? "an operator is" : `${missing.size} operators are`} not supported: ${list.join("; ")}`,
    where: file,
    hint: "Convert only a part of the network by naming its outputs; docs/support.md lists what is supported",
  });
}

/**
 * What is known of a variable's shape: as the symbol says, else the rank and channels that the layer which reads it asks for. MXNet's symbols
 * leave the rest to the user.
 */
function inputShape(
  variable: SymbolNode,
  readers: readonly SymbolNode[],
  weightOf: (node: SymbolNode) => Tensor | undefined,
): PartialShape {
  const written = /^[([]([^)\]]*)/.exec(variable.attributes.get("__shape__") ?? "")?.[1];
  const lengths = (written ?? "").split(",").map((d) => Number(d.trim()));
  if (written !== undefined && lengths.every((d) => Number.isInteger(d)) && lengths.length > 0)
    return new PartialShape(lengths.map((d): Dimension => (d > 0 ? d : anyDimension)));
  for (const reader of readers) {
    const weights = reader.op === "Convolution" ? weightOf(reader)?.shape : undefined;
    if (weights === undefined) continue;
    const groups = Number(reader.attributes.get("num_group") ?? 1);
    return new PartialShape([anyDimension, weights[1] * groups, ...weights.slice(2).map(() => anyDimension)]);
  }
  return PartialShape.dynamic;
}

/** Converts a symbol with its arrays, by their plain names. Throws UNSUPPORTED_OPERATION listing all operators without a mapping, INVALID_MODEL, UNSUPPORTED. */
export function convertSymbol(symbol: MxnetSymbol, arrays: ReadonlyMap<string, Tensor>, name: string, file: string): Model {
  const needed = neededNodes(symbol);
  checkOperators(
    symbol.nodes.filter((_, i) => needed.has(i)),
    file,
  );
  const parameters: Node[] = [];
  const outputs: (readonly (Output | undefined)[])[] = [];
  const readersOf = (i: number): SymbolNode[] => symbol.nodes.filter((n, j) => needed.has(j) && n.inputs[0]?.[0] === i);
  const weightOf = (node: SymbolNode): Tensor | undefined => arrays.get(symbol.nodes[node.inputs[1]?.[0] ?? -1]?.name ?? "");
  for (const [i, node] of symbol.nodes.entries()) {
    if (!needed.has(i)) outputs.push([]);
    else if (node.op === "null") outputs.push([variable(node, () => inputShape(node, readersOf(i), weightOf))]);
    else outputs.push(convertNode(node));
  }
  const results = symbol.heads.map(([node, index]) => {
    const output = outputs[node][index];
    if (output) return result(output, `${[...output.names][0] ?? symbol.nodes[node].name}/sink_port_0`);
    throw new VintnerError("INVALID_MODEL", {
      what: "nothing gives an output of the symbol",
      where: file,
      got: `output ${index} of "${symbol.nodes[node].name}"`,
    });
  });
  const model = new Model({ name, parameters, results });
  uniqueFriendlyNames(model);
  return model;

  function variable({ name: of }: SymbolNode, shape: () => PartialShape): Output {
    const array = arrays.get(of);
    if (array) return constantNode(array, { friendlyName: of, source: file }).outputs[0];
    const made = parameter("f32", shape(), of);
    parameters.push(made);
    return made.outputs[0];
  }

  function convertNode(node: SymbolNode): readonly Output[] {
    const inputs = node.inputs.map(([from, index]) => outputs[from][index]);
    const mxnet = new MxnetNode(node, inputs, file);
    const mapped = (findOperator(node.op) as NonNullable<ReturnType<typeof findOperator>>)(mxnet);
    const made = Array.isArray(mapped) ? (mapped as readonly Output[]) : [mapped as Output];
    for (const [i, output] of made.entries()) {
      // MXNet calls outputs NAME_output, with their number where there are several.
      if (output.node.op.role !== "parameter" && output.names.size === 0)
        output.names.add(`${node.name}_output${made.length > 1 ? i : ""}`);
      if (mxnet.made.has(output.node)) output.node.friendlyName = node.name;
    }
    return made;
  }
}
