import { decodeMessage } from "../../formats/protobuf/decode-message.ts";
import { ModelProtoSchema } from "../../formats/protobuf/generated/onnx_pb.ts";
import type { Model } from "../../model/model.ts";
import type { Frontend, ModelFile } from "../frontend.ts";
import { convertModel } from "./convert-model.ts";

/** Field numbers of ModelProto that exporters write first: version, names, graph, operator sets. */
const firstFields = new Set([1, 2, 3, 4, 5, 6, 7, 8]);

/** Whether the first byte is the tag of a field of ModelProto, in its wire type. */
function recognizes({ bytes }: ModelFile): boolean {
  const [tag] = bytes;
  const field = tag >> 3;
  // Versions are varints (wire type 0), all else has a length (2).
  return firstFields.has(field) && (tag & 7) === (field === 1 || field === 5 ? 0 : 2);
}

function read(file: ModelFile): Model {
  const proto = decodeMessage(ModelProtoSchema, file.bytes, { what: "an ONNX model", file: file.name });
  return convertModel(proto, { file: file.name, sideFiles: (location) => file.sideFile(location) });
}

/** ONNX models (.onnx), with weights inside or in files beside them. */
export const onnxFrontend: Frontend = { name: "onnx", extensions: [".onnx"], takesWeights: false, recognizes, read };
