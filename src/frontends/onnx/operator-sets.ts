import { create } from "@bufbuild/protobuf";
import { VintnerError } from "../../common/errors.ts";
import {
  type FunctionProto,
  type ModelProto,
  type NodeProto,
  type OperatorSetIdProto,
  OperatorSetIdProtoSchema,
} from "../../formats/protobuf/generated/onnx_pb.ts";

/** `ai.onnx` is another name of the standard domain. */
export const domainOf = (domain: string): string => (domain === "ai.onnx" ? "" : domain);

/** The version of each domain that a model or a function imports. */
export class OperatorSets {
  readonly #versions: ReadonlyMap<string, number>;

  constructor(imports: readonly OperatorSetIdProto[]) {
    this.#versions = new Map(imports.map((i) => [domainOf(i.domain), Number(i.version)]));
  }

  /** The imports of a model. Throws INVALID_MODEL where it imports no standard operators. */
  static ofModel(model: ModelProto, file: string): OperatorSets {
    // Before version 3 of the format there was one operator set.
    if (model.irVersion < 3n && model.opsetImport.length === 0)
      return new OperatorSets([create(OperatorSetIdProtoSchema, { version: 1n })]);
    if (model.opsetImport.length === 0)
      throw new VintnerError("INVALID_MODEL", {
        what: "the model says of no operator set which version it uses",
        where: file,
        expected: "opset_import",
      });
    return new OperatorSets(model.opsetImport);
  }

  /** Exporters leave out the version of domains other than the standard one; then it is the first. */
  versionOf(domain: string): number {
    return this.#versions.get(domainOf(domain)) ?? 1;
  }
}

/** The functions that a model brings along, by what calls them. */
export class Functions {
  readonly #byName: ReadonlyMap<string, FunctionProto>;

  constructor(functions: readonly FunctionProto[]) {
    this.#byName = new Map(functions.map((f) => [key(f.domain, f.name, f.overload), f]));
  }

  find(node: NodeProto): FunctionProto | undefined {
    return this.#byName.get(key(node.domain, node.opType, node.overload));
  }
}

const key = (domain: string, name: string, overload: string): string => JSON.stringify([domainOf(domain), name, overload]);
