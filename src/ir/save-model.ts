import { type FileContent, writeFilesAtomic } from "#platform/files";
import { VintnerError } from "../common/errors.ts";
import type { Model } from "../model/model.ts";
import { serializeInPieces, type SerializeOptions } from "./serialize-model.ts";

/**
 * Writes name.xml and name.bin, both or none. `compressToFp16` is true by default, as in OpenVINO; a boolean alone, openvino-node's
 * third argument, is this option. Throws FILE_ACCESS.
 */
export async function saveModel(model: Model, path: string, options: SerializeOptions | boolean = {}): Promise<void> {
  saveModelSync(model, path, options);
}

/** The same, blocking. */
export function saveModelSync(model: Model, path: string, options: SerializeOptions | boolean = {}): void {
  const { compressToFp16 = true, ...others } = typeof options === "boolean" ? { compressToFp16: options } : options;
  if (!path.toLowerCase().endsWith(".xml"))
    throw new VintnerError("INVALID_ARGUMENT", { what: "an IR's file name must end in .xml", got: JSON.stringify(path) });
  const { xml, bin } = serializeInPieces(model, { compressToFp16, ...others });
  writeFilesAtomic(
    new Map<string, FileContent>([
      [`${path.slice(0, -4)}.bin`, bin],
      [path, xml],
    ]),
  );
}
