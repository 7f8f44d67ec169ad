import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProtoSchema,
  type FunctionProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataType as DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "../../src/formats/protobuf/generated/onnx_pb.ts";
import type { Model } from "../../src/model/model.ts";
import { filesInMemory } from "../../src/frontends/model-files.ts";
import { onnxFrontend } from "../../src/frontends/onnx/onnx-frontend.ts";

type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
type AttributeInit = MessageInitShape<typeof AttributeProtoSchema>;
type ValueInit = MessageInitShape<typeof ValueInfoProtoSchema>;

/** A node: `node("Relu", ["x"], ["y"])`; attributes by their values, whole numbers as ints. */
export function node(
  opType: string,
  input: string[],
  output: string[],
  attributes: Readonly<Record<string, number | string | number[] | AttributeInit>> = {},
  more: NodeInit = {},
): NodeInit {
  return { opType, input, output, attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)), ...more };
}

function attribute(name: string, value: number | string | number[] | AttributeInit): AttributeInit {
  if (typeof value === "number")
    return Number.isInteger(value) ? { name, type: AttributeType.INT, i: BigInt(value) } : { name, type: AttributeType.FLOAT, f: value };
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: AttributeType.INTS, ints: value.map(BigInt) };
  return { name, ...value };
}

/** An f32 input or output; strings are symbols of dimensions, `undefined` an unknown rank. */
export const value = (name: string, shape: readonly (number | string)[] | undefined, elemType: number = DataType.FLOAT): ValueInit => ({
  name,
  type: {
    value: {
      case: "tensorType",
      value: {
        elemType,
        ...(shape && {
          shape: {
            dim: shape.map((d) =>
              typeof d === "number"
                ? { value: { case: "dimValue" as const, value: BigInt(d) } }
                : { value: { case: "dimParam" as const, value: d } },
            ),
          },
        }),
      },
    },
  },
});

/** An initializer of floats in their own field. */
export const floats = (name: string, dims: readonly number[], data: number[]): TensorInit => ({
  name,
  dataType: DataType.FLOAT,
  dims: dims.map(BigInt),
  floatData: data,
});

export const int64s = (name: string, dims: readonly number[], data: readonly number[]): TensorInit => ({
  name,
  dataType: DataType.INT64,
  dims: dims.map(BigInt),
  int64Data: data.map(BigInt),
});

export interface OnnxModelParts {
  readonly nodes: NodeInit[];
  readonly inputs?: ValueInit[];
  readonly outputs?: string[];
  readonly initializers?: TensorInit[];
  readonly functions?: MessageInitShape<typeof FunctionProtoSchema>[];
  readonly opset?: number;
  readonly domains?: readonly string[];
}

/** The bytes of an ONNX model; by default of one f32 input `x` [1,3,4,4], one output `y`, and opset 18. */
export function onnxBytes({
  nodes,
  inputs,
  outputs,
  initializers = [],
  functions = [],
  opset = 18,
  domains = [],
}: OnnxModelParts): Uint8Array {
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ domain: "", version: BigInt(opset) }, ...domains.map((domain) => ({ domain, version: 1n }))],
    functions,
    graph: {
      name: "graph",
      node: nodes,
      input: inputs ?? [value("x", [1, 3, 4, 4])],
      output: (outputs ?? ["y"]).map((name) => ({ name })),
      initializer: initializers,
    },
  });
  return toBinary(ModelProtoSchema, model);
}

export function readOnnx(parts: OnnxModelParts | Uint8Array, files: Readonly<Record<string, Uint8Array>> = {}): Model {
  const bytes = parts instanceof Uint8Array ? parts : onnxBytes(parts);
  return onnxFrontend.read(filesInMemory({ name: "model.onnx", main: bytes, files: new Map(Object.entries(files)) }));
}
