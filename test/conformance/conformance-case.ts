import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { decodeMessage } from "../../src/formats/protobuf/decode-message.ts";
import { ModelProtoSchema, type NodeProto, TensorProtoSchema } from "../../src/formats/protobuf/generated/onnx_pb.ts";
import { tensorFromProto } from "../../src/frontends/onnx/tensor-from-proto.ts";
import { bytesInMemory } from "../../src/platform/random-access.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

/** The ONNX project's own tests of its operators, where they lie beside the project. */
export const conformanceFolder = resolve(import.meta.dirname, "../../../shared/onnx-conformance");
const suites = ["node", "simple", "pytorch-converted", "pytorch-operator"];

/** One model with inputs and the outputs that it must give. */
export interface ConformanceCase {
  /** `node/test_abs`. */
  readonly name: string;
  readonly folder: string;
  /** Operators of the graph, its sub-graphs and functions: `Conv`, `ai.onnx.ml.Binarizer`. */
  readonly operators: ReadonlySet<string>;
  /** What it is mainly about: an operator, or its suite. */
  readonly group: string;
}

/** Operators that stand around the one under test. */
const helpers = new Set(["Constant", "Identity", "Cast", "CastLike", "Shape"]);

function collectOperators(nodes: readonly NodeProto[], operators: Set<string>): void {
  for (const node of nodes) {
    operators.add(node.domain === "" ? node.opType : `${node.domain}.${node.opType}`);
    for (const { g } of node.attribute) if (g) collectOperators(g.node, operators);
  }
}

export function listCases(): ConformanceCase[] {
  return suites.flatMap((suite) =>
    readdirSync(join(conformanceFolder, suite)).map((test): ConformanceCase => {
      const folder = join(conformanceFolder, suite, test);
      const model = decodeMessage(ModelProtoSchema, readFileSync(join(folder, "model.onnx")), { what: "an ONNX model", file: test });
      const operators = new Set<string>();
      collectOperators(model.graph?.node ?? [], operators);
      for (const { node } of model.functions) collectOperators(node, operators);
      const main = [...operators].find((o) => !helpers.has(o)) ?? [...operators][0] ?? "no operator";
      const group = suite !== "node" ? suite : /_expanded(_ver\d+)?$/.test(test) ? "functions spelled out" : main;
      return { name: `${suite}/${test}`, folder, operators, group };
    }),
  );
}

export interface DataSet {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** The sets of inputs and outputs of a case; throws where they are no tensors. */
export function readDataSets({ folder }: ConformanceCase): DataSet[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith("test_data_set_"))
    .map((set) => {
      const read = (kind: "input" | "output"): Tensor[] =>
        readdirSync(join(folder, set))
          .filter((name) => name.startsWith(`${kind}_`))
          .toSorted((a, b) => Number(a.match(/\d+/)?.[0]) - Number(b.match(/\d+/)?.[0]))
          .map((name) => {
            const proto = decodeMessage(TensorProtoSchema, readFileSync(join(folder, set, name)), { what: "an ONNX tensor", file: name });
            return tensorFromProto(proto, {
              file: name,
              sideFiles: (location) => bytesInMemory(location, readFileSync(join(folder, set, location))),
            });
          });
      return { inputs: read("input"), outputs: read("output") };
    });
}
