import type { Model } from "../model/model.ts";
import { optimize } from "../transformations/pipeline.ts";
import { channelValues } from "./channel-values.ts";
import { checkOptions, type ConvertOptions, inputSpecs, outputNames } from "./convert-options.ts";
import { cutInputs } from "./cut-inputs.ts";
import { cutOutputs } from "./cut-outputs.ts";
import { parseLayouts } from "./layout.ts";
import { preprocessInputs } from "./preprocess-inputs.ts";
import { batchInputs } from "./set-batch.ts";

/**
 * Does with a model that a frontend has read what the options ask, in place, and optimizes it: outputs and inputs are
 * cut, shaped and frozen, preprocessing goes in, the rewrites run. Throws INVALID_ARGUMENT naming the option, and
 * INVALID_MODEL naming the node that does not accept a new shape.
 */
export function applyOptions(model: Model, options: ConvertOptions): Model {
  checkOptions(options);
  const layouts = options.layout === undefined ? [] : parseLayouts(options.layout);
  const outputs = outputNames(options);
  if (outputs.length > 0) cutOutputs(model, outputs);
  const inputs = inputSpecs(options);
  if (inputs.length > 0) cutInputs(model, inputs);
  if (options.batch !== undefined) cutInputs(model, batchInputs(model, options.batch, layouts));
  preprocessInputs(model, {
    layouts,
    reverseInputChannels: options.reverseInputChannels ?? false,
    means: options.meanValues === undefined ? [] : channelValues(options.meanValues, "meanValues"),
    scales: options.scaleValues === undefined ? [] : channelValues(options.scaleValues, "scaleValues"),
    ...(options.scale === undefined ? {} : { scale: options.scale }),
  });
  optimize(model, { useShapes: options.staticShape ?? false });
  return model;
}
