import type { Model } from "../model/model.ts";
import type { ModelSource, WeightsSource } from "../frontends/model-source.ts";
import { readModel } from "../frontends/read-model.ts";
import { version } from "../runtime/version.ts";
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
  const { framework } = rest;
  const model = await readModel(source, { ...(weights !== undefined && { weights }), ...(framework !== undefined && { framework }) });
  applyOptions(model, rest);
  model.rtInfo.set("vintner_version", version);
  model.rtInfo.set("conversion_parameters", conversionParameters(rest));
  return model;
}

/** The options that were given, as OpenVINO writes them into an IR: `mean_values` and so on. */
function conversionParameters(options: ConvertOptions): Record<string, string> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [snakeCase(name), typeof value === "string" ? value : JSON.stringify(value)]));
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
