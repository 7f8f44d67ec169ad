import { isText, scanFields, type WireField } from "../../formats/protobuf/scan-fields.ts";
import type { RandomAccess } from "../../platform/random-access.ts";
import type { Detection, ModelFormat } from "../frontend.ts";
import type { ModelFiles } from "../model-files.ts";
import { hasBytes, headText, looksLikeText } from "./head.ts";

/** The end of a table file, in which checkpoints keep their index (LevelDB's format). */
const tableMagic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

const certain = (what: string): Detection => ({ confidence: "certain", what });

/** GraphDef, SavedModel, MetaGraphDef, checkpoints; a folder with a SavedModel. */
export const tensorflowFormat: ModelFormat = {
  name: "tensorflow",
  title: "TensorFlow",
  extensions: [".pb", ".pbtxt", ".meta", ".index", ".ckpt"],
  detect(files: ModelFiles): Detection | undefined {
    const { main } = files;
    if (!main) {
      const names = files.names();
      const found = ["saved_model.pb", "saved_model.pbtxt"].some((name) => names.includes(name));
      return found ? certain("a TensorFlow SavedModel") : undefined;
    }
    if (main.size > 48 && hasBytes(main, main.size - 8, tableMagic))
      return { ...certain("the index of a TensorFlow checkpoint"), second: true };
    return detectBinary(main) ?? detectText(main);
  },
};

function detectBinary(file: RandomAccess): Detection | undefined {
  const { fields, sound } = scanFields(file);
  if (!sound || fields.length === 0) return undefined;
  const only = (...numbers: readonly number[]): boolean => fields.every((f) => numbers.includes(f.number));
  const first = (number: number): WireField | undefined => fields.find((f) => f.number === number);
  // SavedModel: the schema's version, then meta graphs.
  const graphs = first(2);
  if (only(1, 2) && fields[0].number === 1 && fields[0].wireType === 0 && graphs?.wireType === 2 && isMetaGraph(file, graphs))
    return certain("a TensorFlow SavedModel");
  if (isMetaGraph(file, { number: 0, wireType: 2, offset: 0, length: file.size })) return certain("a TensorFlow meta graph");
  if (only(1, 2, 3, 4) && isNode(file, first(1))) return certain("a TensorFlow GraphDef");
  return undefined;
}

/** MetaGraphDef: information, a GraphDef, and what savers and signatures need. */
function isMetaGraph(file: RandomAccess, { offset, length }: WireField): boolean {
  const { fields, sound } = scanFields(file, offset, Math.min(offset + length, file.size));
  const graph = fields.find((f) => f.number === 2);
  return sound && fields.every((f) => f.number <= 7 && f.wireType === 2) && graph !== undefined && isGraph(file, graph);
}

function isGraph(file: RandomAccess, { offset, length }: WireField): boolean {
  const { fields, sound } = scanFields(file, offset, Math.min(offset + length, file.size), 4);
  return sound && isNode(file, fields[0]);
}

/** NodeDef: its name, then its operation. */
function isNode(file: RandomAccess, field: WireField | undefined): boolean {
  if (field === undefined || field.number !== 1 || field.wireType !== 2) return false;
  const { fields, sound } = scanFields(file, field.offset, Math.min(field.offset + field.length, file.size), 8);
  const [name, op] = fields;
  if (!sound || name?.number !== 1 || op?.number !== 2 || !isText(file, name) || !isText(file, op)) return false;
  return /^_?[A-Z]\w*$/.test(new TextDecoder().decode(file.read(op.offset, op.length)));
}

/** GraphDef, MetaGraphDef and SavedModel in protobuf's text form. */
function detectText(file: RandomAccess): Detection | undefined {
  const text = headText(file);
  if (!looksLikeText(text)) return undefined;
  if (/^\s*saved_model_schema_version:/m.test(text)) return certain("a TensorFlow SavedModel as text");
  if (/^\s*meta_info_def\s*\{/m.test(text)) return certain("a TensorFlow meta graph as text");
  return /^\s*node\s*\{\s*name:\s*"[^"]*"\s*op:\s*"/m.test(text) ? certain("a TensorFlow GraphDef as text") : undefined;
}
