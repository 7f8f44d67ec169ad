import type { Model } from "../model/model.ts";
import { type ModelSource, readModel, type WeightsSource } from "../frontends/read-model.ts";
import { applyOptions } from "./apply-options.ts";
import { checkOptions, type ConvertOptions } from "./convert-options.ts";

/** Options of `convertModel`, with the weights where the format keeps them apart and they do not lie beside the model. */
export interface ConvertModelOptions extends ConvertOptions {
  readonly weights?: WeightsSource;
}

/**
 * Reads a model of any supported format, from a path or bytes, and does with it what the options ask (the Model
 * Optimizer's; see ConvertOptions), then optimizes it. Throws INVALID_ARGUMENT for wrong options before it reads, and what
 * `readModel` throws.
 */
export async function convertModel(source: ModelSource, options: ConvertModelOptions = {}): Promise<Model> {
  const { weights, ...rest } = options;
  checkOptions(rest);
  return applyOptions(await readModel(source, weights), rest);
}
