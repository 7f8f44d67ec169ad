import { isText, scanFields, type WireField } from "../../formats/protobuf/scan-fields.ts";
import type { RandomAccess } from "../../platform/random-access.ts";
import type { Detection, ModelFormat } from "../frontend.ts";
import { headText, looksLikeText } from "./head.ts";

/** Fields of NetParameter: layers of version 1 and of version 2. */
const layersV1 = 2;
const layersV2 = 100;
const netFields = [1, 2, 3, 4, 5, 6, 7, 8, layersV2];

/** NetParameter, as text (.prototxt), which a model begins with, or with its weights (.caffemodel), which only fit: a folder has both. */
export const caffeFormat: ModelFormat = {
  name: "caffe",
  title: "Caffe",
  extensions: [".prototxt", ".caffemodel"],
  detect: ({ main }) => main && (detectBinary(main) ?? detectText(main)),
};

function detectBinary(file: RandomAccess): Detection | undefined {
  const { fields, sound } = scanFields(file);
  if (!sound || fields.length === 0 || !fields.every((f) => netFields.includes(f.number))) return undefined;
  const layer = fields.find((f) => f.number === layersV2 && f.wireType === 2);
  const name = fields.find((f) => f.number === 1);
  if (layer !== undefined && (name === undefined || isText(file, name)))
    return { confidence: "likely", what: "the weights of a Caffe network", second: true };
  const old = fields.find((f) => f.number === layersV1 && f.wireType === 2);
  return old !== undefined && isOldLayer(file, old) && (name === undefined || isText(file, name))
    ? { confidence: "likely", what: "the weights of a Caffe network of version 1", second: true }
    : undefined;
}

/** V1LayerParameter: its name is field 4, its type the number of field 5. */
function isOldLayer(file: RandomAccess, { offset, length }: WireField): boolean {
  const { fields, sound } = scanFields(file, offset, Math.min(offset + length, file.size));
  const name = fields.find((f) => f.number === 4);
  return sound && name !== undefined && isText(file, name) && fields.some((f) => f.number === 5 && f.wireType === 0);
}

function detectText(file: RandomAccess): Detection | undefined {
  const text = headText(file);
  const isNet = /^\s*(layers?\s*\{|input\s*:\s*"|input_(dim|shape)\b)/m.test(text) && !/^\s*node\s*\{/m.test(text);
  return looksLikeText(text) && isNet ? { confidence: "certain", what: "the description of a Caffe network" } : undefined;
}
