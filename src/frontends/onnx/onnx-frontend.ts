import { decodeMessage } from "../../formats/protobuf/decode-message.ts";
import { ModelProtoSchema } from "../../formats/protobuf/generated/onnx_pb.ts";
import { scanFields } from "../../formats/protobuf/scan-fields.ts";
import type { Model } from "../../model/model.ts";
import type { Detection, Frontend } from "../frontend.ts";
import { mainFile, type ModelFiles } from "../model-files.ts";
import { modelFromProto } from "./model-from-proto.ts";

/** Fields of ModelProto by number, with their wire types: versions are varints (0), all else has a length (2). */
const wireTypes: ReadonlyMap<number, number> = new Map(
  [1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26].map((n) => [n, n === 1 || n === 5 ? 0 : 2]),
);
const graph = 7;
const operatorSets = 8;

function detect({ main }: ModelFiles): Detection | undefined {
  if (!main) return undefined;
  const { fields, sound } = scanFields(main);
  const known = fields.filter((f) => wireTypes.get(f.number) === f.wireType);
  if (known.length === 0 || known.length < fields.length) return undefined;
  const has = (number: number): boolean => known.some((f) => f.number === number);
  const what = "an ONNX model";
  if (sound && has(graph) && (has(1) || has(operatorSets))) return { confidence: "certain", what };
  return has(graph) || has(operatorSets) ? { confidence: "likely", what } : undefined;
}

function read(files: ModelFiles): Model {
  const main = mainFile(files);
  const proto = decodeMessage(ModelProtoSchema, main.read(), { what: "an ONNX model", file: main.name });
  return modelFromProto(proto, { file: main.name, sideFiles: (location) => files.open(location) });
}

/** ONNX models (.onnx), with weights inside or in files beside them. */
export const onnxFrontend: Frontend = { name: "onnx", title: "ONNX", extensions: [".onnx"], takesWeights: false, detect, read };
