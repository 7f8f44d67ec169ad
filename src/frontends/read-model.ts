import { VintnerError } from "../common/errors.ts";
import type { Model } from "../model/model.ts";
import { detectFormat } from "./detect-format.ts";
import type { ModelFiles } from "./model-files.ts";
import { type ModelSource, openModel, openModelAsync, type WeightsSource } from "./model-source.ts";

export interface ReadOptions {
  readonly weights?: WeightsSource;
  /** A frontend's name; by default the files themselves tell. */
  readonly framework?: string;
}

/**
 * Reads a model of any format: a file, a file with another for its weights, a folder, or the same in memory. Throws FILE_NOT_FOUND,
 * FILE_ACCESS, FORMAT, INVALID_MODEL, UNSUPPORTED_OPERATION.
 */
export async function readModel(source: ModelSource, options: WeightsSource | ReadOptions = {}): Promise<Model> {
  const { weights, framework } = optionsOf(options);
  return readWith(await openModelAsync(source, weights), framework);
}

/** The same, blocking. A browser can only read bytes so. */
export function readModelSync(source: ModelSource, options: WeightsSource | ReadOptions = {}): Model {
  const { weights, framework } = optionsOf(options);
  return readWith(openModel(source, weights), framework);
}

const isWeights = (o: WeightsSource | ReadOptions): o is WeightsSource =>
  typeof o === "string" || o instanceof Uint8Array || o instanceof ArrayBuffer;
const optionsOf = (options: WeightsSource | ReadOptions): ReadOptions => (isWeights(options) ? { weights: options } : options);

function readWith(given: ModelFiles, framework: string | undefined): Model {
  let chosen = given;
  try {
    const { frontend, files } = detectFormat(given, framework);
    chosen = files;
    if (files.weights && !frontend.takesWeights)
      throw new VintnerError("INVALID_ARGUMENT", {
        what: `a weights file was given, but the format ${frontend.name} keeps no weights apart`,
        where: files.name,
        hint: "Leave the weights file out",
      });
    return frontend.read(files);
  } finally {
    chosen.close();
    given.close();
  }
}
