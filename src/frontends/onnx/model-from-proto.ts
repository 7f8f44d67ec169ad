import { VintnerError } from "../../common/errors.ts";
import type { GraphProto, ModelProto, TypeProto, ValueInfoProto } from "../../formats/protobuf/generated/onnx_pb.ts";
import { Model } from "../../model/model.ts";
import type { Node } from "../../model/node.ts";
import { uniqueFriendlyNames } from "../../model/unique-names.ts";
import { parameter } from "../../ops/infrastructure/parameter.ts";
import { result } from "../../ops/infrastructure/result.ts";
import { anyDimension, type Dimension, symbolic } from "../../tensor/dimension.ts";
import { PartialShape } from "../../tensor/partial-shape.ts";
import { checkOperators } from "./check-operators.ts";
import { convertNodes } from "./convert-nodes.ts";
import { dataTypeName, elementTypeOf } from "./element-types.ts";
import { Functions, OperatorSets } from "./operator-sets.ts";
import type { TensorSource } from "./tensor-from-proto.ts";
import { Values } from "./values.ts";

/**
 * Converts an ONNX model. Inputs that have an initializer are constants, as since version 4 of the format. Throws
 * UNSUPPORTED_OPERATION listing all operators without a mapping, INVALID_MODEL, UNSUPPORTED.
 */
export function modelFromProto(proto: ModelProto, source: TensorSource): Model {
  const { file } = source;
  const { graph } = proto;
  if (graph === undefined)
    throw new VintnerError("FORMAT", { what: "this ONNX model has no graph", where: file, hint: "Check that the file is an ONNX model" });
  if (graph.sparseInitializer.length > 0)
    throw new VintnerError("UNSUPPORTED", {
      what: "sparse initializers are not supported",
      where: file,
      hint: "Export the model with dense weights",
    });
  const sets = OperatorSets.ofModel(proto, file);
  const functions = new Functions(proto.functions);
  checkOperators(graph.node, sets, functions, file);
  const values = new Values(graph.initializer, source);
  const parameters: Node[] = [];
  for (const info of graph.input) {
    if (values.isInitializer(info.name)) continue;
    const node = convertInput(info, file);
    parameters.push(node);
    values.set(info.name, node.outputs[0]);
  }
  convertNodes(graph.node, sets, values, { source, functions, nodes: 0 });
  const model = new Model({ name: graph.name || file.replace(/\.onnx$/i, ""), parameters, results: convertOutputs(graph, values, file) });
  uniqueFriendlyNames(model);
  return model;
}

function convertInput(info: ValueInfoProto, file: string): Node {
  const where = `input "${info.name}" (${file})`;
  const type = info.type?.value;
  if (type?.case !== "tensorType")
    throw new VintnerError("UNSUPPORTED", { what: "inputs that are no tensors are not supported", where, got: type?.case ?? "no type" });
  const elementType = elementTypeOf(type.value.elemType);
  if (elementType === undefined || elementType === "string")
    throw new VintnerError("UNSUPPORTED", {
      what: "inputs of this element type are not supported",
      where,
      got: dataTypeName(type.value.elemType),
    });
  return parameter(elementType, partialShapeOf(type.value), info.name);
}

function partialShapeOf(type: Extract<TypeProto["value"], { case: "tensorType" }>["value"]): PartialShape {
  return type.shape === undefined
    ? PartialShape.dynamic
    : new PartialShape(
        type.shape.dim.map(({ value }): Dimension => {
          if (value.case === "dimParam" && value.value !== "") return symbolic(value.value);
          if (value.case !== "dimValue" || value.value < 0n || value.value > BigInt(Number.MAX_SAFE_INTEGER)) return anyDimension;
          return Number(value.value);
        }),
      );
}

function convertOutputs(graph: GraphProto, values: Values, file: string): Node[] {
  if (graph.output.length === 0) throw new VintnerError("INVALID_MODEL", { what: "the graph has no outputs", where: file });
  return graph.output.map(({ name }) => {
    const output = values.get(name);
    if (output === undefined) throw new VintnerError("INVALID_MODEL", { what: `nothing makes the model's output "${name}"`, where: file });
    // OpenVINO calls what makes a model's output like the output.
    if (output.node.op.role !== "parameter") output.node.friendlyName = name;
    const made = result(output, `${name}/sink_port_0`);
    // By the graph's own name of an output its results are given back, also where an Identity left the tensor two.
    const { names } = made.outputs[0];
    const others = [...names].filter((other) => other !== name);
    names.clear();
    for (const each of [name, ...others]) names.add(each);
    return made;
  });
}
